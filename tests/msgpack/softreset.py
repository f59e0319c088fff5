# SPDX-License-Identifier: MIT
# needs: msgpack
# flake8: noqa: E402,F811
# Import, use, soft reset, and again: nothing of the first life is used in the second.
import gc

import check
import msgpack
from check import case, eq

DATA = b"\x93\x01\xa3abc\xd4\x05x"

packb = msgpack.packb
if not check.small:
    packb = msgpack.Packer().pack
    unpacker = msgpack.Unpacker()
    unpacker.feed(b"\x93\x01")
kept = [msgpack.unpackb(DATA) for _ in range(50)]


@case
def first_life():
    eq(packb(kept[0]), DATA)
    eq(msgpack.packb(kept[49]), DATA)


check.end()

# --- soft reset ---
import gc

import check
import msgpack
from check import case, eq

junk = [bytearray(b"\xa5" * (i % 97)) for i in range(1200)]
gc.collect()

DATA = b"\x93\x01\xa3abc\xd4\x05x"


@case
def second_life():
    eq(msgpack.packb(msgpack.unpackb(DATA)), DATA)
    if not check.small:
        u = msgpack.Unpacker()
        check.raises(msgpack.OutOfData, u.unpack)
    check.raises(msgpack.FormatError, msgpack.unpackb, b"\xc1")
    check.raises(EOFError, msgpack.unpack, __import__("io").BytesIO(b""))
    eq(type(msgpack.unpackb(b"\xd4\x05x")) is msgpack.ExtType, True)
    eq(len(junk), 1200)


check.end()

# --- soft reset ---
import gc

import check
from check import case, eq


@case
def third_life_without_import():
    # the collector meets nothing of the module
    keep = []
    for i in range(2000):
        keep.append(bytearray(i % 97))
        if i % 500 == 0:
            gc.collect()
    eq(len(keep), 2000)


@case
def third_life_with_import():
    import msgpack

    eq(msgpack.packb([None]), b"\x91\xc0")
    gc.collect()
    eq(msgpack.unpackb(b"\x91\xc0"), [None])


check.end()
