# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# wants: big-ints
# Ints: the shortest form at every border, exact in both directions, the full 64-bit range.
import check
import msgpack
from check import case, eq, raises
from vectors import ANY_KEY, INTS, encode_int, expect, hx


@case
def encode_borders():
    for value, text in INTS:
        expect(msgpack.packb(value), hx(text), value)


@case
def decode_borders():
    for value, text in INTS:
        expect(msgpack.unpackb(hx(text)), value, text)


@case
def around_each_power_of_two():
    # small ints end at 2**30 or 2**62, machine words at 2**31 and 2**63
    for bits in range(65):
        for off in (-2, -1, 0, 1, 2):
            for n in ((1 << bits) + off, -(1 << bits) + off):
                if -(1 << 63) <= n < 1 << 64:
                    data = msgpack.packb(n)
                    expect(data, encode_int(n), n)
                    expect(msgpack.unpackb(data), n, n)


@case
def every_16_bit_int_in_steps():
    for n in range(-33000, 66000, 17):
        expect(msgpack.packb(n), encode_int(n), n)
        expect(msgpack.unpackb(encode_int(n)), n, n)


@case
def small_values_held_as_big_ints():
    # arithmetic leaves small values in big-int objects: same bytes
    for value, text in INTS:
        big = (value << 80) >> 80
        expect(msgpack.packb(big), hx(text), value)
        expect(msgpack.packb([big, big]), b"\x92" + hx(text) * 2, value)


@case
def decoded_ints_find_their_key():
    for value, text in INTS:
        key = (value << 80) >> 80
        got = msgpack.unpackb(hx(text))
        eq({key: "found"}.get(got), "found")
        got = msgpack.unpackb(b"\x81" + hx(text) + b"\xc0", **ANY_KEY)
        eq(got, {key: None})
        eq(key in got, True)


@case
def outside_the_range():
    for n in (1 << 64, -(1 << 63) - 1, (1 << 64) + 1, 1 << 65, -(1 << 64), 1 << 200, -(1 << 200)):
        raises(OverflowError, msgpack.packb, n)
        raises(OverflowError, msgpack.packb, [1, {"k": n}])


@case
def outside_the_range_to_default():
    seen = []

    def default(n):
        seen.append(n)
        return "big"

    obj = [1 << 64, 5, -(1 << 63) - 1]
    expect(msgpack.packb(obj, default=default), b"\x93\xa3big\x05\xa3big")
    eq(seen, [1 << 64, -(1 << 63) - 1])


@case
def default_that_returns_it_again():
    raises(OverflowError, msgpack.packb, 1 << 64, default=lambda n: n)
    raises(OverflowError, msgpack.packb, [1 << 64], default=lambda n: n + 1)


@case
def booleans_are_not_ints():
    expect(msgpack.packb([True, 1, False, 0]), b"\x94\xc3\x01\xc2\x00")
    got = msgpack.unpackb(b"\x94\xc3\x01\xc2\x00")
    eq([type(x) for x in got], [bool, int, bool, int])


check.end()
