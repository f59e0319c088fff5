# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# wants: floats big-ints full
# Extension -1: three widths, seconds since 1970, never handed to ext_hook.
import check
import msgpack
from check import case, eq, raises
from vectors import CPYTHON, SINGLE, be, expect, hx

Timestamp = msgpack.Timestamp

# seconds, nanoseconds, wire
TABLE = (
    (0, 0, "d6ff00000000"),
    (1, 0, "d6ff00000001"),
    (0x3FFFFFFF, 0, "d6ff3fffffff"),
    (0x40000000, 0, "d6ff40000000"),
    (0x80000000, 0, "d6ff80000000"),
    (0xFFFFFFFF, 0, "d6ffffffffff"),
    (1 << 32, 0, "d7ff0000000100000000"),
    ((1 << 34) - 1, 0, "d7ff00000003ffffffff"),
    (0, 1, "d7ff0000000400000000"),
    (1, 999999999, "d7ffee6b27fc00000001"),
    ((1 << 34) - 1, 999999999, "d7ffee6b27ffffffffff"),
    (0xFFFFFFFF, 500000000, "d7ff77359400ffffffff"),
    (1 << 34, 0, "c70cff000000000000000400000000"),
    (1 << 34, 999999999, "c70cff3b9ac9ff0000000400000000"),
    (-1, 0, "c70cff00000000ffffffffffffffff"),
    (-1, 999999999, "c70cff3b9ac9ffffffffffffffffff"),
    ((1 << 63) - 1, 0, "c70cff000000007fffffffffffffff"),
    (-(1 << 63), 5, "c70cff000000058000000000000000"),
)


def parts(t):
    return (type(t), t.seconds, t.nanoseconds)


@case
def pack_table():
    for s, ns, text in TABLE:
        expect(msgpack.packb(Timestamp(s, ns)), hx(text), (s, ns))
        expect(msgpack.packb([Timestamp(s, ns)]), b"\x91" + hx(text), (s, ns))


@case
def unpack_table():
    for s, ns, text in TABLE:
        eq(parts(msgpack.unpackb(hx(text))), (Timestamp, s, ns))


@case
def longer_forms():
    # 64 and 96 bits for what fits fewer; ext8/16/32 in place of fixext
    for text, s, ns in (
        ("d7ff0000000000000001", 1, 0),
        ("c70cff000000000000000000000001", 1, 0),
        ("c70cff000000070000000000000001", 1, 7),
        ("c704ff00000002", 2, 0),
        ("c80004ff00000002", 2, 0),
        ("c900000004ff00000002", 2, 0),
        ("c708ff0000000400000003", 3, 1),
        ("c90000000cff000000010000000000000003", 3, 1),
    ):
        eq(parts(msgpack.unpackb(hx(text))), (Timestamp, s, ns))


@case
def malformed():
    for text in (
        "d4ff00",
        "d5ff0000",
        "c700ff",
        "c703ff000000",
        "c705ff0000000000",
        "d8ff00000000000000000000000000000000",
        "c70bff0000000000000000000000",
        "c70dff00000000000000000000000000",
        "d7ffee6b280000000000",  # 1e9 nanoseconds
        "d7ffffffffffffffffff",
        "c70cff3b9aca000000000000000000",
        "c70cffffffffff0000000000000000",
    ):
        raises(ValueError, msgpack.unpackb, hx(text))
        raises(ValueError, msgpack.unpackb, b"\x91" + hx(text))


@case
def malformed_whatever_the_option():
    if CPYTHON:
        check.skip("python3-msgpack checks in timestamp=0 only")
    for mode in (1, 2):
        for text in ("d4ff00", "c705ff0000000000", "d7ffee6b280000000000"):
            raises(ValueError, msgpack.unpackb, hx(text), timestamp=mode)


@case
def never_to_ext_hook():
    def hook(code, data):
        raise AssertionError("called for the timestamp")

    eq(parts(msgpack.unpackb(hx("d6ff00000001"), ext_hook=hook)), (Timestamp, 1, 0))
    expect(msgpack.unpackb(hx("d6ff00000001"), ext_hook=hook, timestamp=2), 1000000000)


@case
def as_nanoseconds():
    for s, ns, text in TABLE:
        if -(1 << 62) < s < 1 << 62:
            expect(msgpack.unpackb(hx(text), timestamp=2), s * 10**9 + ns, text)


@case
def as_nanoseconds_beyond_64_bits():
    # the product leaves 64 bits; the int must not wrap
    for s, ns, text in TABLE[-2:]:
        expect(msgpack.unpackb(hx(text), timestamp=2), s * 10**9 + ns, text)


@case
def as_float():
    expect(msgpack.unpackb(hx("d6ff00000005"), timestamp=1), 5.0)
    expect(msgpack.unpackb(b"\xd7\xff" + be(500000000 << 34 | 5, 8), timestamp=1), 5.5)
    expect(msgpack.unpackb(hx("c70cff1dcd6500ffffffffffffffff"), timestamp=1), -0.5)
    got = msgpack.unpackb(hx("d6ff60000000"), timestamp=1)
    eq(type(got), float)
    eq(abs(got - 1610612736.0) <= (128 if SINGLE else 0), True)


@case
def attributes_and_defaults():
    t = Timestamp(5)
    eq((t.seconds, t.nanoseconds), (5, 0))
    t = Timestamp(-7, 999999999)
    eq((t.seconds, t.nanoseconds), (-7, 999999999))
    t = Timestamp(seconds=5, nanoseconds=6)
    eq((t.seconds, t.nanoseconds), (5, 6))


@case
def bounds():
    raises(ValueError, Timestamp, 0, -1)
    raises(ValueError, Timestamp, 0, 10**9)
    raises(ValueError, Timestamp, 0, 1 << 40)
    raises(TypeError, Timestamp, "0")
    raises(TypeError, Timestamp, None)
    raises(TypeError, Timestamp, 0, "0")
    raises(TypeError, Timestamp, 1.5)
    raises(TypeError, Timestamp)


@case
def seconds_beyond_64_bits():
    if CPYTHON:
        check.skip("python3-msgpack fails later")

    def run(s):
        msgpack.packb(Timestamp(s))

    for s in (1 << 63, -(1 << 63) - 1, 1 << 80):
        raises((ValueError, OverflowError), run, s)


@case
def equality_and_hash():
    eq(Timestamp(1, 2) == Timestamp(1, 2), True)
    eq(Timestamp(1, 2) != Timestamp(1, 2), False)
    eq(Timestamp(1, 2) == Timestamp(1, 3), False)
    eq(Timestamp(1, 2) == Timestamp(2, 2), False)
    eq(Timestamp(1 << 40, 2) == Timestamp(1 << 40, 2), True)
    eq(Timestamp(1) == 1, False)
    eq(Timestamp(1) == None, False)  # noqa: E711
    eq(hash(Timestamp(1, 2)), hash(Timestamp(1, 2)))
    eq(hash(Timestamp(1 << 40, 2)), hash(msgpack.unpackb(msgpack.packb(Timestamp(1 << 40, 2)))))
    d = {Timestamp(s, ns): i for i, (s, ns, _) in enumerate(TABLE)}
    eq(len(d), len(TABLE))
    eq(all(d[Timestamp(s, ns)] == i for i, (s, ns, _) in enumerate(TABLE)), True)


@case
def order():
    if CPYTHON:
        check.skip("python3-msgpack has no order")
    line = [(-(1 << 63), 0), (-1, 0), (-1, 999999999), (0, 0), (0, 1), (1, 0), (1 << 40, 5)]
    for i, a in enumerate(line):
        for j, b in enumerate(line):
            eq(Timestamp(*a) < Timestamp(*b), i < j)
            eq(Timestamp(*a) > Timestamp(*b), i > j)
    raises(TypeError, lambda: Timestamp(1) < 1)


@case
def no_arithmetic():
    t = Timestamp(5, 7)
    raises(TypeError, lambda: -t)
    raises(TypeError, lambda: ~t)
    raises(TypeError, lambda: t + t)
    raises(TypeError, lambda: t - t)
    raises(TypeError, len, t)
    eq(bool(Timestamp(0)), True)


@case
def representation():
    eq(repr(Timestamp(1, 2)), "Timestamp(seconds=1, nanoseconds=2)")
    eq(repr(Timestamp(-(1 << 40))), "Timestamp(seconds=-1099511627776, nanoseconds=0)")


@case
def bytes_table():
    for s, ns, text in TABLE:
        body = hx(text)[2:] if text[1] != "7" or text[0] == "d" else hx(text)[3:]
        expect(Timestamp(s, ns).to_bytes(), body, text)
        eq(parts(Timestamp.from_bytes(body)), (Timestamp, s, ns))
    for n in (0, 1, 3, 5, 7, 9, 11, 13, 16):
        raises(ValueError, Timestamp.from_bytes, bytes(n))


@case
def unix_nano():
    for n in (0, 1, 999999999, 10**9, 1700000000123456789, -1, -(10**9), -(10**9) - 1):
        t = Timestamp.from_unix_nano(n)
        eq((t.seconds, t.nanoseconds), (n // 10**9, n % 10**9))
        eq(t.to_unix_nano(), n)
    for s, ns, _ in TABLE:
        eq(Timestamp(s, ns).to_unix_nano(), s * 10**9 + ns)


@case
def unix():
    for x, s, ns in (
        (0, 0, 0),
        (5, 5, 0),
        (-5, -5, 0),
        (1 << 40, 1 << 40, 0),
        (1.5, 1, 500000000),
        (-0.5, -1, 500000000),
        (-1.75, -2, 250000000),
        (0.25, 0, 250000000),
        (0.0, 0, 0),
    ):
        eq(parts(Timestamp.from_unix(x)), (Timestamp, s, ns))
    eq(Timestamp(1, 500000000).to_unix(), 1.5)
    eq(Timestamp(-1, 500000000).to_unix(), -0.5)
    eq(type(Timestamp(3).to_unix()), float)


@case
def unix_of_binary_fractions():
    # those that are whole nanoseconds, whatever the width of the float
    for k in range(512):
        for s in (0, 1, -1, 1000, -1000):
            x = s + k / 512
            eq(parts(Timestamp.from_unix(x)), (Timestamp, s, k * 1953125))
            eq(Timestamp(s, k * 1953125).to_unix(), x)


@case
def unix_of_other_fractions():
    for x in (0.1, 0.3, 1.1, 0.999999, 1e-6, 123.456):
        t = Timestamp.from_unix(x)
        eq(t.seconds, int(x))
        # single precision is exact to some 60 ns below 1, or 240 with two bits less
        eq(abs(t.nanoseconds - x % 1 * 1e9) <= (1000 * (1 + int(x)) if SINGLE else 1), True)


@case
def unix_of_no_number():
    for x in (float("nan"), float("inf"), "1"):
        raises((ValueError, OverflowError, TypeError), Timestamp.from_unix, x)


@case
def large_float():
    # the largest float below 2**31 in single precision, exact in both, less in 30 bits (ESP8266)
    x = 2147483520.0
    eq(parts(Timestamp.from_unix(x)), (Timestamp, int(x), 0))


check.end()
