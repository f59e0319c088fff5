# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico-small
# str: lengths in bytes, every border, and nothing but valid UTF-8 comes out.
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises
from vectors import ANY_KEY, CPYTHON, be, expect, hx, raw_head, str_head, tohex

# A firmware without has strings of bytes.
UNICODE = len(b"\xc3\xa9".decode()) == 1

# one of each class, from the ill-formed sequences of the Unicode standard
INVALID = (
    ("lone continuation", "80"),
    ("last continuation", "bf"),
    ("0xfe", "fe"),
    ("0xff", "ff"),
    ("0xf8, a lead of five", "f888808080"),
    ("0xfc, a lead of six", "fc8480808080"),
    ("lead of two cut", "c3"),
    ("lead of three cut", "e2"),
    ("three cut after two", "e282"),
    ("lead of four cut", "f0"),
    ("four cut after two", "f09f"),
    ("four cut after three", "f09f98"),
    ("two, bad continuation", "c328"),
    ("two, lead as continuation", "c3c3"),
    ("three, bad second", "e22882"),
    ("three, bad third", "e28228"),
    ("four, bad second", "f0289880"),
    ("four, bad third", "f09f2880"),
    ("four, bad fourth", "f09f9828"),
    ("overlong two, NUL", "c080"),
    ("overlong two, last", "c1bf"),
    ("overlong three, first", "e08080"),
    ("overlong three, last", "e09fbf"),
    ("overlong four, first", "f0808080"),
    ("overlong four, last", "f08fbfbf"),
    ("first surrogate", "eda080"),
    ("last surrogate", "edbfbf"),
    ("surrogate pair", "eda0bdedb880"),
    ("U+110000", "f4908080"),
    ("0xf5", "f5808080"),
    ("0xf7", "f7bfbfbf"),
)
# with their code points
VALID = (
    ("00", (0x0,)),
    ("7f", (0x7F,)),
    ("c280", (0x80,)),
    ("dfbf", (0x7FF,)),
    ("e0a080", (0x800,)),
    ("ed9fbf", (0xD7FF,)),
    ("ee8080", (0xE000,)),
    ("efbfbd", (0xFFFD,)),
    ("efbfbf", (0xFFFF,)),
    ("f0908080", (0x10000,)),
    ("f48fbfbf", (0x10FFFF,)),
    ("61c3a9e282acf09f9880", (0x61, 0xE9, 0x20AC, 0x1F600)),
)


def forms(body):
    """The string in fixstr, str8, str16 and str32."""
    n = len(body)
    if n < 32:
        yield be(0xA0 | n, 1) + body
    if n < 256:
        yield b"\xd9" + be(n, 1) + body
    yield b"\xda" + be(n, 2) + body
    yield b"\xdb" + be(n, 4) + body


def in_context(body):
    """The bad bytes alone, after and before good text, and past the first kilobyte."""
    yield body
    yield b"ok\xc3\xa9" + body
    yield body + b"abcd"
    yield b"x" * 1200 + body + b"y"


def borders_at(sizes):
    for n in sizes:
        data = str_head(n) + b"s" * n
        expect(msgpack.packb("s" * n), data, n)
        expect(msgpack.unpackb(data), "s" * n, n)


@case
def borders():
    borders_at((0, 1, 31, 32, 255, 256))


@case
def borders_of_16_bits():
    check.need_heap(400)
    borders_at((65535, 65536))


@case
def length_counts_bytes():
    for n, char in ((16, "c3a9"), (128, "c3a9"), (11, "e282ac"), (8, "f09f9880")):
        body = hx(char) * n
        data = str_head(len(body)) + body
        expect(msgpack.packb(body.decode()), data, n)
        expect(msgpack.unpackb(data), body.decode(), n)


@case
def valid_edges():
    for text, points in VALID:
        body = hx(text)
        value = body.decode()
        eq([ord(c) for c in value], list(points) if UNICODE else list(body))
        expect(msgpack.packb(value), str_head(len(body)) + body, text)
        for data in forms(body):
            expect(msgpack.unpackb(data), value, text)
            got = msgpack.unpackb(b"\x81" + data + data)
            expect(got, {value: value}, text)


@case
def invalid_values():
    for name, text in INVALID:
        for body in in_context(hx(text)):
            for data in forms(body):
                try:
                    got = msgpack.unpackb(data)
                except check.UnicodeError:
                    continue
                raise AssertionError("%s accepted in %s: %r" % (name, tohex(data), got))


@case
def invalid_keys():
    for name, text in INVALID:
        for data in forms(hx(text)):
            try:
                got = msgpack.unpackb(b"\x81" + data + b"\x01")
            except check.UnicodeError:
                continue
            raise AssertionError("%s accepted as key in %s: %r" % (name, tohex(data), got))


@case
def invalid_anywhere():
    # One byte of a short one: whole words are looked at, or what is left of them.
    for n in range(1, 14):
        for i in range(n):
            body = b"a" * i + b"\x80" + b"a" * (n - 1 - i)
            for data in (str_head(n) + body, b"\x81" + str_head(n) + body + b"\x01"):
                try:
                    got = msgpack.unpackb(data)
                except check.UnicodeError:
                    continue
                raise AssertionError("accepted in %s: %r" % (tohex(data), got))


@case
def invalid_from_stream():
    for name, text in INVALID:
        for data in forms(hx(text)):
            for data in (data, b"\x92" + data + b"\x01", b"\x81\x01" + data):
                s = BytesIO(data if CPYTHON else data + b"\x2a")
                e = raises(check.UnicodeError, msgpack.unpack, s, **ANY_KEY)
                eq(isinstance(e, ValueError), True)
                if not CPYTHON:
                    # the stream stands after the object
                    expect(msgpack.unpack(s), 42, name)


@full_case("Unpacker")
def invalid_fed():
    if CPYTHON:
        check.skip("python3-msgpack stays at the bad string for ever")
    for name, text in INVALID:
        u = msgpack.Unpacker(strict_map_key=False)
        for data in forms(hx(text)):
            u.feed(data)
            raises(check.UnicodeError, u.unpack)
            u.feed(b"\x2a")
            expect(u.unpack(), 42, name)


@full_case("raw")
def raw_gives_bytes():
    for name, text in INVALID:
        for body in in_context(hx(text)):
            for data in forms(body):
                expect(msgpack.unpackb(data, raw=True), body, name)
                expect(msgpack.unpackb(b"\x81" + data + data, raw=True), {body: body}, name)


@full_case("raw")
def raw_leaves_bin_alone():
    expect(msgpack.unpackb(b"\x92\xa1a\xc4\x01a", raw=True), [b"a", b"a"])


def old_raw_format_at(sizes):
    for n in sizes:
        expect(msgpack.packb("s" * n, use_bin_type=False), raw_head(n) + b"s" * n, n)


@full_case("use_bin_type")
def old_raw_format():
    old_raw_format_at((0, 31, 32, 255, 256))


@full_case("use_bin_type")
def old_raw_format_of_16_bits():
    check.need_heap(400)
    old_raw_format_at((65535, 65536))


@case
def embedded_nul():
    expect(msgpack.packb("a\x00b"), b"\xa3a\x00b")
    got = msgpack.unpackb(b"\xa3a\x00b")
    eq((got, len(got), got[2]), ("a\x00b", 3, "b"))


@case
def decoded_strs_behave():
    # however the decoder makes them, they are strs like others
    got = msgpack.unpackb(b"\x94\xa5count\xa5c\xc3\xa9d \xa0\xd9\x28" + b"k" * 40)
    eq(got, ["count", b"c\xc3\xa9d ".decode(), "", "k" * 40])
    eq(getattr([7, 7], got[0])(7), 2)
    eq([len(s) for s in got], [5, 4 if UNICODE else 5, 0, 40])
    eq({"count": 1, "k" * 40: 2}[got[3]], 2)
    eq(hash(got[3]), hash("k" * 40))
    eq(got[0] + got[3], "count" + "k" * 40)
    eq(dict(**{got[3]: 1}), {"k" * 40: 1})
    eq(got[1].encode(), b"c\xc3\xa9d ")
    eq(got[3] == got[3][:39] + "x", False)


@case
def same_key_many_times():
    data = b"\xdc\x00\x64" + b"\x81\xa8longname\x01" * 100
    got = msgpack.unpackb(data)
    eq(len(got), 100)
    eq(all(d == {"longname": 1} for d in got), True)


check.end()
