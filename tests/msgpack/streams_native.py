# SPDX-License-Identifier: MIT
# needs: msgpack
# also: mps2-an385-notime
# wants: floats big-ints
# Native streams: one object's bytes and no more, waiting as asked, whole messages out.
from io import BytesIO

import check
import errno
import msgpack
from check import case, eq, full_case, raises
from vectors import documents, expect

try:
    from micropython import RingIO
except ImportError:
    RingIO = None
try:
    import time
except ImportError:
    time = None


def ring(size, data=b""):
    if RingIO is None:
        check.skip("no micropython.RingIO")
    r = RingIO(size)
    eq(r.write(data), len(data))
    return r


def elapsed(fn):
    """Milliseconds that fn takes; 0 without a clock."""
    if time is None:
        fn()
        return 0
    start = time.ticks_ms()
    fn()
    return time.ticks_diff(time.ticks_ms(), start)


@case
def bytesio_out():
    s = BytesIO()
    want = b""
    for data, value in documents():
        if value is None and data != b"\xc0":
            continue
        msgpack.pack(value, s)
        want += msgpack.packb(value)
    eq(s.getvalue() == want, True)


@case
def bytesio_out_in_the_middle():
    s = BytesIO(b"0123456789")
    s.seek(3)
    msgpack.pack("ab", s)
    expect(s.getvalue(), b"012\xa2ab6789")


@case
def bytesio_in_one_object_only():
    for data, value in documents():
        s = BytesIO(data + b"raw data follows")
        msgpack.unpack(s)
        eq(s.tell(), len(data))
        expect(s.read(8), b"raw data")


@case
def bytesio_sequence_then_eof():
    s = BytesIO(b"\x01\xa1a\x92\xc0\xc3\x80")
    expect([msgpack.unpack(s) for _ in range(4)], [1, "a", [None, True], {}])
    raises(EOFError, msgpack.unpack, s)
    raises(EOFError, msgpack.unpack, s)


@case
def bytesio_end_inside():
    s = BytesIO(b"\x92\x01")
    e = raises(msgpack.OutOfData, msgpack.unpack, s)
    eq(isinstance(e, EOFError), check.small or check.both)


@case
def large_values_through_bytesio():
    for value in (b"b" * 20000, "s" * 20000, [7] * 3000, {i: str(i) for i in range(500)}):
        s = BytesIO()
        msgpack.pack(value, s)
        msgpack.pack("end", s)
        s.seek(0)
        eq(msgpack.unpack(s) == value, True)
        expect(msgpack.unpack(s), "end")


@case
def ring_both_ways():
    r = ring(300)
    for obj in ([1, "a", {"k": b"v"}], "x" * 200, 1 << 63, None):
        msgpack.pack(obj, r)
        expect(msgpack.unpack(r), obj)
        eq(r.any(), 0)


@case
def ring_around_its_end():
    r = ring(16)
    for i in range(50):
        msgpack.pack([i, "abc"], r)
        expect(msgpack.unpack(r), [i, "abc"])


@case
def ring_empty_would_block():
    r = ring(16)
    e = raises(OSError, msgpack.unpack, r)
    eq(e.errno, errno.EAGAIN)
    if not check.small:
        e = raises(OSError, msgpack.unpack, r, wait=0)
        eq(e.errno, errno.EAGAIN)
    # nothing was lost or left half-way
    msgpack.pack("a", r)
    expect(msgpack.unpack(r), "a")


@full_case("wait and timeout")
def ring_empty_wait():
    r = ring(16)

    def run():
        e = raises(OSError, msgpack.unpack, r, wait=60)
        eq(e.errno, errno.EAGAIN)

    ms = elapsed(run)
    if time is not None and not 40 <= ms < 900:
        raise AssertionError("%d ms" % ms)


@full_case("wait and timeout")
def ring_empty_does_not_wait():
    r = ring(16)

    def run():
        raises(OSError, msgpack.unpack, r, wait=0, timeout=5000)

    eq(elapsed(run) < 1000, True)


@full_case("wait and timeout")
def ring_half_an_object():
    for part in (b"\x92", b"\x92\x01", b"\xcd\x01", b"\xa5abcd", b"\xdd\x00\x00", b"\xc7\x05"):
        r = ring(16, part)

        def run():
            e = raises(OSError, msgpack.unpack, r, timeout=60)
            eq(e.errno, errno.ETIMEDOUT)

        ms = elapsed(run)
        if time is not None and not 40 <= ms < 900:
            raise AssertionError("%d ms" % ms)


@case
def ring_half_an_object_by_default():
    r = ring(16, b"\x92\x01")
    e = raises(OSError, msgpack.unpack, r)
    eq(e.errno, errno.ETIMEDOUT)


@full_case("wait and timeout")
def ring_timeout_of_zero():
    r = ring(16, b"\x92\x01")
    e = raises(OSError, msgpack.unpack, r, timeout=0)
    eq(e.errno, errno.ETIMEDOUT)


@full_case("wait and timeout")
def ring_wait_does_not_replace_timeout():
    # wait is for the first byte, timeout for all others
    r = ring(16, b"\x92")

    def run():
        e = raises(OSError, msgpack.unpack, r, wait=-1, timeout=60)
        eq(e.errno, errno.ETIMEDOUT)

    eq(elapsed(run) < 900, True)


@case
def ring_full():
    # nobody reads: the message cannot be completed, and pack says so
    r = ring(16)
    e = raises(OSError, msgpack.pack, b"x" * 100, r)
    eq(e.errno, errno.ETIMEDOUT)


@case
def exactly_what_fits_the_ring():
    r = ring(16)
    msgpack.pack(b"x" * 14, r)
    eq(r.any(), 16)
    expect(msgpack.unpack(r), b"x" * 14)


@case
def file_of_the_filesystem():
    name = check.folder + "msgpack_test.tmp"
    try:
        f = open(name, "wb")
    except (OSError, NameError):
        check.skip("no filesystem to write to")
    try:
        with f:
            msgpack.pack({"a": [1, 2.5, "x" * 300]}, f)
            msgpack.pack("second", f)
        with open(name, "rb") as f:
            expect(msgpack.unpack(f), {"a": [1, 2.5, "x" * 300]})
            expect(msgpack.unpack(f), "second")
            raises(EOFError, msgpack.unpack, f)
    finally:
        import os

        os.remove(name)


@case
def text_file_or_stringio():
    # refused, or the bytes as they are: these happen to be text
    from io import StringIO

    s = StringIO()
    try:
        msgpack.pack(65, s)
    except (TypeError, ValueError, OSError):
        eq(s.getvalue(), "")
    else:
        eq(s.getvalue(), "A")


@case
def no_stream_at_all():
    for thing in (None, 5, "text", [], object()):
        for fn, args in ((msgpack.pack, (1, thing)), (msgpack.unpack, (thing,))):
            try:
                fn(*args)
            except (TypeError, AttributeError, OSError):
                continue
            raise AssertionError("%s accepted %r" % (fn, thing))


check.end()
