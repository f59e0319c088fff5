# SPDX-License-Identifier: MIT
# needs: msgpack
# long: rpi-pico
# also: mps2-an385-notime
# wants: floats big-ints
# Packing allocates nothing; nor does unpacking what needs no object of its own.
import gc
from io import BytesIO

import check
import errno
import io
import micropython
import msgpack
from check import case, eq, full_case, raises, zero_heap
from vectors import documents, expect, nested

try:
    from collections import OrderedDict, namedtuple
except ImportError:
    OrderedDict = namedtuple = None
try:
    from micropython import RingIO
except ImportError:
    RingIO = None


class Text(str):
    pass


class Thing:
    pass


class Sink(io.IOBase):
    """Takes everything and keeps the first bytes, without allocating."""

    def __init__(self, size):
        self.data = bytearray(size)
        self.n = 0

    def write(self, buf):
        i = 0
        n = self.n
        data = self.data
        while i < len(buf):
            data[n] = buf[i]
            n += 1
            i += 1
        self.n = n
        return i


class Source(io.IOBase):
    def __init__(self, byte):
        self.byte = byte

    def readinto(self, buf):
        buf[0] = self.byte
        return 1


def values():
    yield from (None, True, False, 0, -1, 127, 128, 1 << 29, 1.5, float("inf"), "", "abc")
    if not check.small:
        # There it takes heap to see how large these are, and where more than 4 are nested.
        yield from (1 << 30, 1 << 62, 1 << 63, (1 << 64) - 1, -(1 << 31), -(1 << 63))
        yield nested(15, [1])
    yield "x" * 500
    yield from (b"", b"abc", b"x" * 500, bytearray(b"abc"), memoryview(b"abc")[1:])
    yield from ([], (), {}, [1, "a", None], (1, (2, (3,))), {"k": {"l": [1]}, 2: b"v"})
    yield msgpack.ExtType(5, b"abc")
    if not check.small:
        yield from (msgpack.Timestamp(1), msgpack.Timestamp(1 << 40, 5))
    yield from ([1] * 300, {i: i for i in range(50)})
    if not check.small:
        yield Text("sub")
    yield nested(3, [1])
    if OrderedDict is not None:
        yield OrderedDict([("a", 1)])
        yield namedtuple("P", ("x", "y"))(1, 2)


def to_stream(value, stream):
    msgpack.pack(value, stream)


def default(obj):
    return "thing"


@case
def pack_to_native_stream():
    for value in values():
        want = msgpack.packb(value)
        s = BytesIO(600)
        zero_heap(msgpack.pack, value, s)
        expect(s.getvalue()[: len(want)], want)


@full_case("calls that allocate nothing")
def pack_to_iobase_stream():
    for value in values():
        want = msgpack.packb(value)
        s = Sink(600)
        zero_heap(msgpack.pack, value, s)
        expect(bytes(s.data[: s.n]), want)


@full_case("pack_into")
def pack_into_buffer():
    buf = bytearray(600)
    for value in values():
        want = msgpack.packb(value)
        eq(zero_heap(msgpack.pack_into, value, buf), len(want))
        expect(bytes(buf[: len(want)]), want)


@full_case("pack_into")
def pack_into_at_an_offset():
    buf = bytearray(600)
    eq(zero_heap(msgpack.pack_into, [1, "a"], buf, 5), 4)
    expect(bytes(buf[:9]), bytes(5) + b"\x92\x01\xa1a")


@full_case("calls that allocate nothing")
def sixteen_levels():
    # a dict and a tuple on each second level
    obj = 5
    for i in range(16):
        obj = ([obj], {"k": obj}, (1, obj, 2))[i % 3]
    if not check.small:
        zero_heap(msgpack.pack_into, obj, bytearray(600))
    s = Sink(600)
    zero_heap(msgpack.pack, obj, s)
    expect(bytes(s.data[: s.n]), msgpack.packb(obj))


@full_case("pack_into")
def with_options():
    buf = bytearray(100)
    obj = [1.5, b"x", Thing]

    def run():
        return msgpack.pack_into(obj, buf, default=default, use_bin_type=False)

    n = zero_heap(run)
    expect(bytes(buf[:n]), msgpack.packb([1.5, b"x", "thing"], use_bin_type=False))


@case
def errors_of_packing_are_clean():
    # with the heap locked the exception may lose its text, not its type
    def run():
        try:
            if check.small:
                msgpack.pack(Thing, sink)
            else:
                msgpack.pack_into(Thing, buf)
        except TypeError:
            return 1
        return 0

    buf = bytearray(10)
    sink = BytesIO(10)
    micropython.heap_lock()
    try:
        got = run()
    finally:
        micropython.heap_unlock()
    eq(got, 1)


@case
def packb_with_the_heap_locked():
    # it must allocate its result, so it says that it cannot
    micropython.heap_lock()
    try:
        try:
            msgpack.packb([1])
            got = None
        except MemoryError:
            got = 1
    finally:
        micropython.heap_unlock()
    eq(got, 1)
    expect(msgpack.packb([1]), b"\x91\x01")


SMALL = (b"\xc0", b"\xc2", b"\xc3", b"\x00", b"\x7f", b"\xff", b"\xe0", b"\xcc\xff")
SMALL += (b"\xcd\xff\xff", b"\xd0\x80", b"\xd1\x80\x00", b"\xce\x3f\xff\xff\xff")
SMALL += (b"\xd2\xff\xff\x00\x00", b"\xce\x00\x00\x00\x01", b"\xcf" + bytes(7) + b"\x05")
SMALL += (b"\xd3" + b"\xff" * 8,)


@full_case("calls that allocate nothing")
def unpackb_of_small_things():
    for data in SMALL:
        got = zero_heap(msgpack.unpackb, data)
        expect(got, msgpack.unpackb(data), data)


@full_case("calls that allocate nothing")
def unpack_of_small_things():
    for data in SMALL:
        s = BytesIO(data)
        got = zero_heap(msgpack.unpack, s)
        expect(got, msgpack.unpackb(data), data)


@full_case("calls that allocate nothing")
def unpack_of_small_things_from_iobase():
    for byte in (0xC0, 0xC3, 5, 0xFF):
        expect(zero_heap(msgpack.unpack, Source(byte)), msgpack.unpackb(bytes((byte,))))


@full_case("Unpacker")
def skip():
    u = msgpack.Unpacker()
    u.feed(b"\x93\x01\xa1a\x81\xc4\x01x\xcf" + b"\xff" * 8 + b"\xdc\x00\x10" + b"\x90" * 16)
    zero_heap(u.skip)
    zero_heap(u.skip)
    raises(msgpack.OutOfData, u.skip)


@full_case("Unpacker")
def skip_every_document():
    for data, _ in documents():
        u = msgpack.Unpacker()
        u.feed(data + b"\x2a")
        zero_heap(u.skip)
        eq(zero_heap(u.unpack), 42)


def caught(fn, stream):
    """(type, errno) of the exception that fn raises while the heap is locked."""
    kind = number = None
    micropython.heap_lock()
    try:
        try:
            fn(stream)
        except OSError as e:
            kind = OSError
            number = e.errno
        except EOFError:
            kind = EOFError
    finally:
        micropython.heap_unlock()
    return kind, number


@full_case("calls that allocate nothing")
def errno_with_the_heap_locked():
    if RingIO is None:
        check.skip("no micropython.RingIO")
    r = RingIO(10)
    for _ in range(3):
        eq(caught(msgpack.unpack, r), (OSError, errno.EAGAIN))

    def short(r):
        msgpack.unpack(r, timeout=5)

    r.write(b"\xcd")
    eq(caught(short, r), (OSError, errno.ETIMEDOUT))


@case
def first_error_with_the_heap_locked():
    # All exceptions are one object then. While the rest is skipped the stream fails, too.
    class Failing(io.IOBase):
        def __init__(self):
            self.left = 2

        def readinto(self, buf):
            if self.left == 0:
                raise OSError
            self.left -= 1
            buf[0] = 0x92
            return 1

    kind = None
    stream = Failing()
    micropython.heap_lock()
    try:
        msgpack.unpack(stream)
    except Exception as e:
        kind = type(e)
    micropython.heap_unlock()
    eq(kind, MemoryError)


@full_case("Unpacker")
def header_with_the_heap_locked():
    # Its number needs heap: the header is still there when that is to be had.
    u = msgpack.Unpacker()
    u.feed(b"\xdd\xff\xff\xff\xff")
    kind = None
    micropython.heap_lock()
    try:
        u.read_array_header()
    except MemoryError:
        kind = MemoryError
    micropython.heap_unlock()
    if kind is not None:
        eq(u.tell(), 0)
        eq(u.read_array_header(), 0xFFFFFFFF)


@full_case("calls that allocate nothing")
def end_with_the_heap_locked():
    eq(caught(msgpack.unpack, BytesIO(b"")), (EOFError, None))


@full_case("timeout")
def kept_exceptions_keep_their_numbers():
    # instances made at import are shared; the next error must not rewrite the last one
    if RingIO is None:
        check.skip("no micropython.RingIO")
    r = RingIO(10)
    first = raises(OSError, msgpack.unpack, r)
    r.write(b"\x92")
    second = raises(OSError, msgpack.unpack, r, timeout=1)
    r.write(b"\x92")
    raises(OSError, msgpack.unpack, r, timeout=1)
    eq((first.errno, second.errno), (errno.EAGAIN, errno.ETIMEDOUT))


def used(fn, *args):
    """(bytes allocated by fn, bytes that its result keeps)."""
    fn(*args)
    # What this has left on the stack or in a register is then something small.
    msgpack.unpackb(msgpack.packb([]))
    check.collect_garbage()
    gc.disable()
    try:
        before = gc.mem_alloc()
        result = fn(*args)
        allocated = gc.mem_alloc() - before
    finally:
        gc.enable()
    check.collect_garbage()
    kept = gc.mem_alloc() - before
    eq(result is not None, True)
    return allocated, kept


@full_case("Unpacker")
def errors_stay():
    # an exception made without heap is the firmware's one object for that, which others use, too
    u = msgpack.Unpacker()
    u.feed(b"\xc1")
    types = [None] * 3
    micropython.heap_lock()
    for i in range(3):
        try:
            u.unpack()
        except Exception as e:
            types[i] = type(e)
        try:
            bytearray(100)
        except MemoryError:
            pass
    micropython.heap_unlock()
    eq(types, [msgpack.FormatError] * 3)
    raises(msgpack.FormatError, u.unpack)
    u.reset()
    u.feed(b"\x05")
    eq(u.unpack(), 5)


@case
def decoding_allocates_the_result():
    table = (
        b"\xdc\x00\xc8" + b"\xcd\x01\x02" * 200,
        b"\x9a" + (b"\xd9\x28" + b"y" * 40) * 10,
        b"\xc5\x03\xe8" + b"b" * 1000,
        b"\xdc\x00\x32" + b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00" * 50,
        b"\xdc\x00\x32" + b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff" * 50,
        b"\xdc\x00\x32" + b"\x92\x01\x02" * 50,
        b"\xdc\x00\x32" + b"\xd5\x05ab" * 50,
        b"\xdc\x00\x14" + b"\x83\x01\x02\x03\x04\x05\x06" * 20,
    )
    for data in table:
        allocated, kept = used(msgpack.unpackb, data)
        if allocated - kept > 400:
            raise AssertionError("%r: %d allocated, %d kept" % (data[:4], allocated, kept))


@case
def packb_allocates_result_and_buffer():
    for value in ([5] * 3000, b"b" * 3000, "s" * 3000, ["x" * 30] * 100):
        size = len(msgpack.packb(value))
        allocated, kept = used(msgpack.packb, value)
        if allocated > 3 * size + 600:
            raise AssertionError("%d allocated for %d bytes" % (allocated, size))


check.end()
