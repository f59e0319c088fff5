# SPDX-License-Identifier: MIT
# needs: msgpack
# long: rpi-pico repeats
# also: mps2-an385-notime
# timeout: 120
# wants: big-ints
# An exception of the user's own code passes through as it is, and the stream stands after the
# object. What fails while packing has written nothing, if it fits the internal buffer.
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises
from streams import SOURCES, IoSink, PlainSink
from vectors import expect, hx

try:
    import time
except ImportError:
    time = None

# hooks of every kind at every depth, something after each
MESSAGE = hx("95 d40161 81 a16b 92 d40262 90 91 80 82 a161 d40363 a162 05 92 d503 6465 c40178")


class Boom(Exception):
    pass


class Countdown:
    """Raises at the n-th call of any hook."""

    def __init__(self, n, error):
        self.n = n
        self.error = error

    def tick(self):
        self.n -= 1
        if self.n < 0:
            raise self.error

    def ext(self, code, data):
        self.tick()
        return code

    def lst(self, x):
        self.tick()
        return x

    def obj(self, x):
        self.tick()
        return x


def sources(data):
    yield BytesIO(data)
    for kind in SOURCES:
        yield kind(data)
        yield kind(data, 1)


HOOK_CALLS = 5 if check.small else 13


def hooks(c, pairs=False):
    if check.small:
        return {"ext_hook": c.ext}
    return {
        "ext_hook": c.ext,
        "list_hook": c.lst,
        "object_pairs_hook" if pairs else "object_hook": c.obj,
    }


def attempt(s, n, error, pairs):
    return msgpack.unpack(s, **hooks(Countdown(n, error), pairs))


@case
def number_of_hook_calls():
    # keeps the loops below honest
    c = Countdown(1000, None)
    msgpack.unpackb(MESSAGE, **hooks(c))
    eq(1000 - c.n, HOOK_CALLS - 1)


@case
def every_hook_call_raises():
    for n in range(HOOK_CALLS - 1):
        for pairs in (False, True):
            for s in sources(MESSAGE + b"\x2a\x2b"):
                boom = Boom(n)
                e = raises(Boom, attempt, s, n, boom, pairs)
                eq(e is boom, True)
                eq(msgpack.unpack(s), 42)
                eq(msgpack.unpack(s), 43)


@case
def exceptions_beyond_exception():
    for kind in (KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration, MemoryError):
        boom = kind("x")
        s = BytesIO(MESSAGE + b"\x2a")
        try:
            attempt(s, 3, boom, False)
        except BaseException as e:
            eq(e is boom, True)
        else:
            raise AssertionError("%s was swallowed" % kind)
        eq(msgpack.unpack(s), 42)


@case
def no_hook_runs_after_the_exception():
    calls = []

    def ext(code, data):
        calls.append(code)
        raise Boom

    s = BytesIO(MESSAGE + b"\x2a")
    raises(Boom, msgpack.unpack, s, ext_hook=ext)
    eq(calls, [1])


@case
def skipping_keeps_to_the_message():
    # long bodies of every kind lie behind the exception
    rest = (
        b"\xda\x03\xe8" + b"s" * 1000 + b"\xc5\x03\xe8" + b"\xc1" * 1000 + b"\xc8\x03\xe8\x05"
    ) + b"\xc1" * 1000
    data = b"\x95\xd4\x01a" + rest + b"\x92\xa1\xff\x81\x90\x01" + b"\x2a"
    for s in sources(data):
        raises(Boom, attempt, s, 0, Boom(), False)
        eq(msgpack.unpack(s), 42)


@case
def unhashable_key_then_next():
    for text in ("82 90 01 02 03", "81 80 91 92 05 06", "92 81 9105 06 83 01 02 03 04 05 06"):
        for s in sources(hx(text) + b"\x2a"):
            raises(TypeError, msgpack.unpack, s)
            eq(msgpack.unpack(s), 42)


@case
def bad_utf8_then_next():
    for text in ("92 a1ff 91 05", "82 a2c328 01 02 93 01 02 03", "a1ff", "92 81 a180 05 c0"):
        for s in sources(hx(text) + b"\x2a"):
            raises(check.UnicodeError, msgpack.unpack, s)
            eq(msgpack.unpack(s), 42)


@case
def hook_fails_then_the_bytes_do():
    # the rest is malformed: the stream's position is undefined, the process is not
    for tail in (b"\xc1", b"\x91\xc1", b""):
        s = BytesIO(b"\x93\xd4\x01a\x01" + tail)
        try:
            attempt(s, 0, Boom(), False)
        except (Boom, ValueError, msgpack.OutOfData):
            continue
        raise AssertionError("no exception")


@full_case("timeout")
def hook_fails_then_the_stream_stops():
    if time is None:
        check.skip("no time module")
    for kind in SOURCES:
        s = kind(MESSAGE, pauses={len(MESSAGE) - 2: 1 << 29})
        c = Countdown(0, Boom())
        start = time.ticks_ms()
        try:
            msgpack.unpack(s, ext_hook=c.ext, timeout=50)
        except (Boom, OSError):
            pass
        else:
            raise AssertionError("no exception")
        eq(time.ticks_diff(time.ticks_ms(), start) < 2000, True)


@full_case("Unpacker")
def fed_hook_fails_then_next():
    for n in range(HOOK_CALLS - 1):
        for cut in range(len(MESSAGE) + 1):
            c = Countdown(n, Boom(n))
            u = msgpack.Unpacker(**hooks(c))
            booms = 0
            got = []
            for piece in (MESSAGE[:cut], MESSAGE[cut:] + b"\x2a\x2b"):
                u.feed(piece)
                while True:
                    c.n = n if not booms else 1000
                    try:
                        got.append(u.unpack())
                    except Boom:
                        booms += 1
                    except msgpack.OutOfData:
                        break
            # hooks that ran before the cut are not run again, so the count may never be
            # reached: then the object itself is there
            if booms:
                expect((booms, got), (1, [42, 43]), (n, cut))
            else:
                expect(got[1:], [42, 43], (n, cut))


@case
def unpackb_hook_fails():
    for n in range(HOOK_CALLS - 1):
        c = Countdown(n, Boom(n))
        e = raises(Boom, msgpack.unpackb, MESSAGE, **hooks(c))
        eq(e is c.error, True)


@case
def interrupted_while_skipping():
    # a hook's exception does not swallow Ctrl-C, as it does the stream's errors
    boom = Boom()

    def hook(code, data):
        raise boom

    for error in (KeyboardInterrupt(), SystemExit(3), OSError(5), Exception("x")):

        class Stream:
            def __init__(self):
                self.data = b"\x93\xd4\x05x"

            def read(self, n):
                if not self.data:
                    raise error
                n = self.data[:1]
                self.data = self.data[1:]
                return n

        # The small flavour reads all of an object before it makes any of it.
        wanted = boom if isinstance(error, Exception) and not check.small else error
        caught = None
        try:
            msgpack.unpack(Stream(), ext_hook=hook)
        except BaseException as e:
            caught = e
        eq(caught is wanted, True)


class Thing:
    pass


@case
def default_fails_nothing_written():
    boom = Boom()

    def default(obj):
        raise boom

    for make in (BytesIO, IoSink, PlainSink):
        s = make()
        e = raises(Boom, msgpack.pack, ["short", {"k": [1, 2, Thing()]}], s, default=default)
        eq(e is boom, True)
        expect(bytes(s.getvalue() if isinstance(s, BytesIO) else s.data), b"")


@case
def unpackable_nothing_written():
    for bad in ([1, Thing()], {"k": Thing()}, [1, [2, 1 << 64]], Thing()):
        s = BytesIO()
        try:
            msgpack.pack(bad, s)
        except (TypeError, OverflowError):
            expect(s.getvalue(), b"")
            continue
        raise AssertionError(bad)


@case
def stream_usable_after_failed_pack():
    s = BytesIO()
    raises(TypeError, msgpack.pack, [1, Thing()], s)
    msgpack.pack([1, 2], s)
    expect(s.getvalue(), b"\x92\x01\x02")


@case
def default_raises_at_every_call():
    for n in range(6):
        boom = Boom(n)
        count = [n]

        def default(obj):
            count[0] -= 1
            if count[0] < 0:
                raise boom
            return "x"

        obj = [Thing(), {"a": Thing(), "b": [Thing(), Thing()]}, (Thing(), [Thing()])]
        e = raises(Boom, msgpack.packb, obj, default=default)
        eq(e is boom, True)


check.end()
