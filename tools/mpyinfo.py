#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Show what is in .mpy files: version, architecture, and the sizes of file, code and data.

usage: mpyinfo.py FILE...

The format is that of MicroPython's py/persistentcode.c. read() is for other tools, too.
"""

import os
import sys
from dataclasses import dataclass

ARCHS = (
    "none",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
)

# Kinds of code.
BYTECODE, NATIVE_PYTHON, NATIVE, ASSEMBLER = range(4)

# Flags of native code: what follows it in the file.
HAS_RELOCATIONS = 0x10
HAS_RODATA = 0x20
HAS_BSS = 0x40

ARCH_FLAGS_FOLLOW = 0x40  # In the third byte of the header, v1.27 and later.


class FormatError(Exception):
    """The file is damaged, or is no .mpy file."""


@dataclass
class Info:
    """What one .mpy file holds. Sizes are in bytes and sums over all code in the file."""

    name: str = ""  # The name of the source, as the file stores it.
    version: str = ""  # Of the .mpy format: major.minor, minor only for native code.
    arch: str = ""
    arch_flags: int = 0
    small_int_bits: int = 0
    size: int = 0
    text: int = 0
    rodata: int = 0
    bss: int = 0
    bytecode: int = 0
    relocations: int = 0


class Reader:
    """Reads the elements of the format."""

    def __init__(self, data):
        self.data = data
        self.pos = 0

    def bytes(self, n):
        if n > len(self.data) - self.pos:
            raise FormatError(f"truncated: {n} bytes wanted at offset {self.pos}")
        self.pos += n
        return self.data[self.pos - n : self.pos]

    def byte(self):
        return self.bytes(1)[0]

    def uint(self):
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    def qstr(self):
        """An interned string, or None for one that every firmware has."""
        n = self.uint()
        if n & 1:
            return None
        name = self.bytes(n >> 1)
        self.terminator()
        try:
            return name.decode()
        except UnicodeError:
            raise FormatError(f"a name that is not UTF-8 before offset {self.pos}") from None

    def terminator(self):
        if self.byte() != 0:
            raise FormatError(f"a string without its end at offset {self.pos - 1}")

    def object(self):
        kind = self.byte()
        if kind in b"\x00\x01\x02\x03\x04":  # Function table, None, False, True, Ellipsis.
            return
        if kind not in b"\x05\x06\x07\x08\x09\x0a":
            raise FormatError(f"unknown constant {kind} at offset {self.pos - 1}")
        n = self.uint()
        if kind == 10:  # Tuple.
            for _ in range(n):
                self.object()
            return
        self.bytes(n)
        if kind in (5, 6):  # str, bytes.
            self.terminator()


def read_relocations(reader):
    """Skip the relocations of one piece of code; return how many there are."""
    total = 0
    while True:
        op = reader.byte()
        if op == 0xFF:
            return total
        if op & 1:
            reader.uint()  # Where.
        op >>= 1
        total += reader.uint() if op <= 5 and op & 1 else 1


def read_code(reader, info):
    """Read one piece of code, its relocations and its children."""
    header = reader.uint()
    kind = header & 3
    has_children = header & 4
    code = len(reader.bytes(header >> 3))
    if kind == BYTECODE:
        info.bytecode += code
    else:
        info.text += code
        flags = reader.uint()  # For Python code the offset of its prelude.
        if kind == ASSEMBLER:
            reader.uint()
            reader.uint()
    if kind == NATIVE:
        rodata = reader.uint() if flags & HAS_RODATA else 0
        bss = reader.uint() if flags & HAS_BSS else 0
        reader.bytes(rodata)
        info.rodata += rodata
        info.bss += bss
    if has_children:
        for _ in range(reader.uint()):
            read_code(reader, info)
    if kind == NATIVE and flags & HAS_RELOCATIONS:
        info.relocations += read_relocations(reader)


def parse(data):
    """Return the Info about the contents of a .mpy file, or raise FormatError."""
    reader = Reader(data)
    info = Info(size=len(data))
    if reader.byte() != ord("M"):
        raise FormatError("not a .mpy file: it does not begin with 'M'")
    version = reader.byte()
    if version != 6:
        raise FormatError(f".mpy version {version}; only 6 is known here")
    features = reader.byte()
    arch = features >> 2 & 0x0F
    if arch >= len(ARCHS):
        raise FormatError(f"unknown architecture {arch}")
    info.arch = ARCHS[arch]
    info.version = f"{version}.{features & 3}" if arch else str(version)
    info.small_int_bits = reader.byte()
    if features & ARCH_FLAGS_FOLLOW:
        info.arch_flags = reader.uint()
    n_names = reader.uint()
    n_objects = reader.uint()
    for i in range(n_names):
        name = reader.qstr()
        if i == 0:
            info.name = name or ""
    try:
        for _ in range(n_objects):
            reader.object()
        read_code(reader, info)
    except RecursionError:
        raise FormatError("nested too deep") from None
    if reader.pos != len(data):
        raise FormatError(f"{len(data) - reader.pos} bytes too many at offset {reader.pos}")
    return info


def read(path):
    """Return the Info about a .mpy file."""
    with open(path, "rb") as f:
        return parse(f.read())


def load(path):
    """The same, but every error is a FormatError with the path, also if the file is absent."""
    try:
        return read(path)
    except OSError as e:
        raise FormatError(f"{path}: {e.strerror}") from None
    except FormatError as e:
        raise FormatError(f"{path}: {e}") from None


def main(paths):
    if not paths:
        sys.exit(__doc__.split("\n\n")[1])
    row = "{:<16}{:<12}{:<6}{:<6}{:>8}{:>8}{:>8}{:>8}".format
    print(row("module", "arch", "abi", "flags", ".mpy", "text", "rodata", "bss"))
    status = 0
    for path in paths:
        try:
            info = load(path)
        except FormatError as e:
            print(f"mpyinfo: {e}", file=sys.stderr)
            status = 1
            continue
        module = os.path.basename(path).removesuffix(".mpy")
        if os.path.basename(os.path.dirname(os.path.dirname(path))) == "small":
            module += "-small"
        flags = f"{info.arch_flags:#x}" if info.arch_flags else "-"
        sizes = info.size, info.text, info.rodata, info.bss
        print(row(module, info.arch, info.version, flags, *sizes))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
