// SPDX-License-Identifier: MIT
// The windowed ABI, for QEMU's dc233c: start-up, system calls, setjmp and longjmp.
//
// A function's registers a0 to a3 are saved below the stack pointer of the function that it calls,
// in the 16 bytes called the save area there; its a4 to a7 in its own frame, in the 32 bytes below
// the stack pointer of its caller. They are saved when the processor needs their window, and by
// windows_spill for all functions that are active.

    .text
    .align  4

// By call4, since of the outermost function only a0 to a3 can be saved.
    .global _start
_start:
    movi    a0, 0
    movi    a6, start
    callx4  a6

// long system_call(long number, long a, long b, long c)
    .align  4
    .global system_call
system_call:
    entry   sp, 16
    mov     a6, a3
    mov     a3, a4
    mov     a4, a5
    syscall
    retw

// The dc233c has 32 registers: 3 nested calls use all but the 8 of whoever calls this.
    .align  4
windows_spill:
    entry   sp, 32
    movi    a10, 5
    call8   nest
    retw

    .align  4
nest:
    entry   sp, 32
    beqz    a2, 1f
    addi    a10, a2, -1
    call8   nest
1:  retw

// void *save_registers(uint32_t registers[4])
// Leaves registers alone: afterwards all that active functions hold is above the pointer returned.
    .align  4
    .global save_registers
save_registers:
    entry   sp, 32
    call8   windows_spill
    mov     a2, sp
    retw

// jmp_buf holds, of the caller, a0 to a3, a4 to a7, the contents of the save area at its stack
// pointer (which alloca may move), and our return address, which is where in the caller to go.

// int setjmp(jmp_buf env)
    .align  4
    .global setjmp
setjmp:
    entry   sp, 32
    call8   windows_spill
    addi    a3, sp, -16
    l32i    a4, a3, 0
    l32i    a5, a3, 4
    l32i    a6, a3, 8
    l32i    a7, a3, 12
    s32i    a4, a2, 0
    s32i    a5, a2, 4
    s32i    a6, a2, 8
    s32i    a7, a2, 12
    addi    a3, a5, -16
    l32i    a4, a3, 0
    l32i    a5, a3, 4
    l32i    a6, a3, 8
    l32i    a7, a3, 12
    s32i    a4, a2, 32
    s32i    a5, a2, 36
    s32i    a6, a2, 40
    s32i    a7, a2, 44
    addi    a3, a5, -32
    l32i    a4, a3, 0
    l32i    a5, a3, 4
    l32i    a6, a3, 8
    l32i    a7, a3, 12
    s32i    a4, a2, 16
    s32i    a5, a2, 20
    s32i    a6, a2, 24
    s32i    a7, a2, 28
    s32i    a0, a2, 48
    movi    a2, 0
    retw

// void longjmp(jmp_buf env, int value)
// With no other window in use, the return reads the caller's registers from where they are put.
    .align  4
    .global longjmp
longjmp:
    entry   sp, 32
    call8   windows_spill
    mov     a8, a3
    addi    a3, sp, -16
    l32i    a4, a2, 0
    l32i    a5, a2, 4
    l32i    a6, a2, 8
    l32i    a7, a2, 12
    s32i    a4, a3, 0
    s32i    a5, a3, 4
    s32i    a6, a3, 8
    s32i    a7, a3, 12
    addi    a3, a5, -16
    l32i    a4, a2, 32
    l32i    a5, a2, 36
    l32i    a6, a2, 40
    l32i    a7, a2, 44
    s32i    a4, a3, 0
    s32i    a5, a3, 4
    s32i    a6, a3, 8
    s32i    a7, a3, 12
    addi    a3, a5, -32
    l32i    a4, a2, 16
    l32i    a5, a2, 20
    l32i    a6, a2, 24
    l32i    a7, a2, 28
    s32i    a4, a3, 0
    s32i    a5, a3, 4
    s32i    a6, a3, 8
    s32i    a7, a3, 12
    l32i    a0, a2, 48
    mov     a2, a8
    movi    a3, 1
    moveqz  a2, a3, a2
    retw
