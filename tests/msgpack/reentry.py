# SPDX-License-Identifier: MIT
# needs: msgpack
# long: rpi-pico repeats
# timeout: 120
# Hooks that call back into the codec, and hooks that change what is being worked on: a right
# result or a clean error, never a message whose headers disagree with its bodies.
import gc
from errno import EAGAIN
from io import BytesIO

import check
import micropython
import msgpack
from check import case, eq, full_case
from streams import IoSink, PlainSink
from vectors import expect, hx


class Thing:
    pass


CLEAN = (RuntimeError, ValueError, TypeError, OverflowError, MemoryError, IndexError)


def well_formed(data):
    """One whole message and nothing after it, read by this test's own reader."""
    todo = 1
    i = 0
    while todo:
        todo -= 1
        b = data[i]
        i += 1
        if b < 0x80 or b >= 0xE0 or b in (0xC0, 0xC2, 0xC3):
            pass
        elif b < 0x90:
            todo += 2 * (b & 15)
        elif b < 0xA0:
            todo += b & 15
        elif b < 0xC0:
            i += b & 31
        elif b in (0xC4, 0xD9):
            i += 1 + data[i]
        elif b in (0xC5, 0xDA):
            i += 2 + (data[i] << 8 | data[i + 1])
        elif b == 0xDC:
            todo += data[i] << 8 | data[i + 1]
            i += 2
        elif b == 0xDE:
            todo += 2 * (data[i] << 8 | data[i + 1])
            i += 2
        elif b in (0xCC, 0xD0):
            i += 1
        elif b in (0xCD, 0xD1):
            i += 2
        else:
            raise AssertionError("%02x in a test that does not write it" % b)
        if i > len(data):
            raise AssertionError("ends inside an object")
    eq(i, len(data))


def pack_or_clean(obj, default):
    """Pack in every way; each must raise cleanly or give a well-formed message."""

    def to_bytesio(o):
        s = BytesIO()
        msgpack.pack(o, s, default=default)
        return s.getvalue()

    def to_plain(o):
        s = PlainSink()
        msgpack.pack(o, s, default=default)
        return bytes(s.data)

    def to_buffer(o):
        buf = bytearray(3000)
        n = msgpack.pack_into(o, buf, default=default)
        return bytes(buf[:n])

    def to_packer(o):
        return msgpack.Packer(default=default).pack(o)

    ways = [lambda o: msgpack.packb(o, default=default), to_bytesio, to_plain]
    if not check.small:
        ways += [to_buffer, to_packer]
    for fn in ways:
        try:
            data = fn(obj())
        except CLEAN:
            continue
        well_formed(data)


@case
def functions_in_hooks():
    def default(obj):
        return msgpack.packb([msgpack.unpackb(b"\x92\x01\x02"), "inner"])

    got = msgpack.packb([Thing(), {"k": Thing()}], default=default)
    inner = b"\xc4\x0a\x92\x92\x01\x02\xa5inner"
    expect(got, b"\x92" + inner + b"\x81\xa1k" + inner)

    def ext(code, data):
        return msgpack.unpackb(data, ext_hook=ext)

    expect(
        msgpack.unpackb(hx("91 c70605 92 d5 05 91 07 08")[:-1] + b"\x08", ext_hook=ext), [[[7], 8]]
    )


@case
def streams_in_hooks():
    s = BytesIO()

    def default(obj):
        inner = BytesIO()
        msgpack.pack([1, 2], inner)
        inner.seek(0)
        return msgpack.unpack(inner)

    msgpack.pack([Thing(), Thing()], s, default=default)
    expect(s.getvalue(), hx("92 920102 920102"))


@case
def same_stream_from_default():
    # the inner message may come before the outer one; mixing them silently would be wrong
    for make in (BytesIO, IoSink, PlainSink):
        s = make()

        def default(obj):
            msgpack.pack("in", s)
            return "out"

        try:
            msgpack.pack([1, Thing(), 2], s, default=default)
        except RuntimeError:
            continue
        data = bytes(s.getvalue() if make is BytesIO else s.data)
        eq(data in (b"\xa2in\x93\x01\xa3out\x02", b"\x93\x01\xa3out\x02\xa2in"), True)


@full_case("Packer")
def same_packer_from_default():
    for autoreset in (True, False):
        inner = []

        def default(obj):
            inner.append(p.pack("in"))
            return "out"

        p = msgpack.Packer(default=default, autoreset=autoreset)
        try:
            got = p.pack([1, Thing(), 2])
        except RuntimeError:
            pass
        else:
            if autoreset:
                expect((got, inner), (b"\x93\x01\xa3out\x02", [b"\xa2in"]))
            else:
                data = p.bytes()
                eq(data in (b"\xa2in\x93\x01\xa3out\x02", b"\x93\x01\xa3out\x02\xa2in"), True)
        p.reset()
        if autoreset:
            expect(p.pack([5]), b"\x91\x05")
        else:
            p.pack([5])
            expect(p.bytes(), b"\x91\x05")


@full_case("Packer")
def other_methods_of_the_same_packer():
    calls = (
        lambda p: p.reset(),
        lambda p: p.bytes(),
        lambda p: bytes(p.getbuffer()),
        lambda p: p.pack_array_header(3),
        lambda p: p.pack_map_header(3),
        lambda p: p.pack_map_pairs([(1, 2)]),
        lambda p: p.pack_ext_type(5, b"x"),
    )
    for autoreset in (True, False):
        for call in calls:

            def default(obj):
                call(p)
                return "x"

            p = msgpack.Packer(default=default, autoreset=autoreset)
            try:
                got = p.pack([1, Thing(), 2])
                if autoreset:
                    expect(got, b"\x93\x01\xa1x\x02")
            except RuntimeError:
                pass
            p.reset()
            got = p.pack([5])
            expect(got if autoreset else p.bytes(), b"\x91\x05")


@full_case("Unpacker")
def same_unpacker_from_hooks():
    calls = (
        lambda u: u.unpack(),
        lambda u: u.skip(),
        lambda u: u.read_array_header(),
        lambda u: u.read_map_header(),
        lambda u: u.read_bytes(3),
        lambda u: u.feed(b"\x07"),
        lambda u: u.feed(b"\x07" * 3000),
        lambda u: u.reset(),
        lambda u: u.tell(),
        lambda u: next(u),
        lambda u: list(u),
    )
    for i, call in enumerate(calls):
        for kind in range(4):
            seen = []

            def hook(*args):
                if not seen:
                    seen.append(1)
                    call(u)
                return "h"

            options = {("ext_hook", "list_hook", "object_hook", "object_pairs_hook")[kind]: hook}
            u = msgpack.Unpacker(**options)
            u.feed(b"\x93\x01" + (b"\xd4\x05x", b"\x91\x02", b"\x80", b"\x80")[kind] + b"\x03\x2a")
            try:
                got = u.unpack()
                if kind != 1 and i not in (0, 1, 2, 3, 4, 7, 9, 10):
                    # calls that take no bytes from under the object
                    expect(got, [1, "h", 3], (i, kind))
            except (RuntimeError, msgpack.OutOfData, ValueError, StopIteration):
                pass
            # whatever happened, the Unpacker can be used again
            u.reset()
            seen.append(1)
            u.feed(b"\xa2ok")
            expect(u.unpack(), "ok", (i, kind))


@full_case("Unpacker")
def refusing_is_not_fatal():
    # a hook that catches the RuntimeError gets on, and so does the outer call
    refused = []

    def hook(code, data):
        try:
            u.unpack()
        except RuntimeError:
            refused.append(code)
        return code

    u = msgpack.Unpacker(ext_hook=hook)
    u.feed(hx("92 d40578 d40678 2a"))
    got = u.unpack()
    eq(refused, [5, 6])
    expect(got, [5, 6])
    eq(u.unpack(), 42)


@case
def list_changed_by_default():
    state = {}

    def make(size):
        def obj():
            state["list"] = lst = [Thing() if i % 3 == 1 else i for i in range(size)]
            return [lst, "end"]

        return obj

    for size in (2, 5, 20):
        for change in (
            lambda lst: lst.clear(),
            lambda lst: lst.append(7),
            lambda lst: lst.extend(range(100)),
            lambda lst: lst.pop() if lst else 0,
            lambda lst: lst.insert(0, "new"),
            lambda lst: lst.sort(key=id),
        ):

            def default(obj):
                change(state["list"])
                gc.collect()
                return "x"

            pack_or_clean(make(size), default)


@case
def growing_list_comes_to_an_end():
    state = {}

    def obj():
        state["list"] = [Thing()]
        return state["list"]

    def default(o):
        state["list"].append(Thing())
        return "x"

    pack_or_clean(obj, default)


@case
def dict_changed_by_default():
    state = {}

    def make(size):
        def obj():
            state["dict"] = d = {i: Thing() if i % 3 == 1 else i for i in range(size)}
            return [d, "end"]

        return obj

    def add(d):
        for i in range(1000, 1050):
            d[i] = i

    def rebuild(d):
        d.clear()
        junk = [bytearray(b"\xff" * 64) for _ in range(50)]
        d.update({"a": len(junk), "b": 2})

    for size in (2, 5, 20):
        for change in (
            lambda d: d.clear(),
            add,
            rebuild,
            lambda d: d.pop(0, None),
            lambda d: d.popitem(),
        ):

            def default(obj):
                change(state["dict"])
                gc.collect()
                return "x"

            pack_or_clean(make(size), default)


@case
def dict_with_an_equal_key():
    # Another key stands where the one was whose value is asked for now.
    class Key:
        pass

    d = {Key(): "old"}

    def default(obj):
        if d:
            d.clear()
            d[Key()] = "new"
        return "key"

    try:
        data = msgpack.packb(d, default=default)
    except RuntimeError:
        return
    eq(data, b"\x81\xa3key\xa3old")


@case
def dict_of_the_same_length():
    # While its key is packed, a dict gets a larger table with as many pairs as before: where the
    # value was is nothing now.
    class Key:
        def __init__(self, n):
            self.n = n

        def __hash__(self):
            return self.n

    for size in (1, 2, 3, 7):
        for first in (0, 7, 20, 33):
            state = {}

            def default(obj):
                d = state["dict"]
                d.clear()
                for n in range(first, first + 40):
                    d[Key(n)] = None
                for key in list(d):
                    if key.n >= first + size:
                        del d[key]
                return "x"

            def make():
                state["dict"] = d = {Key(n): n for n in range(size)}
                return [d, "end"]

            pack_or_clean(make, default)


@case
def bytearray_changed_by_write():
    # each write resizes the source: what is on the wire keeps to its header
    for change in (
        lambda b: b.extend(b"n" * 5000),
        lambda b: b.append(1),
        lambda b: b.__setitem__(slice(0, 100), b""),
    ):
        for kind in (IoSink, PlainSink):

            class Changer(kind):
                def write(self, buf):
                    if self.calls < 3:
                        self.calls += 1
                        try:
                            change(source)
                        except (TypeError, NotImplementedError, AttributeError):
                            pass
                        self.junk = [bytearray(b"\xc1" * 500) for _ in range(8)]
                    self.data.extend(buf)
                    return len(buf)

            source = bytearray(b"s" * 1000)
            s = Changer()
            try:
                msgpack.pack([source, 5], s)
            except CLEAN:
                continue
            well_formed(bytes(s.data))
            eq(s.data[0], 0x92)
            eq(s.data[-1], 5)


@full_case("pack_into")
def buffer_of_pack_into_resized():
    # the codec must not write into a block that the buffer has left
    state = {}

    def default(obj):
        buf = state["buf"]
        buf.extend(b"\xee" * 4000)
        gc.collect()
        state["junk"] = [bytearray(b"\xaa" * 60) for _ in range(300)]
        return "x" * 40

    for first in (1, 30, 300):
        state["buf"] = bytearray(64 + first)
        obj = [b"f" * first, Thing(), b"g" * 10]
        try:
            msgpack.pack_into(obj, state["buf"], default=default)
        except CLEAN:
            pass
        for block in state["junk"]:
            if block != b"\xaa" * 60:
                raise AssertionError("a stranger's block was written: %r" % block)
        state.clear()
        gc.collect()


@case
def buffer_of_unpackb_resized():
    # reads from a block that the buffer has left give someone else's bytes
    source = hx("94 d40578 a3616263 d40678 c403646566")

    def hook(code, data):
        buf.extend(b"\xee" * 4000)
        gc.collect()
        junk.append([bytearray(b"\xc1" * len(source)) for _ in range(300)])
        return code

    buf = bytearray(source)
    junk = []
    try:
        got = msgpack.unpackb(buf, ext_hook=hook)
    except CLEAN:
        return
    expect(got, [5, "abc", 6, b"def"])


@case
def buffer_of_unpackb_shrunk():
    def hook(code, data):
        try:
            buf[0:20] = b""
        except TypeError:
            check.skip("bytearrays do not shrink here")
        return code

    buf = bytearray(hx("92 d40578 aa") + b"0123456789" * 3)[:15]
    try:
        got = msgpack.unpackb(buf, ext_hook=hook)
    except CLEAN:
        return
    expect(got, [5, "0123456789"])


@case
def bytearray_changed_while_the_stream_blocks():
    # What waits for another attempt must be looked for again: no other data goes out.
    import io

    class Blocked:
        def __init__(self):
            self.calls = 0
            self.got = []

        def write(self, data):
            self.calls += 1
            if self.calls == 2:
                big.extend(bytes(8000))
                self.junk = [b"Z" * 500 for _ in range(16)]
                gc.collect()
                return self.block()
            self.got.append(bytes(data))
            return len(data)

        def block(self):
            raise OSError(EAGAIN)

    class BlockedIo(Blocked, io.IOBase):
        def block(self):
            return None

    for make in (Blocked, BlockedIo):
        stream = make()
        big = bytearray(b"A" * 3000)
        try:
            msgpack.pack(big, stream)
        except (RuntimeError, OSError):
            pass
        else:
            eq(check.small, True)  # It has packed all before the first write.
        eq(set(b"".join(stream.got)[3:]), {65})


@case
def bytearray_changed_while_a_ring_is_full():
    # A callback runs while pack waits.
    if not hasattr(micropython, "RingIO") or not hasattr(micropython, "schedule"):
        check.skip("no micropython.RingIO or schedule")
    import time

    for n in (5, 100):
        ring = micropython.RingIO(20)
        got = []
        junk = []

        def callback(_):
            if not junk:
                buf.extend(bytes(8000))
                junk.extend(b"Z" * n for _ in range(50))
                gc.collect()
                junk.extend(b"Z" * n for _ in range(50))
            got.append(ring.read())
            if len(got) < 50:
                micropython.schedule(callback, 0)

        for as_ext in (False, True):
            buf = bytearray(b"A" * n)
            ring.write(b"0" * 18)
            got.clear()
            junk.clear()
            obj = msgpack.ExtType(1, buf) if as_ext else [buf]
            micropython.schedule(callback, 0)
            try:
                msgpack.pack(obj, ring)
            except (RuntimeError, ValueError, OSError):
                pass
            # Whatever is sent after the headers is of the bytearray.
            sent = b"".join(part for part in got if part) + (ring.read() or b"")
            eq(b"Z" in sent, False)
            while len(got) < 50:
                time.sleep_ms(1)


@full_case("list_hook")
def hook_arguments_kept_and_changed():
    kept = []

    def lst(x):
        kept.append(x)
        for other in kept:
            other.append("more")
        return x

    got = msgpack.unpackb(hx("93 91 01 91 02 03"), list_hook=lst)
    eq(type(got), list)
    eq(got[2], 3)


@case
def generator_hooks():
    # a generator's send as hook: called while it runs, it says so itself
    def gen():
        result = None
        while True:
            obj = yield result
            result = str(type(obj).__name__)

    g = gen()
    next(g)
    expect(msgpack.packb([Thing(), Thing()], default=g.send), b"\x92\xa5Thing\xa5Thing")


check.end()
