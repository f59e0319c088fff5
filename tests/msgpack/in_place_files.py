# SPDX-License-Identifier: MIT
# targets: rpi-pico-in-place
# needs: msgpack
# timeout: 300
#
# Which files the import of code that is executed in flash accepts, and what it does with others.
# Each import takes 3 kB of the heap for good.

import os
import sys

import check
from blocks import BLOCK, FOLDER, read, write
from check import case, eq, raises, true

SMALL = FOLDER + "/msgpack_small.py"


def load():
    sys.modules.pop("msgpack", None)
    sys.modules.pop("msgpack_small", None)
    import msgpack

    return msgpack


def says(reason):
    """The import says why."""
    error = raises(ImportError, load)
    eq(str(error), "msgpack.blk is %s: see docs/in-place.md" % reason)


def refused(reason):
    """The import says why, or takes the small flavour, if that is there."""
    says(reason)
    write(SMALL, b"def packb(obj):\n    return other()\ndef other():\n    return b'small'\n")
    msgpack = load()
    eq(msgpack.packb(1), b"small")
    # Both modules are one.
    msgpack.other = lambda: 5
    eq(sys.modules["msgpack_small"].packb(1), 5)
    os.remove(SMALL)


def accepted():
    msgpack = load()
    eq(msgpack.unpackb(msgpack.packb([1, "a"])), [1, "a"])
    true(msgpack.__version__.endswith("+inplace"))


CODE = read("/lib/msgpack.blk")[8:]
os.mkdir(FOLDER)
write(FOLDER + "/msgpack.mpy", read("/lib/msgpack.mpy"))
sys.path.insert(0, FOLDER)


@case
def no_file():
    refused("not found")


@case
def no_nonce():
    write(BLOCK, bytes(8) + CODE)
    refused("without a nonce")


@case
def good():
    write(BLOCK, b"nonce  1" + CODE)
    accepted()
    accepted()


@case
def in_the_current_folder():
    os.chdir(FOLDER)
    sys.path.insert(0, "")
    try:
        accepted()
    finally:
        sys.path.pop(0)
        os.chdir("/")


@case
def replaced():
    # The former block is still in flash, and what was imported runs there.
    before = load()
    write(BLOCK, b"nonce  2" + CODE)
    accepted()
    eq(before.packb(1), b"\1")


@case
def deleted():
    before = load()
    os.remove(BLOCK)
    refused("not found")
    eq(before.packb(1), b"\1")
    write(BLOCK, b"nonce  3" + CODE)
    accepted()


@case
def copied():
    write(FOLDER + "/copy", read(BLOCK))
    refused("not in one place")
    os.remove(FOLDER + "/copy")


@case
def short():
    for size in (0, 7, 23, 24, 100, 600, len(CODE) - 1):
        write(BLOCK, b"nonce  4" + CODE[:size])
        says("not of this .mpy file")
    refused("not of this .mpy file")


@case
def long():
    write(BLOCK, b"nonce  5" + CODE + b"a")
    refused("not of this .mpy file")


@case
def other_header():
    for i in range(16):
        data = bytearray(b"nonce  6" + CODE)
        data[8 + i] ^= 1
        write(BLOCK, data)
        says("not of this .mpy file")


@case
def damaged():
    for n, i in enumerate((24, 25, 2000, len(CODE) + 3, len(CODE) + 7)):
        data = bytearray(b"nonce 7%d" % n + CODE)
        data[i] ^= 0x80
        write(BLOCK, data)
        says("damaged")
    refused("damaged")
    write(BLOCK, b"nonce  8" + CODE)
    accepted()


@case
def no_flash():
    class Other:
        pass

    kept = sys.modules["rp2"]
    sys.modules["rp2"] = Other
    try:
        refused("of no use to this firmware")
        Other.Flash = lambda: 5
        refused("of no use to this firmware")
        Other.Flash = lambda: bytes(100)
        refused("not in one place")
    finally:
        sys.modules["rp2"] = kept
    accepted()


@case
def other_builtins():
    # Names that a script rebinds.
    import builtins

    accepted()
    builtins.RuntimeError, kept = ValueError, RuntimeError
    try:
        accepted()
    finally:
        builtins.RuntimeError = kept


for name in os.listdir(FOLDER):
    os.remove(FOLDER + "/" + name)
os.rmdir(FOLDER)
check.end()
