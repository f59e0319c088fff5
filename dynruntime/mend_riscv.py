#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes calls of the jumps that riscv.s has marked in an object file.

The assembler uses the short form of a jump where that reaches, but never that of a call, which is
the same instruction but for a few bits.

usage: mend_riscv.py MARKED OBJECT
"""

import struct
import sys

from elftools.elf.elffile import ELFFile

MARK = "natmod.call."


def call_of(jump):
    """The call to where a jump goes, both as the bytes of an instruction."""
    (code,) = struct.unpack_from("<H", jump)
    if code & 0xE003 == 0xA001:
        return struct.pack("<H", code & 0x1FFF | 0x2000) + jump[2:]
    if code & 0xFFF == 0x06F:
        return struct.pack("<H", code | 1 << 7) + jump[2:]
    sys.exit(f"mend_riscv.py: no jump at a mark: {jump.hex()}")


def mended(path):
    """The bytes of an object file, without the marks."""
    with open(path, "rb") as f:
        elf = ELFFile(f)
        table = elf.get_section_by_name(".symtab")
        symbols = [
            (table["sh_offset"] + i * table["sh_entsize"], elf.get_section(s["st_shndx"]), s)
            for i, s in enumerate(table.iter_symbols())
            if s.name.startswith(MARK)
        ]
        f.seek(0)
        data = bytearray(f.read())
    for entry, section, symbol in symbols:
        at = section["sh_offset"] + symbol["st_value"]
        data[at : at + 4] = call_of(data[at : at + 4])
        struct.pack_into("<I", data, entry, 0)  # It has no name now.
    return data


def main(marked, path):
    data = mended(marked)
    with open(path, "wb") as f:
        f.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
