# SPDX-License-Identifier: MIT
# needs: msgpack
# wants: floats big-ints full
# pack_into: into the caller's buffer, all or nothing, not a byte past the end.
import check
import msgpack
from check import case, eq, raises
from vectors import documents, expect

try:
    from array import array
except ImportError:
    array = None

OBJ = [1, "abc", {"k": b"bytes"}, 1 << 63, None, [2.5, ["x" * 40]]]


@case
def count_and_content():
    want = msgpack.packb(OBJ)
    buf = bytearray(200)
    eq(msgpack.pack_into(OBJ, buf), len(want))
    expect(bytes(buf), want + bytes(200 - len(want)))


@case
def offset():
    want = msgpack.packb(OBJ)
    for off in (0, 1, 3, 50):
        buf = bytearray(b"\xee" * 200)
        eq(msgpack.pack_into(OBJ, buf, off), len(want))
        expect(bytes(buf), b"\xee" * off + want + b"\xee" * (200 - len(want) - off), off)


@case
def all_documents():
    buf = bytearray(500)
    for data, value in documents():
        if value is not None:
            want = msgpack.packb(value)
            eq(msgpack.pack_into(value, buf, 3), len(want))
            end = 3 + len(want)
            expect(bytes(buf[3:end]), want)


@case
def exact_fit_and_each_shortage():
    want = msgpack.packb(OBJ)
    for room in range(len(want) + 3):
        # the part beyond the view belongs to others
        whole = bytearray(b"\xee" * (len(want) + 20))
        view = memoryview(whole)[4:]
        view = view[:room]
        if room >= len(want):
            eq(msgpack.pack_into(OBJ, view), len(want))
        else:
            raises(ValueError, msgpack.pack_into, OBJ, view)
        expect(bytes(whole[:4]), b"\xee" * 4, room)
        end = 4 + room
        expect(bytes(whole[end:]), b"\xee" * (len(want) + 16 - room), room)


@case
def shortage_behind_an_offset():
    buf = bytearray(b"\xee" * 20)
    raises(ValueError, msgpack.pack_into, "x" * 10, buf, 10)
    expect(bytes(buf[:10]), b"\xee" * 10)
    eq(msgpack.pack_into("x" * 9, buf, 10), 10)


@case
def bad_offsets():
    buf = bytearray(10)
    for off in (-1, -10, 11, 1000, 1 << 31, 1 << 40, -(1 << 40)):
        try:
            msgpack.pack_into(1, buf, off)
        except (ValueError, OverflowError, IndexError):
            continue
        raise AssertionError("offset %d accepted" % off)
    raises(ValueError, msgpack.pack_into, 1, buf, 10)
    raises(TypeError, msgpack.pack_into, 1, buf, "1")
    expect(bytes(buf), bytes(10))


@case
def large_body_that_does_not_fit():
    buf = bytearray(100)
    for value in (b"b" * 1000, "s" * 1000, [b"b" * 1000], {"k": "s" * 1000}):
        raises(ValueError, msgpack.pack_into, value, buf)
    eq(msgpack.pack_into(5, buf), 1)


@case
def empty_buffer():
    raises(ValueError, msgpack.pack_into, None, bytearray())


@case
def read_only_or_no_buffer():
    for buf in (b"0123456789", "0123456789", memoryview(b"0123456789"), None, 5, []):
        raises(TypeError, msgpack.pack_into, 1, buf)


@case
def literals_stay_as_they_are():
    # a write into a constant would change the program
    literal = b"constant"
    raises(TypeError, msgpack.pack_into, 1, literal)
    eq(literal, b"constant")


@case
def other_buffers():
    if array is None:
        check.skip("no array module")
    a = array("B", bytes(10))
    eq(msgpack.pack_into("ab", a, 2), 3)
    expect(bytes(a), b"\x00\x00\xa2ab\x00\x00\x00\x00\x00")
    # offset and size are in bytes
    a = array("I", (0, 0))
    eq(msgpack.pack_into("abcdefg", a), 8)
    expect(bytes(a), b"\xa7abcdefg")
    raises(ValueError, msgpack.pack_into, "abcdefgh", a)


@case
def options():
    class Other:
        pass

    buf = bytearray(20)
    eq(msgpack.pack_into(Other(), buf, default=lambda o: [1]), 2)
    eq(msgpack.pack_into(1.5, buf, 0, use_single_float=True), 5)
    eq(msgpack.pack_into(1.5, buf, use_single_float=False), 9)
    eq(msgpack.pack_into(b"a", buf, 1, use_bin_type=False), 2)
    raises(TypeError, msgpack.pack_into, (1,), buf, strict_types=True)
    raises(TypeError, msgpack.pack_into, Other(), buf)
    eq(msgpack.pack_into(5, buf, offset=7), 1)
    eq(buf[7], 5)


@case
def packs_its_own_buffer():
    # source and target are one: the old content or a clean error
    buf = bytearray(b"0123456789" + bytes(20))
    try:
        n = msgpack.pack_into(memoryview(buf)[:10], buf)
    except (ValueError, RuntimeError):
        return
    eq(n, 12)
    eq(bytes(buf[:2]), b"\xc4\x0a")


@case
def in_place():
    # What is packed may lie in the same buffer, with room for its head in front.
    for size in (0, 1, 100, 200, 256, 500, 517, 518, 519, 520, 521, 522, 523, 524, 1000):
        for room in (3, 4, 5, 6, 7, 8, 16):
            buf = bytearray(room + size)
            for i in range(size):
                buf[room + i] = i * 7 + i // 256 & 255
            want = msgpack.packb(bytes(buf[room:]))
            if len(want) > room + size:
                continue
            eq(msgpack.pack_into(memoryview(buf)[room:], buf), len(want))
            eq(bytes(buf[: len(want)]), want)


check.end()
