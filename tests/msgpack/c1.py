# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# wants: floats big-ints
# 0xc1 is no format: FormatError wherever an object could begin, plain data elsewhere.
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case
from streams import IoSource
from vectors import ANY_KEY, CPYTHON, INVALID_FORMAT, hx, pieces, tohex

PLACES = (
    "c1",
    "91 c1",
    "93 01 02 c1",
    "93 c1 01 02",
    "93 01 c1 02",
    "81 c1 01",
    "81 01 c1",
    "82 01 02 c1 04",
    "82 01 02 03 c1",
    "92 81 a161 91 c1 01",
    "92 81 a161 91 02 c1",
    "dc 0001 c1",
    "dd 00000001 c1",
    "de 0001 c1 01",
    "de 0001 01 c1",
    "df 00000001 01 c1",
    "9191919191 9191919191 9191919191 c1",
    "92 a2 6162 c1",
    "92 c402 c1c1 c1",
    "92 d5 05 c1c1 c1",
    "92 cd c1c1 c1",
)
DATA = (
    "c4 01 c1",
    "c4 03 c1c1c1",
    "cc c1",
    "cd c1c1",
    "d2 c1c1c1c1",
    "cf c1c1c1c1c1c1c1c1",
    "ca c1c1c1c1",
    "cb c1c1c1c1c1c1c1c1",
    "d4 05 c1",
    "c7 01 05 c1",
)


def must_fail(fn, data):
    try:
        got = fn()
    except msgpack.FormatError as e:
        eq(isinstance(e, ValueError), True)
        if check.small:
            # There FormatError is ValueError, so the text counts, too.
            eq(INVALID_FORMAT in str(e), True)
        else:
            eq(isinstance(e, msgpack.UnpackException), True)
        return
    except Exception as e:
        raise AssertionError("%s: %r" % (tohex(data), e))
    raise AssertionError("%s: got %r" % (tohex(data), got))


@case
def unpackb():
    for text in PLACES:
        data = hx(text)
        must_fail(lambda: msgpack.unpackb(data, **ANY_KEY), data)
        must_fail(lambda: msgpack.unpackb(data + b"\x01", **ANY_KEY), data)


@case
def stream():
    for text in PLACES:
        data = hx(text)
        must_fail(lambda: msgpack.unpack(BytesIO(data), **ANY_KEY), data)


@full_case("Unpacker")
def fed():
    for text in PLACES:
        data = hx(text)
        u = msgpack.Unpacker(strict_map_key=False)
        u.feed(data)
        must_fail(u.unpack, data)


@full_case("Unpacker")
def skipped():
    for text in PLACES:
        data = hx(text)
        u = msgpack.Unpacker()
        u.feed(data)
        must_fail(u.skip, data)


@full_case("Unpacker")
def fed_byte_by_byte():
    for text in PLACES:
        data = hx(text)
        u = msgpack.Unpacker(strict_map_key=False)
        # the last 0xc1 of each place is the bad one
        last = data.rfind(b"\xc1")
        for piece in pieces(data[:last], 1):
            u.feed(piece)
            check.raises(msgpack.OutOfData, u.unpack)
        u.feed(data[last:])
        must_fail(u.unpack, data)


@full_case("Unpacker")
def in_header_position():
    for name in ("read_array_header", "read_map_header"):
        u = msgpack.Unpacker()
        u.feed(b"\xc1")
        check.raises(ValueError, getattr(u, name))


def message(fn):
    try:
        fn()
    except msgpack.FormatError as e:
        return str(e)


def at(n):
    return "0xc1 at byte %u of the object" % n


@full_case("position in its messages")
def where():
    if CPYTHON:
        check.skip("the message is ours")
    for text in PLACES:
        data = hx(text)
        want = at(data.rfind(b"\xc1"))
        rest = b"\x01\xc1"
        eq((text, message(lambda: msgpack.unpackb(data + rest))), (text, want))
        eq((text, message(lambda: msgpack.unpack(BytesIO(data + rest)))), (text, want))
        for size in (1, 3):
            source = IoSource(data + rest, size)
            eq((text, message(lambda: msgpack.unpack(source))), (text, want))
        for method in ("unpack", "skip", "__next__"):
            for before in (b"", b"\x92\x01\x02", b"\xc4\x03abc\xc0"):
                u = msgpack.Unpacker()
                u.feed(before + data + rest)
                if before:
                    u.unpack()
                if before[-1:] == b"\xc0":
                    u.skip()
                call = next if method == "__next__" else lambda u: getattr(u, method)()
                for _ in range(3):
                    eq((text, message(lambda: call(u))), (text, want))
                eq((text, message(lambda: u.feed(b"\x01"))), (text, want))
                eq((text, message(u.read_map_header)), (text, want))


@full_case("position in its messages")
def where_it_was_fed_in_pieces():
    if CPYTHON:
        check.skip("the message is ours")
    # the object's beginning has left the buffer long before
    for n in (10, 100, 1000):
        u = msgpack.Unpacker()
        u.feed(b"\x01\xdc\x10\x00")
        eq(u.unpack(), 1)
        for _ in range(n):
            u.feed(b"\xa2ab")
            check.raises(msgpack.OutOfData, u.unpack)
        u.feed(b"\xc1")
        for _ in range(2):
            eq(message(u.unpack), at(3 + 3 * n))
        u.reset()
        u.feed(b"\x91\xc1")
        eq(message(u.unpack), at(1))


@full_case("position in its messages")
def where_behind_long_data():
    if CPYTHON:
        check.skip("the message is ours")
    data = b"\x93\xc5\x02\x00" + bytes(512) + b"\xd9\x64" + b"a" * 100 + b"\xc1"
    want = at(len(data) - 1)
    u = msgpack.Unpacker(BytesIO(data), read_size=7)
    for fn in (
        lambda: msgpack.unpackb(data),
        lambda: msgpack.unpack(BytesIO(data)),
        lambda: msgpack.unpack(IoSource(data, 50)),
        u.unpack,
        u.skip,
    ):
        eq(message(fn), want)


@full_case("position in its messages")
def where_after_a_hook():
    if CPYTHON:
        check.skip("the message is ours")

    def fails(obj):
        raise KeyError

    # a memoryview's rest is copied before the first hook
    data = b"\x93\x91\x01\x02\xc1"
    for buffer in (data, bytearray(data), memoryview(data)):
        eq(message(lambda: msgpack.unpackb(buffer, list_hook=len)), at(4))
    # what is left of an object is skipped after an exception
    u = msgpack.Unpacker(list_hook=fails)
    u.feed(data)
    check.raises(KeyError, u.unpack)
    for _ in range(2):
        eq(message(u.unpack), at(4))
    u = msgpack.Unpacker(list_hook=fails)
    u.feed(b"\x92\x91\x01")
    check.raises(KeyError, u.unpack)
    u.feed(b"\xc1")
    eq(message(u.skip), at(3))


@case
def as_data():
    for text in DATA:
        msgpack.unpackb(hx(text))
    check.same(msgpack.unpackb(b"\xc4\x02\xc1\xc1"), b"\xc1\xc1")
    check.same(msgpack.unpackb(b"\xcc\xc1"), 0xC1)
    # U+00C1..U+00FF have 0xc3 in front; 0xc1 never occurs in UTF-8
    check.raises(check.UnicodeError, msgpack.unpackb, b"\xa1\xc1")


check.end()
