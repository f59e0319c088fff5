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

.macro natmod_call
.macro call function
natmod_near jal, call, \function
.endm
.endm

.macro natmod_tail
.macro tail function
natmod_near j, tail, \function
.endm
.endm

natmod_call
natmod_tail
