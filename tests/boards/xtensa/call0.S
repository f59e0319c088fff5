// SPDX-License-Identifier: MIT
// The ABI without register windows, for QEMU's lx106: start-up and system calls. (setjmp is not
// needed: MicroPython has its own way for this ABI.)

    .text
    .align  4

    .global _start
_start:
    movi    a0, start
    jx      a0

// long system_call(long number, long a, long b, long c)
    .align  4
    .global system_call
system_call:
    mov     a6, a3
    mov     a3, a4
    mov     a4, a5
    syscall
    ret

// void *save_registers(uint32_t registers[4])
// Stores the registers that functions preserve; those that they do not preserve hold nothing of
// the callers. Returns the stack pointer.
    .align  4
    .global save_registers
save_registers:
    s32i    a12, a2, 0
    s32i    a13, a2, 4
    s32i    a14, a2, 8
    s32i    a15, a2, 12
    mov     a2, sp
    ret
