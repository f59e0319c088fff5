# SPDX-License-Identifier: MIT
"""The jump to mpy_init with which the code of a .mpy file begins.

mpy_ld.py makes a jump, too, but some versions make a wrong one. v1.23 has no jump of more than
2 KiB for armv6m. v1.28 does not count the padding before aligned code, and the objects before the
one that has mpy_init. So the jump is made here. It always reaches everything, and a file does not
depend on the version that made it.
"""

import struct
import sys

STRANGE = "this MicroPython's mpy_ld.py is not known to dynruntime/entry.py; give MPY_DIR= another"

# distance is from the first byte of the code to the target, which comes after it.


def x86(distance):
    # jmp
    return struct.pack("<Bi", 0xE9, distance - 5)


def thumb(distance):
    # push {r0, lr}; bl; pop {r0, pc}. The result of mpy_init is not used.
    offset = distance - 6
    return struct.pack("<4H", 0xB501, 0xF000 | offset >> 12, 0xF800 | offset >> 1 & 0x7FF, 0xBD01)


def thumb2(distance):
    # b.w
    offset = distance - 4
    return struct.pack("<2H", 0xF000 | offset >> 12, 0xB800 | offset >> 1 & 0x7FF)


def riscv(distance):
    # auipc t6; jr t6. The lower twelve bits are signed.
    upper = distance + 0x800 & ~0xFFF
    return struct.pack("<2I", upper | 0xF97, (distance & 0xFFF) << 20 | 0xF8067)


def xtensa(distance):
    # j
    offset = distance - 4
    if offset >= 1 << 17:
        sys.exit(f"the code is too long: mpy_init is {distance} bytes from its beginning")
    return struct.pack("<I", offset << 6 | 6)[:3]


JUMPS = {
    "x86": x86,
    "x64": x86,
    "armv6m": thumb,
    "armv7m": thumb2,
    "armv7emsp": thumb2,
    "armv7emdp": thumb2,
    "rv32imc": riscv,
    "rv64imc": riscv,
    "xtensa": xtensa,
    "xtensawin": xtensa,
}


def replace(mpy_ld, arch):
    """Make mpy_ld begin the files for the architecture with our jump."""
    make = JUMPS[arch]
    # A placeholder of the same length, until all addresses are known.
    jump = make(8)
    data = mpy_ld.ARCH_DATA[arch]
    build_mpy = mpy_ld.build_mpy

    def with_jump(env, *args):
        nonlocal jump
        if env.full_text[: len(jump)] != jump:
            sys.exit(STRANGE)
        entry = env.known_syms["mpy_init"]
        jump = make(entry.section.addr + entry["st_value"])
        env.full_text[: len(jump)] = jump
        build_mpy(env, *args)
        if env.full_text[: len(jump)] != jump:
            sys.exit(STRANGE)

    if not hasattr(data, "asm_jump"):
        sys.exit(STRANGE)
    data.asm_jump = lambda entry: jump
    mpy_ld.build_mpy = with_jump
