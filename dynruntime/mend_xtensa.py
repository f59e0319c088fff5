# SPDX-License-Identifier: MIT
"""Prepares object files for Xtensa for mpy_ld.py; link.py uses it.

- It tells literals (pointers) apart by the name of the section that they point into and the
  offset, without the file: so no two objects may have sections of the same name.
- It takes a direct call or jump for resolved. The assembler resolves those to local symbols of
  the same section only.
"""

import os
import struct

from elftools.elf.elffile import ELFFile

R_XTENSA_SLOT0_OP = 20

# Offsets of the fields used here, in an ELF header and a section header (32 bit, little endian).
E_SHOFF, E_SHENTSIZE, E_SHSTRNDX = 0x20, 0x2E, 0x32
SH_NAME, SH_OFFSET, SH_SIZE = 0x00, 0x10, 0x14

LOADED = (".text", ".literal", ".rodata", ".data", ".bss")


def unresolved_calls(path):
    """The symbols that code refers to directly, but that the assembler has not resolved."""
    found = set()
    with open(path, "rb") as f:
        elf = ELFFile(f)
        symbols = elf.get_section_by_name(".symtab")
        for relocations in elf.iter_sections("SHT_RELA"):
            for r in relocations.iter_relocations():
                if r["r_info_type"] != R_XTENSA_SLOT0_OP:
                    continue
                symbol = symbols.get_symbol(r["r_info_sym"])
                index = symbol["st_shndx"]
                if isinstance(index, int):
                    section = elf.get_section(index).name
                    if section.startswith(".literal"):
                        continue
                    local = symbol["st_info"]["bind"] == "STB_LOCAL"
                    if local and index == relocations["sh_info"]:
                        continue
                    found.add(symbol.name or section)
                else:
                    found.add(symbol.name)
    return sorted(found)


def with_own_sections(path, folder, tag):
    """A copy of an object file in `folder`, with the tag added to its sections' names."""
    with open(path, "rb") as f:
        elf = ELFFile(f)
        names = [section.name for section in elf.iter_sections()]
        f.seek(0)
        data = bytearray(f.read())
    table = bytearray()
    offsets = []
    for name in names:
        offsets.append(len(table))
        table += name.encode() + (tag.encode() if name.startswith(LOADED) else b"") + b"\0"
    (headers,) = struct.unpack_from("<I", data, E_SHOFF)
    (size,) = struct.unpack_from("<H", data, E_SHENTSIZE)
    (strings,) = struct.unpack_from("<H", data, E_SHSTRNDX)
    for i, offset in enumerate(offsets):
        struct.pack_into("<I", data, headers + i * size + SH_NAME, offset)
    struct.pack_into("<I", data, headers + strings * size + SH_OFFSET, len(data))
    struct.pack_into("<I", data, headers + strings * size + SH_SIZE, len(table))
    copy = os.path.join(folder, os.path.basename(path))
    with open(copy, "wb") as f:
        f.write(data + table)
    return copy
