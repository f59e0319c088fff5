# SPDX-License-Identifier: MIT
# Calls of the firmware by code that is executed in place: they go through natmod_veneer of in_place.c,
# whose address is in a register. Most have their target in r3, where the veneer expects it.
#
# The assembler reads this before the compiler's output, and takes the macro for each such instruction,
# so that none is forgotten.

.macro blx target
    .ifc \target, r3
        .inst.n 0x4780 | NATMOD_VENEER << 3
    .else
        mov ip, \target
        .ifdef NATMOD_VENEER_IP
            .inst.n 0x4780 | NATMOD_VENEER_IP << 3
        .else
            bl natmod_call_ip
        .endif
    .endif
.endm

# A jump to the firmware in the place of a call and a return: the veneer returns for it.
.macro bx target
    .ifc \target, lr
        .inst.n 0x4770
    .else
        .ifc \target, r3
            .inst.n 0x4700 | NATMOD_VENEER << 3
        .else
            .error "bx \target jumps to the firmware, which would not return by way of the gate"
        .endif
    .endif
.endm
