# cpython: yes
# needs: msgpack
# wants: floats big-ints
# 0xc1 is no format: FormatError wherever an object could begin, plain data elsewhere.
from io import BytesIO

import check
import msgpack
from check import case, eq
from vectors import hx, pieces, tohex

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
        eq(isinstance(e, msgpack.UnpackException), True)
        return
    except Exception as e:
        raise AssertionError("%s: %r" % (tohex(data), e))
    raise AssertionError("%s: got %r" % (tohex(data), got))


@case
def unpackb():
    for text in PLACES:
        data = hx(text)
        must_fail(lambda: msgpack.unpackb(data, strict_map_key=False), data)
        must_fail(lambda: msgpack.unpackb(data + b"\x01", strict_map_key=False), data)


@case
def stream():
    for text in PLACES:
        data = hx(text)
        must_fail(lambda: msgpack.unpack(BytesIO(data), strict_map_key=False), data)


@case
def fed():
    for text in PLACES:
        data = hx(text)
        u = msgpack.Unpacker(strict_map_key=False)
        u.feed(data)
        must_fail(u.unpack, data)


@case
def skipped():
    for text in PLACES:
        data = hx(text)
        u = msgpack.Unpacker()
        u.feed(data)
        must_fail(u.skip, data)


@case
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


@case
def in_header_position():
    for name in ("read_array_header", "read_map_header"):
        u = msgpack.Unpacker()
        u.feed(b"\xc1")
        check.raises(ValueError, getattr(u, name))


@case
def as_data():
    for text in DATA:
        msgpack.unpackb(hx(text))
    check.same(msgpack.unpackb(b"\xc4\x02\xc1\xc1"), b"\xc1\xc1")
    check.same(msgpack.unpackb(b"\xcc\xc1"), 0xC1)
    # U+00C1..U+00FF have 0xc3 in front; 0xc1 never occurs in UTF-8
    check.raises(check.UnicodeError, msgpack.unpackb, b"\xa1\xc1")


check.end()
