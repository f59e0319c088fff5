# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# Extension types: every form, every code, the hook.
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises
from vectors import CPYTHON, be, expect, ext_head, hx

ExtType = msgpack.ExtType


def negative(code):
    """python3-msgpack 1.0.3 has no ExtType for the application-defined half's negatives."""
    return CPYTHON and code < 0


def borders_at(sizes):
    for n in sizes:
        data = ext_head(n, 5) + b"e" * n
        expect(msgpack.packb(ExtType(5, b"e" * n)), data, n)
        got = msgpack.unpackb(data)
        eq(type(got), ExtType)
        eq((got.code, len(got.data), got.data == b"e" * n), (5, n, True))


@case
def borders():
    borders_at((0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 255, 256))


@case
def borders_of_16_bits():
    check.need_heap(400)
    borders_at((65535, 65536))


@case
def overlong_forms():
    for n in (0, 1, 2, 4, 8, 16, 17):
        for first, size in ((0xC7, 1), (0xC8, 2), (0xC9, 4)):
            got = msgpack.unpackb(be(first, 1) + be(n, size) + b"\x07" + b"z" * n)
            eq((type(got), got.code, got.data), (ExtType, 7, b"z" * n))


@case
def every_code():
    for code in range(-128, 128):
        if code == -1 or negative(code):
            continue
        expect(msgpack.packb(ExtType(code, b"x")), b"\xd4" + be(code, 1) + b"x", code)
        got = msgpack.unpackb(b"\xd4" + be(code, 1) + b"x")
        eq((got.code, got.data), (code, b"x"))
        got = msgpack.unpackb(b"\xc7\x01" + be(code, 1) + b"x")
        eq((got.code, got.data), (code, b"x"))


@case
def hook_sees_code_and_bytes():
    seen = []

    def hook(code, data):
        seen.append((code, type(data), data))
        return len(data)

    for code in range(-128, 128):
        if code != -1:
            eq(msgpack.unpackb(b"\xc7\x03" + be(code, 1) + b"abc", ext_hook=hook), 3)
    eq(seen, [(c, bytes, b"abc") for c in range(-128, 128) if c != -1])


@case
def hook_keeps_its_bytes():
    # the argument outlives the call and the buffer it came from
    buf = bytearray(hx("93 d6026b6b6b6b d40263 c70302616263"))
    got = msgpack.unpackb(buf, ext_hook=lambda c, d: d)
    for i in range(len(buf)):
        buf[i] = 0
    expect(got, [b"kkkk", b"c", b"abc"])


@case
def hook_results():
    for result in (None, 0, [1], "x"):
        expect(msgpack.unpackb(b"\x91\xd4\x05x", ext_hook=lambda c, d: result), [result])


@case
def hook_that_raises():
    boom = KeyError("boom")

    def hook(code, data):
        raise boom

    e = raises(KeyError, msgpack.unpackb, b"\x91\xd4\x05x", ext_hook=hook)
    eq(e is boom, True)


@case
def hook_none_gives_exttype():
    if CPYTHON:
        check.skip("ext_hook=None is ours")
    got = msgpack.unpackb(b"\xd4\x05x", ext_hook=None)
    eq((got.code, got.data), (5, b"x"))


@case
def hook_may_be_the_class():
    got = msgpack.unpackb(b"\xd4\x05x", ext_hook=ExtType)
    eq((type(got), got.code, got.data), (ExtType, 5, b"x"))


@case
def in_containers_and_streams():
    obj = [ExtType(1, b"a"), {"k": ExtType(2, b"bb" * 20)}]
    data = hx("92 d40161 81 a16b c72802") + b"bb" * 20
    expect(msgpack.packb(obj), data)
    got = msgpack.unpack(BytesIO(data))
    eq((got[0].code, got[0].data), (1, b"a"))
    eq((got[1]["k"].code, got[1]["k"].data), (2, b"bb" * 20))


@case
def code_minus_one_on_the_wire():
    if CPYTHON:
        check.skip("ExtType(-1, ...) is ours")
    expect(msgpack.packb(ExtType(-1, b"\x00\x00\x00\x05")), hx("d6 ff 00000005"))
    expect(msgpack.packb(ExtType(-1, b"abc")), hx("c7 03 ff 616263"))


@full_case("use_bin_type")
def unchanged_by_use_bin_type():
    expect(msgpack.packb(ExtType(5, b"e" * 40), use_bin_type=False), hx("c72805") + b"e" * 40)


check.end()
