# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# tools/mpyinfo.py on files that are good, damaged, or nothing of the kind.

import os
import subprocess
import sys

from _sandbox import TOP, Sandbox
from check import case, end, eq, raises, true

sys.path.insert(0, str(TOP / "tools"))

import mpyinfo  # noqa: E402


def uint(n):
    """A number as .mpy files hold it: 7 bits a byte, the highest first."""
    parts = [n & 0x7F]
    while n > 0x7F:
        n >>= 7
        parts.append(n & 0x7F | 0x80)
    return bytes(reversed(parts))


def qstr(name):
    return uint(len(name) << 1) + name.encode() + b"\0"


NATIVE_CODE = 2
RELOCATIONS, RODATA, BSS = 0x10, 0x20, 0x40


def native(text=300, flags=RELOCATIONS | RODATA | BSS):
    """Native code: text, 5 bytes of rodata, 200 of BSS, four relocations."""
    return (
        uint(text << 3 | NATIVE_CODE)
        + bytes(text)
        + uint(flags)
        + (uint(5) if flags & RODATA else b"")
        + (uint(200) if flags & BSS else b"")
        + (b"hello" if flags & RODATA else b"")
        # Three words from offset 9 of the text on, of the text; one more, the function table.
        + (b"\x03\x12\x03" + b"\x10\xff" if flags & RELOCATIONS else b"")
    )


def header(arch=5, extra=0):
    return bytes([ord("M"), 6, arch << 2 | 3 | extra, 31])


GOOD = header() + uint(3) + uint(0) + qstr("m.mpy") + uint(7 << 1 | 1) + qstr("x") + native()


@case
def by_hand():
    info = mpyinfo.parse(GOOD)
    eq((info.name, info.version, info.arch, info.arch_flags), ("m.mpy", "6.3", "armv7m", 0))
    eq((info.size, info.text, info.rodata, info.bss), (len(GOOD), 300, 5, 200))
    eq((info.relocations, info.small_int_bits, info.bytecode), (4, 31, 0))


@case
def without_data():
    info = mpyinfo.parse(header(1) + uint(1) + uint(0) + qstr("m.mpy") + native(10, 0))
    eq((info.arch, info.text, info.rodata, info.bss), ("x86", 10, 0, 0))


@case
def architecture_flags():
    rest = uint(1) + uint(0) + qstr("m.mpy") + native()
    info = mpyinfo.parse(header(11, 0x40) + uint(300) + rest)
    eq((info.arch, info.arch_flags, info.text), ("rv32imc", 300, 300))


@case
def merged_with_bytecode_and_constants():
    constants = b"\x01\x02\x03\x04" + b"\x05" + uint(2) + b"ab\0" + b"\x07" + uint(3) + b"123"
    constants += b"\x0a" + uint(2) + b"\x01\x0a" + uint(0)
    outer = uint(20 << 3 | 4) + bytes(20) + uint(2) + native() + uint(9 << 3) + bytes(9)
    info = mpyinfo.parse(header() + uint(1) + uint(7) + qstr("m.mpy") + constants + outer)
    eq((info.text, info.rodata, info.bss, info.bytecode), (300, 5, 200, 29))


@case
def every_truncation():
    for n in range(len(GOOD)):
        raises(mpyinfo.FormatError, mpyinfo.parse, GOOD[:n])


@case
def too_long():
    raises(mpyinfo.FormatError, mpyinfo.parse, GOOD + b"\0", match="1 bytes too many")


@case
def wrong_header():
    raises(mpyinfo.FormatError, mpyinfo.parse, b"\x7fELF" + GOOD[4:], match="not a .mpy file")
    raises(mpyinfo.FormatError, mpyinfo.parse, b"M\x05" + GOOD[2:], match="version 5")
    raises(mpyinfo.FormatError, mpyinfo.parse, header(13) + GOOD[4:], match="architecture 13")


@case
def any_byte_wrong():
    # Whatever it holds, it is read or refused, and never anything else.
    refused = 0
    for i in range(len(GOOD)):
        for flip in (0x01, 0x04, 0x80, 0xFF):
            damaged = bytearray(GOOD)
            damaged[i] ^= flip
            try:
                mpyinfo.parse(bytes(damaged))
            except mpyinfo.FormatError:
                refused += 1
    true(refused > 50)


@case
def nested_without_end():
    raises(mpyinfo.FormatError, mpyinfo.parse, GOOD[:4] + b"\0\0" + b"\4\1" * 5000, match="deep")


@case
def built_files():
    expected = {"x64": 2, "armv7m": 5}
    with Sandbox() as box:
        for arch, number in expected.items():
            box.make(f"ARCH={arch}")
            info = mpyinfo.read(box.path(f"build/{arch}/tiny.mpy"))
            eq((info.arch, info.name, info.version), (arch, "tiny.mpy", "6.3"))
            eq(info.bss, 0)
            true(0 < info.text < info.size)


def command(*paths):
    tool = [sys.executable, TOP / "tools/mpyinfo.py", *paths]
    return subprocess.run(tool, capture_output=True, text=True)


@case
def table():
    with Sandbox() as box:
        good = box.path("m.mpy")
        good.write_bytes(GOOD)
        result = command(good)
        eq((result.returncode, result.stderr), (0, ""))
        head, row = result.stdout.splitlines()
        eq(head.split(), ["module", "arch", "abi", "flags", ".mpy", "text", "rodata", "bss"])
        eq(row.split(), ["m", "armv7m", "6.3", "-", str(len(GOOD)), "300", "5", "200"])
        flagged = header(11, 0x40) + uint(300) + GOOD[4:]
        good.write_bytes(flagged)
        row = command(good).stdout.splitlines()[1]
        eq(row.split()[:5], ["m", "rv32imc", "6.3", "0x12c", str(len(flagged))])


@case
def bad_files_among_good_ones():
    with Sandbox() as box:
        good, bad = box.path("m.mpy"), box.path("bad.mpy")
        good.write_bytes(GOOD)
        bad.write_bytes(GOOD[:50])
        result = command(bad, os.path.join(box.top, "absent.mpy"), good)
        eq(result.returncode, 1)
        eq(len(result.stdout.splitlines()), 2)
        errors = result.stderr.splitlines()
        true(len(errors) == 2 and "bad.mpy: truncated" in errors[0])
        true("absent.mpy: No such file" in errors[1])
    eq(command().returncode, 1)


end()
