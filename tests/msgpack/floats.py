# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# wants: floats
# Floats: bit-exact wherever the interpreter's float type can hold the value.
import math
import struct

import check
import msgpack
from check import case, eq, full_case
from vectors import CPYTHON, SINGLE, expect, hx

# single-precision bits, double-precision bits of the same number
EXACT = (
    ("00000000", "0000000000000000"),
    ("80000000", "8000000000000000"),
    ("3f800000", "3ff0000000000000"),
    ("bfc00000", "bff8000000000000"),
    ("3dcccccd", "3fb99999a0000000"),
    ("7f7fffff", "47efffffe0000000"),  # largest single
    ("ff7fffff", "c7efffffe0000000"),
    ("00800000", "3810000000000000"),  # smallest normal single
    ("007fffff", "380fffffc0000000"),  # largest denormal
    ("00000001", "36a0000000000000"),  # smallest denormal
    ("80000001", "b6a0000000000000"),
    ("7f800000", "7ff0000000000000"),
    ("ff800000", "fff0000000000000"),
)
# Object representation C (ESP8266) keeps floats without their two lowest bits.
SHORT = SINGLE and 1.0 + 2.0**-22 == 1.0
# From MicroPython 1.26 on it puts a copy of the two before in their place,
COPIES = SHORT and (1.0 + 3 * 2.0**-21 - 1.0) * 2.0**21 != 3
# and knows but one NaN.
ONE_NAN = COPIES


def kept(single):
    if not SHORT:
        return single
    bits = int(single, 16) & ~3
    return "%08x" % (bits | bits >> 2 & 3 if COPIES else bits)


def as_double(double):
    """The bits that the firmware keeps of a double: it may make subnormal numbers zero."""
    return struct.pack(">d", struct.unpack(">d", hx(double))[0])


# what only a double holds
DOUBLES = (
    "3ff0000000000001",
    "3fb999999999999a",
    "7fefffffffffffff",
    "0010000000000000",
    "000fffffffffffff",
    "0000000000000001",
    "8000000000000001",
    "3ff8000000000001",
)


@case
def own_width_by_default():
    if CPYTHON:
        check.skip("use_single_float=None is ours")
    want = hx("ca3fc00000") if SINGLE else hx("cb3ff8000000000000")
    expect(msgpack.packb(1.5), want)
    if not check.small:
        expect(msgpack.packb(1.5, use_single_float=None), want)
    expect(msgpack.packb([1.5, {1.5: 1.5}]), b"\x92" + want + b"\x81" + want * 2)


@case
def default_width_loses_nothing():
    for x in (0.1, 1 / 3, 1e-30, 1e30, math.pi, -math.e, 123456.789, float("inf"), -0.0):
        expect(msgpack.unpackb(msgpack.packb(x)), x)


@full_case("use_single_float")
def forced_width():
    expect(msgpack.packb(1.5, use_single_float=True), hx("ca3fc00000"))
    expect(msgpack.packb(1.5, use_single_float=False), hx("cb3ff8000000000000"))
    expect(msgpack.packb([-1.5], use_single_float=True), hx("91cabfc00000"))
    expect(msgpack.packb([-1.5], use_single_float=False), hx("91cbbff8000000000000"))


@case
def singles_survive_in_both_forms():
    for single, double in EXACT:
        if single != kept(single):
            continue
        for form in (b"\xca" + hx(single), b"\xcb" + hx(double)):
            x = msgpack.unpackb(form)
            if as_double(double) != hx(double):
                # The RP2040 makes subnormal numbers zero where it converts doubles to singles.
                expect(x, struct.unpack(">f" if form[0] == 0xCA else ">d", form[1:])[0], single)
                continue
            eq(type(x), float)
            for own, data in ((SINGLE, b"\xca" + hx(single)), (not SINGLE, b"\xcb" + hx(double))):
                if own:
                    expect(msgpack.packb(x), data, single)
                if not check.small:
                    wants_single = data[0] == 0xCA
                    expect(msgpack.packb(x, use_single_float=wants_single), data, single)


@case
def decoded_value():
    expect(msgpack.unpackb(hx("ca3dcccccd")), 0.10000000149011612)
    expect(msgpack.unpackb(hx("cb3ff8000000000000")), 1.5)
    expect(msgpack.unpackb(hx("ca7f800000")), float("inf"))
    expect(msgpack.unpackb(hx("cbfff0000000000000")), float("-inf"))
    for text in ("ca80000000", "cb8000000000000000"):
        x = msgpack.unpackb(hx(text))
        eq((x == 0, math.copysign(1, x)), (True, -1.0))


@case
def doubles_survive():
    if SINGLE:
        check.skip("floats of this firmware are single precision")
    for text in DOUBLES:
        x = msgpack.unpackb(b"\xcb" + hx(text))
        expect(msgpack.packb(x), b"\xcb" + hx(text), text)


@case
def doubles_rounded_by_single_firmware():
    if not SINGLE:
        check.skip("floats of this firmware are double precision")
    for double, single in (
        ("3ff0000010000000", "3f800000"),  # ties go to even
        ("3ff0000030000000", "3f800002"),
        ("3ff0000010000001", "3f800001"),
        ("3fb999999999999a", "3dcccccd"),
        ("47f0000000000000", "7f800000"),
        ("7fefffffffffffff", "7f800000"),
        ("ffefffffffffffff", "ff800000"),
        ("0000000000000001", "00000000"),
        ("8000000000000001", "80000000"),
    ):
        x = msgpack.unpackb(b"\xcb" + hx(double))
        expect(msgpack.packb(x), b"\xca" + hx(kept(single)), double)


@full_case("use_single_float")
def too_large_for_single():
    if SINGLE:
        check.skip("no float of this firmware exceeds single precision")
    expect(msgpack.packb(1e300, use_single_float=True), hx("ca7f800000"))
    expect(msgpack.packb(-1e300, use_single_float=True), hx("caff800000"))
    expect(msgpack.packb(1e-300, use_single_float=True), hx("ca00000000"))
    expect(msgpack.packb(1 + 2.0**-30, use_single_float=True), hx("ca3f800000"))


@case
def not_a_number():
    for text in ("ca7fc00000", "cb7ff8000000000000", "caffc00000", "ca7f800001"):
        if SHORT and text == "ca7f800001":
            continue  # Stock behaviour: without its lowest bits it is infinite.
        x = msgpack.unpackb(hx(text))
        eq(x != x, True)
        y = msgpack.unpackb(msgpack.packb(x))
        eq(y != y, True)
        for single in () if check.small else (True, False):
            y = msgpack.unpackb(msgpack.packb(x, use_single_float=single))
            eq(y != y, True)


@case
def payload_of_quiet_nan():
    if ONE_NAN:
        check.skip("this firmware knows but one NaN")
    # of the interpreter's own width: conversions may make a canonical NaN
    for bits in ("7fc00001", "ffc12345") if SINGLE else ("7ff8000000000001", "fff8123456789abc"):
        head = b"\xca" if SINGLE else b"\xcb"
        x = msgpack.unpackb(head + hx(bits))
        expect(msgpack.packb(x), head + hx(kept(bits)))


@case
def integral_floats_stay_floats():
    for x in (0.0, 1.0, -1.0, 1e9):
        eq(type(msgpack.unpackb(msgpack.packb(x))), float)


@case
def unaligned():
    # a board may fault on a float read from an odd address
    for shift in range(8):
        data = b"\x92" + bytes([0xA0 | shift]) + b"x" * shift + hx("cb3ff8000000000000")
        expect(msgpack.unpackb(data), ["x" * shift, 1.5])
        expect(msgpack.unpackb(msgpack.packb(["x" * shift, 1.5])), ["x" * shift, 1.5])
        if not check.small:
            expect(msgpack.packb(["x" * shift, 1.5], use_single_float=False), data)


check.end()
