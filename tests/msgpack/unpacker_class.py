# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico repeats
# also: mps2-an385-notime
# timeout: 120
# wants: floats big-ints full
# Unpacker: however the bytes are cut, the same objects, and each hook called once.
import io
from io import BytesIO

import check
import msgpack
from check import case, eq, raises
from vectors import CPYTHON, documents, expect, hx, pieces

STREAM = (
    hx("93 01 a161 c0 82 a161 91 cd0100 a162 83 a178 c40179 a17a cb3ff8000000000000")
    + hx("a17b d60161626364 d920")
    + b"0" * 32
    + hx("c3 cfffffffffffffffff 92 d6ff00000005 80 2a")
)


def objects():
    return [
        [1, "a", None],
        {"a": [256], "b": {"x": b"y", "z": 1.5, "{": msgpack.ExtType(1, b"abcd")}},
        "0" * 32,
        True,
        (1 << 64) - 1,
        [msgpack.Timestamp(5), {}],
        42,
    ]


def drain(u):
    out = []
    try:
        while True:
            out.append(u.unpack())
    except msgpack.OutOfData:
        return out


@case
def all_at_once():
    u = msgpack.Unpacker()
    u.feed(STREAM)
    expect(drain(u), objects())
    raises(msgpack.OutOfData, u.unpack)


@case
def every_split_in_two():
    want = objects()
    for cut in range(len(STREAM) + 1):
        u = msgpack.Unpacker()
        u.feed(STREAM[:cut])
        got = drain(u)
        u.feed(STREAM[cut:])
        got += drain(u)
        expect(got, want, cut)


@case
def every_split_in_three_of_the_map():
    start, end = 5, 50
    part = STREAM[start:end]
    want = objects()[1]
    u = msgpack.Unpacker()
    for i in range(0, len(part), 3):
        for j in range(i, len(part), 5):
            u.feed(part[:i])
            got = drain(u)
            u.feed(part[i:j])
            got += drain(u)
            u.feed(part[j:])
            got += drain(u)
            expect(got[0], want, (i, j))
            u = msgpack.Unpacker()


@case
def one_byte_at_a_time():
    u = msgpack.Unpacker()
    got = []
    for piece in pieces(STREAM, 1):
        u.feed(piece)
        got += drain(u)
    expect(got, objects())


@case
def every_document_byte_by_byte():
    u = msgpack.Unpacker(strict_map_key=False)
    for data, value in documents():
        if len(data) > 120:
            continue
        for piece in pieces(data[:-1], 1):
            u.feed(piece)
            raises(msgpack.OutOfData, u.unpack)
        u.feed(data[-1:])
        got = u.unpack()
        if not isinstance(got, msgpack.ExtType):
            expect(got, value)


@case
def hooks_run_once():
    data = hx("93 92 d40161 90 82 a161 d40262 a162 80 91 d40363")
    for step in range(1, len(data) + 1):
        calls = []

        def ext(code, body):
            calls.append(code)
            return code

        def lst(x):
            calls.append(x)
            return len(x)

        def obj(x):
            calls.append(sorted(x))
            return 7

        u = msgpack.Unpacker(ext_hook=ext, list_hook=lst, object_hook=obj)
        got = []
        for piece in pieces(data, step):
            u.feed(piece)
            got += drain(u)
        expect(got, [3], step)
        expect(calls, [1, [], [1, 0], 2, [], ["a", "b"], 3, [3], [2, 7, 1]], step)


@case
def iteration():
    u = msgpack.Unpacker()
    u.feed(STREAM[:60])
    got = [x for x in u]
    u.feed(STREAM[60:])
    got += list(u)
    expect(got, objects())
    eq(list(u), [])
    u.feed(b"\x07\x92")
    eq(next(iter(u)), 7)
    eq(list(u), [])
    u.feed(b"\x01\x02")
    eq(list(u), [[1, 2]])


@case
def iterator_is_itself():
    u = msgpack.Unpacker()
    eq(iter(u) is u, True)
    raises(StopIteration, next, u)
    u.feed(b"\x05")
    eq(next(u), 5)


@case
def what_feed_takes():
    u = msgpack.Unpacker()
    buf = bytearray(b"\x92\xa3abc")
    u.feed(buf)
    # copied: the caller's buffer is its own again
    for i in range(len(buf)):
        buf[i] = 0xC1
    u.feed(memoryview(b"\xc1\xc4\x01z\xc1")[1:4])
    u.feed(b"")
    expect(u.unpack(), ["abc", b"z"])
    raises(TypeError, u.feed, 5)
    raises(TypeError, u.feed, None)


@case
def skip():
    for cut in range(len(STREAM) + 1):
        u = msgpack.Unpacker()
        u.feed(STREAM[:cut])
        n = 0
        try:
            while True:
                u.skip()
                n += 1
        except msgpack.OutOfData:
            pass
        u.feed(STREAM[cut:])
        while n < 6:
            u.skip()
            n += 1
        if n == 6:
            expect(u.unpack(), 42, cut)


@case
def skip_calls_no_hook():
    def bad(*args):
        raise AssertionError("hook called")

    u = msgpack.Unpacker(list_hook=bad, object_hook=bad, ext_hook=bad)
    u.feed(hx("92 d40161 81 a161 90 05"))
    u.skip()
    eq(u.unpack(), 5)


@case
def skip_does_not_look_inside_strs():
    u = msgpack.Unpacker()
    u.feed(hx("a1ff 81 9001 05"))
    u.skip()
    u.skip()
    eq(u.unpack(), 5)


@case
def read_headers():
    u = msgpack.Unpacker()
    u.feed(hx("92 01 81 a161 02 dc0010 df00000011"))
    eq(u.read_array_header(), 2)
    eq(u.unpack(), 1)
    eq(u.read_map_header(), 1)
    eq(u.unpack(), "a")
    eq(u.unpack(), 2)
    eq(u.read_array_header(), 16)
    eq(u.read_map_header(), 17)
    raises(msgpack.OutOfData, u.read_array_header)


@case
def headers_in_pieces():
    for text, name, n in (
        ("dc0102", "read_array_header", 0x102),
        ("dd00010203", "read_array_header", 0x10203),
        ("de0102", "read_map_header", 0x102),
        ("df00010203", "read_map_header", 0x10203),
    ):
        data = hx(text)
        u = msgpack.Unpacker()
        for piece in pieces(data, 1):
            raises(msgpack.OutOfData, getattr(u, name))
            u.feed(piece)
        eq(getattr(u, name)(), n)


@case
def header_of_something_else():
    for data in (b"\x01", b"\xa1a", b"\xc0", b"\x81\x01\x02"):
        u = msgpack.Unpacker()
        u.feed(data)
        raises(ValueError, u.read_array_header)
    for data in (b"\x01", b"\xa1a", b"\xc0", b"\x91\x01"):
        u = msgpack.Unpacker()
        u.feed(data)
        raises(ValueError, u.read_map_header)


@case
def read_bytes():
    u = msgpack.Unpacker()
    u.feed(b"\x01raw bytes\x02")
    eq(u.unpack(), 1)
    expect(u.read_bytes(3), b"raw")
    expect(u.read_bytes(0), b"")
    expect(u.read_bytes(6), b" bytes")
    eq(u.unpack(), 2)
    u.feed(b"abc")
    # what there is, when that is less
    expect(u.read_bytes(10), b"abc")
    expect(u.read_bytes(10), b"")
    u.feed(b"\x05")
    eq(u.unpack(), 5)


@case
def asked_too_early():
    # OutOfData between two objects leaves nothing half done: any other call may follow
    calls = (
        lambda u: u.unpack(),
        lambda u: u.skip(),
        lambda u: u.read_array_header(),
        lambda u: u.read_map_header(),
        lambda u: next(u),
    )
    for i, early in enumerate(calls):
        for start in (b"", b"\x01"):
            u = msgpack.Unpacker(strict_map_key=False)
            u.feed(start)
            if start:
                u.unpack()
            for data, method, want in (
                (b"raw", lambda u: u.read_bytes(3), b"raw"),
                (b"", lambda u: u.read_bytes(5), b""),
                (b"\x91", lambda u: u.read_array_header(), 1),
                (b"\x82", lambda u: u.read_map_header(), 2),
                (b"\x91\x05", lambda u: u.unpack(), [5]),
                (b"\x81\x05\x06", lambda u: u.unpack(), {5: 6}),
                (b"\x91\x05", lambda u: u.skip(), None),
            ):
                before = u.tell()
                try:
                    early(u)
                except (msgpack.OutOfData, StopIteration):
                    pass
                else:
                    raise AssertionError("no OutOfData")
                eq(u.tell(), before)
                u.feed(data)
                expect(method(u), want, (i, data))
                eq(u.tell(), before + len(data))


@case
def asked_too_late():
    # half an object is there: what follows is no header and no raw bytes
    for method in (
        lambda u: u.read_array_header(),
        lambda u: u.read_map_header(),
        lambda u: u.read_bytes(1),
    ):
        u = msgpack.Unpacker()
        u.feed(b"\x92\x01")
        raises(msgpack.OutOfData, u.unpack)
        if not CPYTHON:
            raises(RuntimeError, method, u)


@case
def tell():
    u = msgpack.Unpacker()
    eq(u.tell(), 0)
    u.feed(b"\x01\xa3abc\x92\x01\x02xyz\x80")
    eq(u.tell(), 0)
    for want in (1, 5, 8):
        u.unpack()
        eq(u.tell(), want)
    u.read_bytes(3)
    eq(u.tell(), 11)
    u.skip()
    eq(u.tell(), 12)
    u.feed(b"\x91\x05")
    u.read_array_header()
    eq(u.tell(), 13)
    u.unpack()
    eq(u.tell(), 14)


@case
def tell_of_a_long_stream():
    u = msgpack.Unpacker(max_buffer_size=1000)
    for i in range(300):
        u.feed(b"\xc4\x20" + b"." * 32)
        u.unpack()
    eq(u.tell(), 34 * 300)


@case
def error_stays_until_reset():
    if CPYTHON:
        check.skip("python3-msgpack has no reset")
    for method in ("unpack", "skip", "read_array_header", "read_map_header", "__next__"):
        u = msgpack.Unpacker()
        u.feed(b"\x01\x92\x05\xc1")
        eq(u.unpack(), 1)
        raises(msgpack.FormatError, u.unpack)
        try:
            u.feed(b"\x02\x03")
        except msgpack.FormatError:
            pass  # every further call says so
        raises(msgpack.FormatError, u.unpack)
        call = next if method == "__next__" else lambda u: getattr(u, method)()
        raises(msgpack.FormatError, call, u)
        u.reset()
        raises(msgpack.OutOfData, u.unpack)
        u.feed(b"\x07")
        eq(u.unpack(), 7)


@case
def refusal_stays_until_reset():
    if CPYTHON:
        check.skip("python3-msgpack has no reset")
    u = msgpack.Unpacker(max_str_len=2)
    u.feed(b"\xa3abc\x05")
    raises(ValueError, u.unpack)
    raises(ValueError, u.unpack)
    u.reset()
    u.feed(b"\x05")
    eq(u.unpack(), 5)


@case
def reset_in_the_middle():
    if CPYTHON:
        check.skip("python3-msgpack has no reset")
    u = msgpack.Unpacker()
    u.feed(b"\x93\x01\x92")
    raises(msgpack.OutOfData, u.unpack)
    u.reset()
    raises(msgpack.OutOfData, u.unpack)
    u.feed(b"\x05")
    eq(u.unpack(), 5)
    u.feed(b"\xa5abc")
    raises(msgpack.OutOfData, u.skip)
    u.reset()
    u.feed(b"\x06")
    eq(u.unpack(), 6)


@case
def buffer_full():
    u = msgpack.Unpacker(max_buffer_size=10)
    u.feed(b"\xa9123456789")
    e = raises(msgpack.BufferFull, u.feed, b"\x05")
    eq(isinstance(e, msgpack.UnpackException), True)
    # what was there still is, and there is room again afterwards
    expect(u.unpack(), "123456789")
    u.feed(b"\x05")
    eq(u.unpack(), 5)
    raises(msgpack.BufferFull, u.feed, b"x" * 11)
    u.feed(b"\xa9123456789")
    expect(u.unpack(), "123456789")


@case
def small_buffer_long_stream():
    # consumed bytes make room, also in the middle of a large object
    u = msgpack.Unpacker(max_buffer_size=64)
    for i in range(200):
        u.feed(b"\x83\xa1a\xcd" + bytes((1, i)) + b"\xa1b\x92\x01\x02\xa1c\xa5hello")
        expect(u.unpack(), {"a": 256 + i, "b": [1, 2], "c": "hello"}, i)


@case
def large_object_through_a_small_buffer():
    if CPYTHON:
        check.skip("python3-msgpack keeps the whole object in its buffer")
    u = msgpack.Unpacker(max_buffer_size=64)
    u.feed(b"\xdc\x02\x00")
    for i in range(512):
        raises(msgpack.OutOfData, u.unpack)
        u.feed(b"\xa5hello")
    expect(u.unpack(), ["hello"] * 512)


def at_most(factor, small, unit, large):
    """large() takes at most so many times as long as small(), in some of several attempts: other
    programs may slow down the machine in any one of them, but never speed it up."""
    for attempt in range(20):
        pair = small(), large()
        if pair[1] <= factor * (pair[0] + unit):
            return
    raise AssertionError("%d and %d in the last attempt" % pair)


@case
def linear_time_byte_by_byte():
    # attempts after each byte of one object must not begin again
    try:
        from time import ticks_diff, ticks_ms
    except ImportError:
        check.skip("no time.ticks_ms")

    def run(n):
        u = msgpack.Unpacker()
        start = ticks_ms()
        u.feed(b"\xdc" + bytes((n >> 8, n & 255)))
        for _ in range(n - 1):
            u.feed(b"\x05")
            try:
                u.unpack()
            except msgpack.OutOfData:
                pass
        u.feed(b"\x05")
        eq(len(u.unpack()), n)
        return ticks_diff(ticks_ms(), start)

    # 16 times the work; 256 times if it began again each time
    at_most(60, lambda: run(300), 3, lambda: run(4800))


@case
def linear_time_many_objects():
    # one large feed, objects taken one by one: the rest must not move each time
    try:
        from time import ticks_diff, ticks_ms
    except ImportError:
        check.skip("no time.ticks_ms")

    def run(n):
        u = msgpack.Unpacker(max_buffer_size=100000)
        u.feed(b"\xa1x" * n)
        start = ticks_ms()
        for _ in range(n):
            u.unpack()
        return ticks_diff(ticks_ms(), start)

    at_most(60, lambda: run(500), 3, lambda: run(8000))


@case
def linear_time_when_full():
    # As many bytes as may wait do; each that is used makes room for one more.
    try:
        from time import ticks_diff, ticks_us
    except ImportError:
        check.skip("no time.ticks_us")

    def run(waiting):
        u = msgpack.Unpacker(max_buffer_size=waiting)
        u.feed(b"\x05" * waiting)
        start = ticks_us()
        for _ in range(1000):
            u.unpack()
            u.feed(b"\x06")
        return ticks_diff(ticks_us(), start)

    many = 100000 if "unix" in check.target else 10000
    at_most(5, lambda: run(64), 50, lambda: run(many))


@case
def tell_beyond_32_bits():
    if "unix" not in check.target:
        check.skip("takes a fast machine")

    class Zeros(io.IOBase):
        left = 0

        def readinto(self, buf):
            if self.left == 0:
                buf[:5] = b"\xc6\xff\xff\xff\x00"
                self.left = 0xFFFFFF00
                return 5
            n = min(len(buf), self.left)
            self.left -= n
            return n

    u = msgpack.Unpacker(Zeros(), read_size=4096)
    u.skip()
    eq(u.tell(), 0xFFFFFF05)
    u.skip()
    eq(u.tell(), 2 * 0xFFFFFF05)


@case
def object_beyond_32_bits():
    if "unix" not in check.target:
        check.skip("takes a fast machine")

    class Zeros(io.IOBase):
        # An array of two bins of nearly 4 GiB each, and a number. Nothing comes for a while after
        # exactly 4 GiB.
        HEADER = b"\xc6\xff\xff\xff\x00"
        parts = [b"\x92" + HEADER, 0xFFFFFF00, HEADER, 0xFFFFFF00, b"\x2a"]
        left = 1 << 32
        now = b""

        def readinto(self, buf):
            if self.left == 0:
                self.left = 1 << 40
                return None
            if not self.now:
                if not self.parts:
                    return 0
                self.now = self.parts.pop(0)
            if isinstance(self.now, int):
                n = min(len(buf), self.now, self.left)
                self.now -= n
            else:
                n = min(len(buf), len(self.now), self.left)
                buf[:n] = self.now[:n]
                self.now = self.now[n:]
            self.left -= n
            return n

    u = msgpack.Unpacker(Zeros(), read_size=4096)
    raises(msgpack.OutOfData, u.skip)
    eq(u.tell(), 1 << 32)
    u.skip()
    eq(u.tell(), 1 + 2 * 0xFFFFFF05)
    eq(u.unpack(), 42)
    eq(u.tell(), 2 + 2 * 0xFFFFFF05)


@case
def asked_in_the_middle():
    if CPYTHON:
        check.skip("CPython's goes on from the start of the object")
    # What must not be asked in the middle of an object leaves that as it is.
    for ask in ("read_array_header", "read_map_header", "read_bytes"):
        for first in (b"\x92\x01", b"\x92\x01\xa3a", b"\x92\x01\xcd"):
            u = msgpack.Unpacker()
            u.feed(first)
            raises(msgpack.OutOfData, u.unpack)
            args = (1,) if ask == "read_bytes" else ()
            for i in range(3):
                raises(RuntimeError, getattr(u, ask), *args)
            u.feed({2: b"\x02\x07", 4: b"bc\x07", 3: b"\x01\x00\x07"}[len(first)])
            eq(u.unpack(), {2: [1, 2], 4: [1, "abc"], 3: [1, 256]}[len(first)])
            eq(u.unpack(), 7)
            eq(u.tell(), {2: 4, 4: 7, 3: 6}[len(first)])


class Failing(io.IOBase):
    """A stream that raises at some of its reads, and gives its data at the others."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def readinto(self, buf):
        if not self.steps:
            return 0
        step = self.steps.pop(0)
        if step is None or isinstance(step, int):
            return step
        if isinstance(step, Exception):
            raise step
        buf[: len(step)] = step
        return len(step)


@case
def stream_error_between_objects():
    if CPYTHON:
        check.skip("CPython's goes on from the start of the object")
    # Nothing of an object has come, so none is begun.
    for error in (OSError(5), MemoryError(), ValueError("x")):
        for before in ("unpack", "skip", "read_array_header", "read_map_header", "read_bytes"):
            for after in ("unpack", "read_bytes", "read_array_header", "skip"):
                u = msgpack.Unpacker(Failing(error, b"\x92\x01\x02\x07"))
                args = (1,) if before == "read_bytes" else ()
                try:
                    getattr(u, before)(*args)
                except Exception as e:
                    eq(type(e), type(error))
                eq(u.tell(), 0)
                if after == "unpack":
                    eq(u.unpack(), [1, 2])
                elif after == "skip":
                    u.skip()
                elif after == "read_bytes":
                    eq(u.read_bytes(3), b"\x92\x01\x02")
                else:
                    eq(u.read_array_header(), 2)
                    eq((u.unpack(), u.unpack()), (1, 2))
                eq(u.unpack(), 7)
                raises(msgpack.OutOfData, u.unpack)


@case
def stream_error_in_the_middle():
    if CPYTHON:
        check.skip("CPython's goes on from the start of the object")
    for before in ("unpack", "skip"):
        u = msgpack.Unpacker(Failing(b"\x92", OSError(5), b"\x01\x02\x07"))
        raises(OSError, getattr(u, before))
        if before == "unpack":
            raises(RuntimeError, u.read_bytes, 1)
            eq(u.unpack(), [1, 2])
        eq(u.unpack(), 7)


@case
def full_buffer_between_objects():
    if CPYTHON:
        check.skip("CPython's goes on from the start of the object")
    u = msgpack.Unpacker(Failing(b"\xd9\x20", b"a" * 6), max_buffer_size=8)
    raises(msgpack.BufferFull, u.unpack)
    eq(u.tell(), 0)
    eq(u.read_bytes(2), b"\xd9\x20")
    eq(u.read_bytes(6), b"aaaaaa")


@case
def nothing_to_skip():
    if CPYTHON:
        check.skip("CPython's goes on from the start of the object")
    u = msgpack.Unpacker(Failing(None, b"\x92\x01\x02", None, b"\x07"))
    raises(msgpack.OutOfData, u.skip)
    eq(u.unpack(), [1, 2])
    raises(msgpack.OutOfData, u.skip)
    eq(u.unpack(), 7)


@case
def skipping_keeps_nothing_alive():
    if CPYTHON:
        check.skip("counts MicroPython's heap")
    import gc

    u = msgpack.Unpacker()
    u.feed(b"\x91" * 3 + b"\x93\xc5\x20\x00" + bytes(8192) + b"\x01")
    raises(msgpack.OutOfData, u.unpack)
    check.collect_garbage()
    before = gc.mem_alloc()
    raises(msgpack.OutOfData, u.skip)
    check.collect_garbage()
    if before - gc.mem_alloc() < 8000:
        raise AssertionError("kept: %d bytes less" % (before - gc.mem_alloc()))
    u.feed(b"\x02\x07")
    eq(u.unpack(), 7)


@case
def keys_that_come_again():
    # Those that came lately are remembered, also those of equal length and the same ends.
    names = ["k%02dy" % i for i in range(40)] + [
        "",
        "k",
        "kk",
        b"k\xc3\xa9y".decode(),
        "k" * 31,
        "k" * 33,
    ]
    u = msgpack.Unpacker(strict_map_key=True)
    for count in (1, 2, 15, 16, 17, 20, 46):
        for order in (names[:count], names[count - 1 :: -1], sorted(names[:count] * 2)):
            docs = [{name: i} for i, name in enumerate(order)]
            u.feed(b"".join(msgpack.packb(doc) for doc in docs))
            expect(list(u), docs)
        if not CPYTHON:
            u.reset()
    u.feed(b"\x81\xa4k00y\x01")
    expect(u.unpack(), {"k00y": 1})


@case
def remembered_keys_are_the_same_objects():
    if CPYTHON:
        check.skip("ours to promise")
    # Of 32 bytes, and one more. Nobody names them, so they are not interned.
    for size, shared in ((32, True), (33, False)):
        name = "q" * size
        u = msgpack.Unpacker()
        u.feed(msgpack.packb({name: 1}) * 2)
        eq([list(u.unpack())[0] is list(u.unpack())[0] for _ in (1,)], [shared])


@case
def invalid_key_among_remembered_ones():
    u = msgpack.Unpacker()
    u.feed(b"\x81\xa3k\xc3\xa9\x01" * 2 + b"\x81\xa3k\xe0\xa9\x01" * 2)
    u.feed(b"\x81\xa3k\xc3\xa9\x01")
    expect([u.unpack(), u.unpack()], [{b"k\xc3\xa9".decode(): 1}] * 2)
    if CPYTHON:  # it runs into it again and again
        return
    raises(check.UnicodeError, u.unpack)
    raises(check.UnicodeError, u.unpack)
    expect(u.unpack(), {b"k\xc3\xa9".decode(): 1})


@case
def file_like_bytesio():
    u = msgpack.Unpacker(BytesIO(STREAM))
    got = []
    for _ in range(7):
        got.append(u.unpack())
    expect(got, objects())
    raises(msgpack.OutOfData, u.unpack)
    expect(list(msgpack.Unpacker(BytesIO(STREAM))), objects())


@case
def file_like_is_not_fed():
    u = msgpack.Unpacker(BytesIO(b"\x01\x02"))
    raises(AssertionError if CPYTHON else ValueError, u.feed, b"\x03")
    eq([u.unpack(), u.unpack()], [1, 2])


@case
def file_like_with_read_only():
    class Slow:
        def __init__(self, data, step):
            self.data = data
            self.step = step

        def read(self, n=-1):
            n = self.step if n < 0 else min(n, self.step)
            out = self.data[:n]
            self.data = self.data[n:]
            return out

    for step in (1, 2, 3, 7, 50, 1000):
        expect(list(msgpack.Unpacker(Slow(STREAM, step))), objects(), step)


@case
def file_like_truncated():
    for cut in range(1, len(STREAM)):
        u = msgpack.Unpacker(BytesIO(STREAM[:cut]))
        got = list(u)
        expect(got, objects()[: len(got)], cut)
        raises(msgpack.OutOfData, u.unpack)


@case
def file_like_skip_headers_and_bytes():
    u = msgpack.Unpacker(BytesIO(b"\x92\x01\x02\x81\xa1a\x03rawbytes\x05"))
    u.skip()
    eq(u.read_map_header(), 1)
    eq(u.unpack(), "a")
    eq(u.unpack(), 3)
    expect(u.read_bytes(8), b"rawbytes")
    eq(u.unpack(), 5)


@case
def file_like_loses_nothing():
    # the stream has no more for now; what had come stays
    if CPYTHON:
        check.skip("python3-msgpack wants blocking streams")

    class Stutter:
        def __init__(self, data):
            self.data = data
            self.pos = 0
            self.turn = 0

        def readinto(self, buf):
            self.turn += 1
            if self.turn % 2:
                return None
            if self.pos == len(self.data):
                return 0
            buf[0] = self.data[self.pos]
            self.pos += 1
            return 1

    u = msgpack.Unpacker(Stutter(STREAM))
    got = []
    for _ in range(1000):
        try:
            got.append(u.unpack())
        except (msgpack.OutOfData, OSError):
            pass
        if len(got) == 7:
            break
    expect(got, objects())


@case
def options_reach_the_decoder():
    def one(data, **options):
        u = msgpack.Unpacker(**options)
        u.feed(data)
        return u.unpack()

    expect(one(b"\x91\x01", use_list=False), (1,))
    expect(one(b"\xa1a", raw=True), b"a")
    expect(one(b"\x81\x01\x02", strict_map_key=False), {1: 2})
    raises(ValueError, one, b"\x81\x01\x02", strict_map_key=True)
    expect(one(hx("d6ff00000001"), timestamp=2), 10**9)
    expect(one(hx("81 a161 01"), object_pairs_hook=list), [("a", 1)])


@case
def unpackers_are_apart():
    a = msgpack.Unpacker()
    b = msgpack.Unpacker()
    a.feed(b"\x92\x01")
    b.feed(b"\x93\x01\x02")
    raises(msgpack.OutOfData, a.unpack)
    raises(msgpack.OutOfData, b.unpack)
    b.feed(b"\x03")
    a.feed(b"\x04")
    expect(a.unpack(), [1, 4])
    expect(b.unpack(), [1, 2, 3])


check.end()
