# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# Forms longer than need be: accepted everywhere, as value, as key, inside containers.
from io import BytesIO

import check
import msgpack
from check import case, full_case
from vectors import ANY_KEY, OVERLONG, expect, hx


@case
def as_value():
    for text, value in OVERLONG:
        expect(msgpack.unpackb(hx(text), **ANY_KEY), value, text)


@case
def from_stream():
    for text, value in OVERLONG:
        expect(msgpack.unpack(BytesIO(hx(text)), **ANY_KEY), value, text)


@full_case("Unpacker")
def fed():
    u = msgpack.Unpacker(strict_map_key=False)
    for text, value in OVERLONG:
        u.feed(hx(text))
    for text, value in OVERLONG:
        expect(u.unpack(), value, text)


@case
def inside_an_array():
    for text, value in OVERLONG:
        got = msgpack.unpackb(b"\x93\x01" + hx(text) + b"\x02", **ANY_KEY)
        expect(got, [1, value, 2], text)


@case
def as_key():
    for text, value in OVERLONG:
        if not isinstance(value, (list, dict)):
            got = msgpack.unpackb(b"\x81" + hx(text) + b"\x05", **ANY_KEY)
            expect(got, {value: 5}, text)


@case
def ext():
    for text in ("c70105", "c8000105", "c90000000105"):
        got = msgpack.unpackb(hx(text) + b"x")
        check.eq((got.code, got.data), (5, b"x"))


@full_case("Unpacker")
def headers_read_one_by_one():
    u = msgpack.Unpacker()
    for text, n in (("dc0000", 0), ("dc000f", 15), ("dd00000000", 0), ("dd0000000f", 15)):
        u.feed(hx(text))
        expect(u.read_array_header(), n, text)
    for text, n in (("de0000", 0), ("de000f", 15), ("df00000000", 0), ("df0000000f", 15)):
        u.feed(hx(text))
        expect(u.read_map_header(), n, text)


check.end()
