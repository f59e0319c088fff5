#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the block of a module that is executed in place, and the C header for its import.

usage: in_place.py ARCH VERSION FLAVOUR BLOCK.elf MODULE.blk HEADER.h

The block, little-endian:
  0   nonce, 8 bytes: 0 as built; whoever installs the file writes random bytes
  8   "mpyb"
  12  size of the file, 2 bytes
  14  number of the architecture, as in .mpy files
  15  number of this layout: 1
  16  version of the module, 3 bytes
  19  the flavour's first letter, or 0
  20  checksum of the code
  24  code and constants
  -4  checksum of all from 8 to here
"""

import struct
import sys

from elftools.elf.elffile import ELFFile

HEADER = 24
MOST = 4096  # The size of a block of the file system.
ARCHS = {"armv6m": 4, "armv7m": 5, "armv7emsp": 7, "armv7emdp": 8}


def checksum(data):
    """The sum that find() of in_place.c computes."""
    total = 0x811C9DC5
    for (word,) in struct.iter_unpack("<I", data):
        total = (total ^ word) * 0x01000193 & 0xFFFFFFFF
    return total


def make(code, arch, version, flavour):
    """The file's bytes."""
    size = HEADER + len(code) + 4
    known = struct.pack(
        "<4sHBB3BcI", b"mpyb", size, ARCHS[arch], 1, *version, flavour[:1] or b"\0", checksum(code)
    )
    return bytes(8) + known + code + struct.pack("<I", checksum(known + code))


def main(arch, version, flavour, elf, block, header):
    with open(elf, "rb") as f:
        file = ELFFile(f)
        code = file.get_section_by_name(".block").data()
        functions = {
            s.name: s["st_value"]
            for s in file.get_section_by_name(".symtab").iter_symbols()
            if s["st_info"]["type"] == "STT_FUNC" and s.name
        }
    data = make(code, arch, map(int, version.split(".")), flavour.encode())
    if len(data) > MOST:
        sys.exit(f"{block}: {len(data)} bytes, and a block has {MOST}")
    with open(block, "wb") as f:
        f.write(data)
    with open(header, "w") as f:
        print(f"#define IN_PLACE_SIZE ({len(data)})", file=f)
        print(f"#define IN_PLACE_CHECKSUM ({checksum(data[8:-4]):#x})", file=f)
        print(f"#define IN_PLACE_HEADER {', '.join(map(str, data[8:HEADER]))}", file=f)
        for name, value in sorted(functions.items()):
            print(f"#define IN_PLACE_{name.replace('.', '_')} ({value:#x})", file=f)


if __name__ == "__main__":
    main(*sys.argv[1:])
