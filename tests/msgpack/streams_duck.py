# SPDX-License-Identifier: MIT
# needs: msgpack
# long: rpi-pico repeats
# also: mps2-an385-notime
# timeout: 120
# wants: floats big-ints
# Objects that merely have write, or readinto, or read.
import gc

import check
import errno
import msgpack
from check import case, eq, full_case, raises
from streams import PlainSink, RaisingSink, RaisingSource, ReadintoSource, ReadSource
from vectors import documents, expect, hx

try:
    import time
except ImportError:
    time = None

MESSAGE = hx(
    "87 a161 92 01 cd0203 c40162 c40463646566 c0 cb3ff8000000000000 d90178 d6ff00000005"
    "05 d5026768 06 82 01 02 03 93 c2 c3 90 a17a a3696a6b"
)
SOURCES = (ReadintoSource, ReadSource, RaisingSource)
WAIT = {} if check.small else {"wait": -1}


def fails(fn, *args):
    """Any clean exception: which one is nobody's promise."""
    try:
        got = fn(*args)
    except (
        TypeError,
        ValueError,
        OverflowError,
        OSError,
        EOFError,
        RuntimeError,
        AttributeError,
    ) as e:
        return e
    raise AssertionError("got %r" % (got,))


@case
def write_that_returns_nothing():
    # the plainest class there is; asyncio's StreamWriter is another: it took everything
    obj = msgpack.unpackb(MESSAGE)
    s = PlainSink()
    eq(msgpack.pack(obj, s), None)
    expect(bytes(s.data), msgpack.packb(obj))


@case
def write_gets_bytes_to_keep():
    obj = [list(range(200)), b"b" * 1000, "s" * 1000, {"k": 1.5}]
    for s in (PlainSink(), RaisingSink()):
        msgpack.pack(obj, s)
        msgpack.pack("later", s)
        junk = [bytearray(b"\xee" * 64) for _ in range(100)]
        eq([type(b) is bytes for b in s.kept], [True] * len(s.kept))
        eq(b"".join(s.kept) == msgpack.packb(obj) + msgpack.packb("later"), True)
        eq(len(junk), 100)


@case
def out_in_steps():
    obj = msgpack.unpackb(MESSAGE)
    want = msgpack.packb(obj)
    for step in (1, 2, 3, 7, 50):
        s = RaisingSink(step)
        msgpack.pack(obj, s)
        expect(bytes(s.data), want, step)
    s = RaisingSink(7)
    msgpack.pack([b"q" * 700, "r" * 700], s)
    eq(bytes(s.data) == msgpack.packb([b"q" * 700, "r" * 700]), True)


@full_case("wait after an EAGAIN that is raised")
def out_pauses_everywhere():
    if time is None:
        check.skip("no time module: waiting ends at once")
    obj = msgpack.unpackb(MESSAGE)
    want = msgpack.packb(obj)
    for pos in range(len(want)):
        s = RaisingSink(pauses={pos: 2})
        msgpack.pack(obj, s)
        expect(bytes(s.data), want, pos)


@case
def out_errors_everywhere():
    obj = msgpack.unpackb(MESSAGE)
    want = msgpack.packb(obj)
    for pos in range(len(want)):
        for boom in (KeyError(pos), OSError(5)):
            s = RaisingSink(stop_at=pos, error=boom)
            e = raises(type(boom), msgpack.pack, obj, s)
            eq(e is boom, True)
            expect(bytes(s.data), want[:pos], pos)


@full_case("wait after an EAGAIN that is raised")
def out_that_stays_blocked():
    s = RaisingSink(pauses={3: 1 << 29})
    e = raises(OSError, msgpack.pack, [1, 2, 3, 4], s)
    eq(e.errno, errno.ETIMEDOUT)
    expect(bytes(s.data), b"\x94\x01\x02")


@case
def out_lies_about_its_count():
    class Liar:
        def __init__(self, answer):
            self.answer = answer
            self.calls = 0

        def write(self, buf):
            self.calls += 1
            if self.calls > 5000:
                raise AssertionError("called for ever")
            return self.answer

    for answer in (1 << 20, -1, -1000, "x", 1.5, 1 << 70, []):
        fails(msgpack.pack, [1, 2, 3], Liar(answer))


@case
def in_steps():
    for kind in SOURCES:
        for step in (1, 2, 7, 1000):
            for data, value in documents():
                if len(data) > 100 and step < 7:
                    continue
                s = kind(data + b"\x2a", step)
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
    for kind in SOURCES[:2] if check.small else SOURCES:
        for pos in range(len(MESSAGE)):
            if pos == 0 and check.small:
                continue  # It does not wait for the first byte.
            s = kind(MESSAGE + b"\x2a", pauses={pos: 2})
            eq(msgpack.unpack(s, **WAIT) == want, True)
            eq(s.pos, len(MESSAGE))


@case
def in_pause_before_the_first_byte():
    for kind in SOURCES:
        s = kind(MESSAGE, pauses={0: 2})
        for _ in range(2):
            e = raises(OSError, msgpack.unpack, s)
            eq(e.errno, errno.EAGAIN)
        eq(msgpack.unpack(s) == msgpack.unpackb(MESSAGE), True)


@case
def in_end_everywhere():
    for kind in SOURCES:
        for pos in range(1, len(MESSAGE)):
            raises(msgpack.OutOfData, msgpack.unpack, kind(MESSAGE[:pos]))
        raises(EOFError, msgpack.unpack, kind(b""))


@case
def in_errors_everywhere():
    for kind in SOURCES:
        for pos in range(len(MESSAGE)):
            for boom in (KeyError(pos), OSError(5)):
                s = kind(MESSAGE, stop_at=pos, error=boom)
                e = raises(type(boom), msgpack.unpack, s)
                eq(e is boom, True)


@full_case("timeout")
def in_timeout():
    if time is None:
        check.skip("no time module")
    for kind in SOURCES:
        for pos in range(1, len(MESSAGE), 5):
            s = kind(MESSAGE, pauses={pos: 1 << 29})
            e = raises(OSError, msgpack.unpack, s, timeout=2)
            eq(e.errno, errno.ETIMEDOUT)


@case
def read_returns_other_buffers():
    class Other:
        def __init__(self, data, kind):
            self.data = data
            self.kind = kind

        def read(self, n):
            out = self.data[:n]
            self.data = self.data[n:]
            return self.kind(out)

    for kind in (bytes, bytearray, memoryview):
        got = msgpack.unpack(Other(MESSAGE, kind))
        eq((len(got), got["z"]), (7, "ijk"))


@full_case("check of what read returns")
def read_returns_text():
    class Text:
        def read(self, n):
            return "\x01"[:n]

    raises(TypeError, msgpack.unpack, Text(), match="str")


@case
def in_lies_about_its_count():
    class Read:
        def __init__(self, answer):
            self.answer = answer

        def read(self, n):
            return self.answer

    class Readinto:
        def __init__(self, answer):
            self.answer = answer

        def readinto(self, buf):
            return self.answer

    for answer in (5, [], 1.5, b"\x92" * 5000):
        fails(msgpack.unpack, Read(answer))
    for answer in (1 << 20, -1, -1000, "x", 1.5, 1 << 70, []):
        fails(msgpack.unpack, Readinto(answer))


@case
def attribute_that_is_no_method():
    class Odd:
        read = 5
        write = None

    fails(msgpack.pack, 1, Odd())
    fails(msgpack.unpack, Odd())


@full_case("look for read after an exception about readinto")
def getattr_that_raises():
    # a proxy has no readinto: read is looked for, too
    class Proxy:
        def __init__(self, target):
            self.target = target

        def __getattr__(self, name):
            return getattr(self.target, name)

    eq(msgpack.unpack(Proxy(ReadSource(b"\x92\x01\x02"))), [1, 2])
    sink = PlainSink()
    msgpack.pack([1], Proxy(sink))
    expect(bytes(sink.data), b"\x91\x01")
    raises(TypeError, msgpack.unpack, Proxy(5))
    raises(TypeError, msgpack.pack, 1, Proxy(5))

    class Broken:
        def __getattr__(self, name):
            raise KeyError(name)

    raises(KeyError, msgpack.unpack, Broken())


@case
def methods_of_a_module():
    # anything with the attribute will do
    taken = []

    class Holder:
        pass

    h = Holder()
    h.write = taken.append
    msgpack.pack([1, "a"], h)
    expect(b"".join(taken), b"\x92\x01\xa1a")


@case
def counts_that_resize_the_buffer():
    # The result's __int__ runs after readinto.
    class Count:
        def __init__(self, buf):
            self.buf = buf

        def __int__(self):
            self.buf.extend(bytes(4000))
            gc.collect()
            self.junk = [bytearray(8) for _ in range(50)]
            return 1

    class Source:
        def readinto(self, buf):
            buf[0] = 5
            return Count(buf)

    try:
        got = msgpack.unpack(Source())
    except (TypeError, OSError):
        got = 5
    eq(got, 5)


check.end()
