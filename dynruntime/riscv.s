# SPDX-License-Identifier: MIT
# Short calls for RISC-V. GCC calls with auipc and jalr, 8 bytes, of which a linker makes one jal
# where that reaches; mpy_ld.py does not. In a module that is compiled at once all functions are
# near. The assembler reads this before the compiler's output.

# GCC writes @plt after the names of functions that it knows by itself. These are near, too; others
# are in a library, for the linker.
.macro natmod_near instruction, far, function
.set .Lnatmod_done, 0
.irp name, memcpy, memmove, memset, strlen
.ifc \function, \name\()@plt
\instruction \name
.set .Lnatmod_done, 1
.endif
.endr
.irpc character, \function
.ifc \character, @
.if .Lnatmod_done == 0
.purgem \far
\far \function
natmod_\far
.set .Lnatmod_done, 1
.endif
.endif
.endr
.if .Lnatmod_done == 0
\instruction \function
.endif
.endm

# Of jumps the assembler uses the short form where that reaches, of calls never. So with
# natmod_marks_calls, which only RV32 has short calls for, a call is a marked jump until mend_riscv.py
# makes a call of it. No function of C has a name like a mark's.
.macro natmod_jal function
.ifdef natmod_marks_calls
natmod.call.\@:
j \function
.else
jal \function
.endif
.endm

# A function that saves registers is called with another register for the return: call t0, function.
.macro natmod_call
.macro call function, saving
.ifb \saving
natmod_near natmod_jal, call, \function
.else
jal \function, \saving
.endif
.endm
.endm

.macro natmod_tail
.macro tail function
natmod_near j, tail, \function
.endm
.endm

natmod_call
natmod_tail

# The functions with which code compiled with -msave-restore saves and restores registers, as
# libgcc has them; a module has no library. context.c places them. s11 is not among the registers:
# it is that of the function table.
#
# GCC expects ra, s0, s1 and so on from the top of the frame down, and a size that is a multiple of
# 16 bytes, so each function saves all registers for which its frame has space.

.macro natmod_labels name, from, to
.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
.if \n >= \from && \n <= \to
__riscv_\name\()_\n:
.endif
.endr
.endm

.macro natmod_save_restore
.text
natmod_labels save, 8, 11
addi sp, sp, -48
li t1, 0
sw s10, 0(sp)
sw s9, 4(sp)
sw s8, 8(sp)
sw s7, 12(sp)
j 1f
natmod_labels save, 4, 7
addi sp, sp, -48
li t1, 16
1:
sw s6, 16(sp)
sw s5, 20(sp)
sw s4, 24(sp)
sw s3, 28(sp)
sw s2, 32(sp)
sw s1, 36(sp)
sw s0, 40(sp)
sw ra, 44(sp)
add sp, sp, t1
jr t0
natmod_labels save, 0, 3
addi sp, sp, -16
sw s2, 0(sp)
sw s1, 4(sp)
sw s0, 8(sp)
sw ra, 12(sp)
jr t0

natmod_labels restore, 8, 11
lw s10, 0(sp)
lw s9, 4(sp)
lw s8, 8(sp)
lw s7, 12(sp)
addi sp, sp, 16
natmod_labels restore, 4, 7
lw s6, 0(sp)
lw s5, 4(sp)
lw s4, 8(sp)
lw s3, 12(sp)
addi sp, sp, 16
natmod_labels restore, 0, 3
lw s2, 0(sp)
lw s1, 4(sp)
lw s0, 8(sp)
lw ra, 12(sp)
addi sp, sp, 16
ret
.endm
