# SPDX-License-Identifier: MIT
# needs: msgpack
# long: rpi-pico repeats
# also: mps2-an385-notime
# timeout: 120
# wants: floats
# Classes that derive from io.IOBase: every step size, pauses and ends at every position.
import check
import errno
import io
import msgpack
from check import case, eq, full_case, raises
from streams import IoSink, IoSource, Sink
from vectors import documents, expect, hx, ints

# On 32-bit machines the large ones are no small ints.
ERROR_NUMBERS = (
    [5]
    if check.small
    else [n for n, _ in ints((("0x5", 0), ("0x40000000", 0), ("0x7fffffff", 0)))]
)

try:
    import time
except ImportError:
    time = None

# every kind of header and body, 60 bytes or so
MESSAGE = hx(
    "87 a161 92 01 cd0203 c40162 c40463646566 c0 cb3ff8000000000000 d90178 d6ff00000005"
    "05 d5026768 06 82 01 02 03 93 c2 c3 90 a17a a3696a6b"
)

WAIT = {} if check.small else {"wait": -1}


@case
def out_whole():
    for data, value in documents():
        if value is not None:
            s = IoSink()
            msgpack.pack(value, s)
            eq(bytes(s.data) == msgpack.packb(value), True)


@case
def out_in_steps():
    obj = msgpack.unpackb(MESSAGE)
    want = msgpack.packb(obj)
    for step in (1, 2, 3, 7, 50):
        s = IoSink(step)
        msgpack.pack(obj, s)
        expect(bytes(s.data), want, step)
    for step in (1, 100, 1000):
        s = IoSink(step)
        msgpack.pack([b"q" * 700, "r" * 700], s)
        eq(bytes(s.data) == msgpack.packb([b"q" * 700, "r" * 700]), True)


@case
def out_pauses_everywhere():
    if time is None:
        check.skip("no time module: waiting ends at once")
    obj = msgpack.unpackb(MESSAGE)
    want = msgpack.packb(obj)
    for pos in range(len(want)):
        s = IoSink(pauses={pos: 2})
        msgpack.pack(obj, s)
        expect(bytes(s.data), want, pos)


@full_case("look at more bases than the first")
def out_pause_of_a_class_with_a_mixin():
    if time is None:
        check.skip("no time module: waiting ends at once")

    class Second(Sink, io.IOBase):
        def write(self, buf):
            return self.give(buf)

    s = Second(pauses={1: 2})
    msgpack.pack([1, 2, 3], s)
    expect(bytes(s.data), b"\x93\x01\x02\x03")


@case
def out_pause_without_time():
    if time is not None:
        check.skip("there is a time module")
    s = IoSink(pauses={1: 1})
    e = raises(OSError, msgpack.pack, [1, 2, 3], s)
    eq(e.errno, errno.ETIMEDOUT)


@case
def out_errors_everywhere():
    obj = msgpack.unpackb(MESSAGE)
    want = msgpack.packb(obj)
    for pos in range(len(want)):
        boom = KeyError(pos)
        s = IoSink(stop_at=pos, error=boom)
        e = raises(KeyError, msgpack.pack, obj, s)
        eq(e is boom, True)
        expect(bytes(s.data), want[:pos], pos)


@case
def out_error_numbers():
    class Bad(io.IOBase):
        def write(self, buf):
            return -number

    for number in ERROR_NUMBERS:
        e = raises(OSError, msgpack.pack, [1], Bad())
        eq(e.errno, number)


@case
def in_steps():
    for step in (1, 2, 3, 7, 1000):
        for data, value in documents():
            s = IoSource(data + b"\x2a", step)
            got = msgpack.unpack(s)
            eq(s.pos, len(data))
            if not isinstance(got, msgpack.ExtType):
                expect(got, value, step)
            eq(msgpack.unpack(s), 42)


@case
def in_pauses_everywhere():
    if time is None:
        check.skip("no time module: waiting ends at once")
    want = msgpack.unpackb(MESSAGE)
    # The small flavour does not wait for the first byte.
    for pos in range(check.small, len(MESSAGE)):
        s = IoSource(MESSAGE + b"\x2a", pauses={pos: 2})
        eq(msgpack.unpack(s, **WAIT) == want, True)
        eq(s.pos, len(MESSAGE))


@case
def in_pause_before_the_first_byte():
    s = IoSource(MESSAGE, pauses={0: 3})
    for _ in range(3):
        e = raises(OSError, msgpack.unpack, s)
        eq(e.errno, errno.EAGAIN)
    eq(msgpack.unpack(s) == msgpack.unpackb(MESSAGE), True)


@case
def in_pause_without_time():
    if time is not None:
        check.skip("there is a time module")
    s = IoSource(MESSAGE, pauses={5: 1})
    e = raises(OSError, msgpack.unpack, s)
    eq(e.errno, errno.ETIMEDOUT)
    s = IoSource(MESSAGE, pauses={0: 1})
    e = raises(OSError, msgpack.unpack, s, **WAIT)
    eq(e.errno, errno.EAGAIN)


@case
def in_end_everywhere():
    for pos in range(1, len(MESSAGE)):
        s = IoSource(MESSAGE[:pos])
        e = raises(msgpack.OutOfData, msgpack.unpack, s)
        is_eof = check.small or check.both
        eq((isinstance(e, EOFError), isinstance(e, OSError)), (is_eof, False))
    raises(EOFError, msgpack.unpack, IoSource(b""))


@case
def in_errors_everywhere():
    for pos in range(len(MESSAGE)):
        boom = KeyError(pos)
        e = raises(KeyError, msgpack.unpack, IoSource(MESSAGE, stop_at=pos, error=boom))
        eq(e is boom, True)


@case
def in_error_numbers():
    class Bad(io.IOBase):
        def readinto(self, buf):
            return -number

    for number in ERROR_NUMBERS:
        e = raises(OSError, msgpack.unpack, Bad())
        eq(e.errno, number)


@full_case("wait and timeout")
def in_timeout_everywhere():
    if time is None:
        check.skip("no time module: waiting ends at once")
    for pos in range(1, len(MESSAGE)):
        s = IoSource(MESSAGE, pauses={pos: 1 << 29})
        e = raises(OSError, msgpack.unpack, s, timeout=2)
        eq(e.errno, errno.ETIMEDOUT)


class Clocked(io.IOBase):
    """One byte every so many milliseconds, nothing between."""

    def __init__(self, data, ms):
        self.data = data
        self.pos = 0
        self.ms = ms
        self.last = time.ticks_ms()

    def readinto(self, buf):
        now = time.ticks_ms()
        if time.ticks_diff(now, self.last) < self.ms:
            return None
        if self.pos == len(self.data):
            return 0
        self.last = now
        buf[0] = self.data[self.pos]
        self.pos += 1
        return 1


@full_case("wait and timeout")
def timeout_begins_anew_with_each_byte():
    if time is None:
        check.skip("no time module")
    # 20 times 20 ms are more than 250 ms, no gap is
    data = b"\xdc\x00\x14" + b"\x05" * 20
    eq(msgpack.unpack(Clocked(data, 20), wait=-1, timeout=250), [5] * 20)


@full_case("wait and timeout")
def wait_covers_the_first_byte_only():
    if time is None:
        check.skip("no time module")
    e = raises(OSError, msgpack.unpack, Clocked(b"\x91\x05", 3000), wait=50)
    eq(e.errno, errno.EAGAIN)
    eq(msgpack.unpack(Clocked(b"\x91\x05", 100), wait=2000, timeout=500), [5])


@full_case("wait and timeout")
def wait_for_ever():
    if time is None:
        check.skip("no time module")
    eq(msgpack.unpack(Clocked(b"\x05", 300), wait=-1, timeout=10), 5)


@case
def buffers_are_as_long_as_they_say():
    # what readinto gets can be filled to its end
    sizes = []

    class Fill(io.IOBase):
        def __init__(self, data):
            self.data = data

        def readinto(self, buf):
            n = min(len(buf), len(self.data))
            sizes.append(len(buf))
            buf[:n] = self.data[:n]
            self.data = self.data[n:]
            return n

    data = b"\x93\xc5\x07\xd0" + b"w" * 2000 + b"\xda\x07\xd0" + b"v" * 2000 + b"\x01"
    got = msgpack.unpack(Fill(data + b"rest"))
    eq(got == [b"w" * 2000, "v" * 2000, 1], True)
    eq(min(sizes) > 0, True)


@case
def read_without_readinto():
    class Source(io.IOBase):
        def __init__(self, data):
            self.data = data

        def read(self, n):
            part = self.data[:n]
            self.data = self.data[n:]
            return part

    s = Source(b"\x92\x01\xa3abc\x05")
    eq(msgpack.unpack(s), [1, "abc"])
    eq(s.data, b"\x05")


@case
def neither_read_nor_write():
    class Nothing(io.IOBase):
        pass

    for fn, args in ((msgpack.pack, (1, Nothing())), (msgpack.unpack, (Nothing(),))):
        try:
            fn(*args)
        except (TypeError, AttributeError, OSError):
            continue
        raise AssertionError(fn)


check.end()
