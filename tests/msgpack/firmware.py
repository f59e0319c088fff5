# SPDX-License-Identifier: MIT
# needs: msgpack
# Numbers and classes that some firmware lacks: an exception, and nothing silently wrong. Here no
# literal may be a float or a large int, or that firmware could not read this file.
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises, same
from vectors import FLOATS, INVALID_UTF8, SINGLE, hx, ints

INTS = (
    ("0x3fffffff", "ce3fffffff"),
    ("0x40000000", "ce40000000"),
    ("0xffffffff", "ceffffffff"),
    ("0x10000000000", "cf0000010000000000"),
    ("0x7fffffffffffffff", "cf7fffffffffffffff"),
    ("0x8000000000000000", "cf8000000000000000"),
    ("0xffffffffffffffff", "cfffffffffffffffff"),
    ("-0x40000000", "d2c0000000"),
    ("-0x40000001", "d2bfffffff"),
    ("-0x80000001", "d3ffffffff7fffffff"),
    ("-0x8000000000000000", "d38000000000000000"),
)
# Timestamps as nanoseconds.
NANOSECONDS = (
    ("0x3b9aca00", "d6ff00000001"),
    ("0x77359400", "d6ff00000002"),
    ("0x773593ffc4653600", "c70cff0000000000000001ffffffff"),
    ("0xee6b27ffc4653600", "d7ff00000003ffffffff"),
    ("-0x8ac7230489e80000", "c70cff00000000fffffffdabf41c00"),
)


def refused(exc, wire, **options):
    """Alone, in containers, from a stream and fed; what comes next is there."""
    for data in (wire, b"\x93\x01" + wire + b"\x02", b"\x81\xa1k" + wire, b"\x91\x91" + wire):
        raises(exc, msgpack.unpackb, data, **options)
        stream = BytesIO(data + b"\x07")
        raises(exc, msgpack.unpack, stream, **options)
        eq(msgpack.unpack(stream), 7)
        if not check.small:
            u = msgpack.Unpacker(**options)
            u.feed(data + b"\x07")
            raises(exc, u.unpack)
            eq(u.unpack(), 7)
    if check.small:
        return
    u = msgpack.Unpacker(**options)
    u.feed(wire + b"\x07")
    u.skip()
    eq(u.unpack(), 7)


def lacking(large, beyond_64_bits):
    return (
        large
        if "smallint" in check.target
        else beyond_64_bits
        if "longlong" in check.target
        else 0
    )


@case
def large_ints():
    found = {wire: n for n, wire in ints(INTS)}
    eq(len(INTS) - len(found), lacking(9, 2))
    for text, wire in INTS:
        if wire in found:
            n = found[wire]
            eq(msgpack.packb([n, {n: n}]), b"\x92" + hx(wire) + b"\x81" + hx(wire) * 2)
            same(msgpack.unpackb(b"\x92" + hx(wire) * 2), [n, n])
        else:
            refused(OverflowError, hx(wire))


@full_case("timestamp")
def timestamps_as_nanoseconds():
    found = {wire: n for n, wire in ints(NANOSECONDS)}
    eq(len(NANOSECONDS) - len(found), lacking(4, 2))
    for text, wire in NANOSECONDS:
        if wire in found:
            same(msgpack.unpackb(hx(wire), timestamp=2), found[wire])
            eq(msgpack.Timestamp.from_unix_nano(found[wire]).to_unix_nano(), found[wire])
        else:
            refused(OverflowError, hx(wire), timestamp=2)


@full_case("timestamp")
def small_timestamps():
    t = msgpack.unpackb(hx("d6ff00000005"))
    eq((t.seconds, t.nanoseconds), (5, 0))
    t = msgpack.Timestamp.from_unix(7)
    eq((t.seconds, t.nanoseconds), (7, 0))
    eq(msgpack.packb(msgpack.Timestamp(-1, 5)), hx("c70cff00000005ffffffffffffffff"))
    eq(msgpack.Timestamp.from_unix_nano(-1).seconds, -1)
    eq(msgpack.Timestamp.from_unix_nano(-1).nanoseconds, 999999999)


@case
def floats():
    eq(FLOATS, "nofloat" not in check.target)
    for wire in ("ca3fc00000", "cb3ff8000000000000"):
        if FLOATS:
            x = float("1.5")
            same(msgpack.unpackb(b"\x92\x05" + hx(wire)), [5, x])
            if not check.small:
                eq(msgpack.packb([x], use_single_float=wire[1] == "a"), b"\x91" + hx(wire))
            elif SINGLE == (wire[1] == "a"):
                eq(msgpack.packb([x]), b"\x91" + hx(wire))
        else:
            refused(ValueError, hx(wire))
            raises(ValueError, msgpack.unpackb, b"\x92\x05" + hx(wire), match="no floats")
    if not FLOATS and not check.small:
        # Options about floats do no harm.
        eq(msgpack.packb([5, "a"], use_single_float=True), b"\x92\x05\xa1a")


@case
def invalid_utf8():
    lacks = "nounicode" in check.target or "samd21" in check.target
    eq(check.UnicodeError is ValueError, lacks)
    refused(check.UnicodeError, b"\xa1\xff")
    raises(check.UnicodeError, msgpack.unpackb, b"\xa1\xff", match=INVALID_UTF8)
    eq(msgpack.unpackb(b"\xa2\xc3\xa9"), b"\xc3\xa9".decode())
    eq(msgpack.packb(b"\xc3\xa9".decode()), b"\xa2\xc3\xa9")


check.end()
