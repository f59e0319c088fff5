# SPDX-License-Identifier: MIT
# Prints how many bytes of the C stack each function of the modules uses, in calls that go deep.
# The free stack is filled with a pattern before a call; afterwards the lowest changed word is
# searched. The bytes of an empty call are subtracted. For Cortex-M boards: bench/stack.py runs it.
# timeout: 300

import gc
import io

import finaliserproxy
import ioctl
import micropython
import msgpack

DEPTH = 9000  # Bytes to fill: nearly the whole stack.


# Fill this many bytes below the stack pointer; return the lowest address.
@micropython.asm_thumb
def paint(r0):
    mov(r1, sp)
    sub(r0, r1, r0)
    mov(r3, r0)
    movw(r2, 0x5AA5)
    label(again)
    str(r2, [r0, 0])
    add(r0, 4)
    cmp(r0, r1)
    bcc(again)
    mov(r0, r3)


# Return the address of the lowest changed word, searching upwards.
@micropython.asm_thumb
def lowest(r0):
    movw(r2, 0x5AA5)
    label(again)
    ldr(r1, [r0, 0])
    add(r0, 4)
    cmp(r1, r2)
    beq(again)
    sub(r0, 4)


def depth(fn):
    # Everything else that runs here must use less of the stack than fn.
    bottom = paint(DEPTH)
    try:
        fn()
    except Exception:
        pass
    reached = lowest(bottom)
    return bottom + DEPTH - reached


class Sink:
    # write is a native function: a method in Python would use stack of its own.
    def __init__(self, write):
        self.write = write


class Source:
    def __init__(self, data, name):
        setattr(self, name, io.BytesIO(data).read if name == "read" else len)


def unpacker(data, **options):
    u = msgpack.Unpacker(strict_map_key=False, **options)
    u.feed(data)
    return u


def of_stream(source):
    return msgpack.Unpacker(source, strict_map_key=False)


MAP = b"\x88" + b"".join(b"\xa4ke%02d\x05" % i for i in range(8))
DEEP = b"\x91" * 40 + MAP
STAMPED = b"\x82\xd6\xff\0\0\0\1\1\xd6\xff\0\0\0\2\2"
LONG = "x" * 1000
WRONG = {"%s" % ("wrong" * 20): 1}


class Odd:
    pass


def nested():
    obj = LONG
    for _ in range(40):
        obj = [obj]
    return obj


NESTED = nested()
ODD = [Odd()]
PAIRS = [(1, NESTED)]
t = msgpack.Timestamp(1 << 33, 5)
e = msgpack.ExtType(5, b"12345")
p = msgpack.Packer()
buf = bytearray(2000)
extra = msgpack.ExtraData(1, b"2")
hooks = {"object_pairs_hook": len, "ext_hook": msgpack.ExtType, "strict_map_key": False}


def keyed(obj):
    return lambda: {obj: 1}


# Of several calls of one function the deepest counts.
MSGPACK = (
    ("pack, dump", lambda: msgpack.pack(NESTED, Sink(str))),
    ("pack, dump", lambda: msgpack.pack(NESTED, io.BytesIO())),
    ("pack, dump", lambda: msgpack.pack(ODD, Sink(str))),
    ("pack, dump", lambda: msgpack.pack(1, Sink(str), **WRONG)),
    ("packb, dumps", lambda: msgpack.packb(NESTED)),
    ("packb, dumps", lambda: msgpack.packb(ODD)),
    ("packb, dumps", lambda: msgpack.packb(1, **WRONG)),
    ("packb, dumps", lambda: msgpack.packb([t, e, 1.5, 1 << 63])),
    ("pack_into", lambda: msgpack.pack_into(NESTED, buf)),
    ("pack_into", lambda: msgpack.pack_into(ODD, buf)),
    ("unpack, load", lambda: msgpack.unpack(Source(MAP, "readinto"))),
    ("unpack, load", lambda: msgpack.unpack(Source(MAP, "read"))),
    ("unpack, load", lambda: msgpack.unpack(Source(DEEP, "read"))),
    ("unpack, load", lambda: msgpack.unpack(io.BytesIO(DEEP))),
    ("unpack, load", lambda: msgpack.unpack(io.BytesIO(STAMPED), strict_map_key=False)),
    ("unpack, load", lambda: msgpack.unpack(io.BytesIO(DEEP[:-3]))),
    ("unpackb, loads", lambda: msgpack.unpackb(DEEP)),
    ("unpackb, loads", lambda: msgpack.unpackb(DEEP[:-3])),
    ("unpackb, loads", lambda: msgpack.unpackb(STAMPED, strict_map_key=False)),
    ("unpackb, loads", lambda: msgpack.unpackb(MAP, **hooks)),
    ("unpackb, loads", lambda: msgpack.unpackb(MAP, max_str_len=2)),
    ("unpackb, loads", lambda: msgpack.unpackb(MAP, **WRONG)),
    ("Packer()", lambda: msgpack.Packer()),
    ("Packer()", lambda: msgpack.Packer(**WRONG)),
    ("Packer.pack", lambda: p.pack(NESTED)),
    ("Packer.pack", lambda: p.pack(ODD)),
    ("Packer.pack_array_header", lambda: p.pack_array_header(70000)),
    ("Packer.pack_array_header", lambda: p.pack_array_header("x")),
    ("Packer.pack_map_header", lambda: p.pack_map_header(70000)),
    ("Packer.pack_map_header", lambda: p.pack_map_header("x")),
    ("Packer.pack_map_pairs", lambda: p.pack_map_pairs(PAIRS)),
    ("Packer.pack_map_pairs", lambda: p.pack_map_pairs([(1, ODD)])),
    ("Packer.pack_ext_type", lambda: p.pack_ext_type(5, LONG.encode())),
    ("Packer.pack_ext_type", lambda: p.pack_ext_type(500, b"")),
    ("Packer.bytes", lambda: p.bytes()),
    ("Packer.getbuffer", lambda: p.getbuffer()),
    ("Packer.reset", lambda: p.reset()),
    ("Unpacker()", lambda: msgpack.Unpacker()),
    ("Unpacker()", lambda: msgpack.Unpacker(Source(MAP, "read"), **hooks)),
    ("Unpacker()", lambda: msgpack.Unpacker(**WRONG)),
    ("Unpacker.feed", lambda: u.feed(MAP)),
    ("Unpacker.feed", lambda: u.feed(5)),
    ("Unpacker.unpack", lambda: u.unpack()),
    ("Unpacker.unpack", lambda: v.unpack()),
    ("Unpacker.unpack", lambda: w.unpack()),
    ("next(Unpacker)", lambda: next(u)),
    ("next(Unpacker)", lambda: next(v)),
    ("Unpacker.skip", lambda: u.skip()),
    ("Unpacker.skip", lambda: v.skip()),
    ("Unpacker.read_array_header", lambda: u.read_array_header()),
    ("Unpacker.read_array_header", lambda: v.read_array_header()),
    ("Unpacker.read_map_header", lambda: u.read_map_header()),
    ("Unpacker.read_map_header", lambda: v.read_map_header()),
    ("Unpacker.read_bytes", lambda: u.read_bytes(5)),
    ("Unpacker.read_bytes", lambda: v.read_bytes(5)),
    ("Unpacker.tell", lambda: u.tell()),
    ("Unpacker.reset", lambda: u.reset()),
    ("ExtType()", lambda: msgpack.ExtType(5, b"")),
    ("ExtType()", lambda: msgpack.ExtType(5, data=b"")),
    ("ExtType()", lambda: msgpack.ExtType(**WRONG)),
    ("ExtType.code", lambda: e.code),
    ("repr(ExtType)", lambda: repr(e)),
    ("Timestamp()", lambda: msgpack.Timestamp(1, 2)),
    ("Timestamp()", lambda: msgpack.Timestamp(**WRONG)),
    ("Timestamp.seconds", lambda: t.seconds),
    ("repr(Timestamp)", lambda: repr(t)),
    ("hash(Timestamp)", lambda: hash(t)),
    ("Timestamp == Timestamp", lambda: t == t),
    ("Timestamp.from_bytes", lambda: t.from_bytes(b"\0" * 12)),
    ("Timestamp.from_bytes", lambda: t.from_bytes(b"\xff" * 12)),
    ("Timestamp.from_unix", lambda: t.from_unix(1.5)),
    ("Timestamp.from_unix", lambda: t.from_unix("x")),
    ("Timestamp.from_unix_nano", lambda: t.from_unix_nano(1 << 60)),
    ("Timestamp.to_bytes", lambda: t.to_bytes()),
    ("Timestamp.to_unix", lambda: t.to_unix()),
    ("Timestamp.to_unix_nano", lambda: t.to_unix_nano()),
    ("ExtraData.unpacked", lambda: extra.unpacked),
    ("str(ExtraData)", lambda: str(extra)),
)


class Proxy(finaliserproxy.FinaliserProxy):
    def __init__(self):
        pass


class Thing:
    pass


thing = Thing()
f = finaliserproxy.finalize(thing, len, ())
g = finaliserproxy.finalize(thing, len, ())
h = finaliserproxy.finalize(thing, len, ())
started = Proxy()
# The callback is a native function that is never called.
finaliserproxy.FinaliserProxy.__init__(started, gc.isenabled)

FINALISERPROXY = (
    ("FinaliserProxy()", lambda: finaliserproxy.FinaliserProxy.__init__(Proxy(), gc.isenabled)),
    ("FinaliserProxy.__del__", lambda: started.__del__()),
    ("finalize()", lambda: finaliserproxy.finalize(thing, len, ())),
    ("finalize()()", lambda: f()),
    ("finalize().alive", lambda: g.alive),
    ("finalize().peek", lambda: g.peek()),
    ("finalize().detach", lambda: h.detach()),
    ("poll", lambda: finaliserproxy.poll()),
    ("source", lambda: finaliserproxy.source()),
    ("alive", lambda: finaliserproxy.alive(started)),
    ("alive", lambda: finaliserproxy.alive(5)),
    ("close", lambda: finaliserproxy.close(started)),
    ("detach", lambda: finaliserproxy.detach(started)),
    ("detach", lambda: finaliserproxy.detach(5)),
)

stream = io.BytesIO(b"abc")
ring = micropython.RingIO(8)

IOCTL = (
    ("ioctl", lambda: ioctl.ioctl(stream, ioctl.SEEK, (0, 2))),
    ("ioctl", lambda: ioctl.ioctl(ring, ioctl.POLL, 5)),
    ("ioctl", lambda: ioctl.ioctl(stream, ioctl.POLL, 5)),
    ("ioctl", lambda: ioctl.ioctl(stream, ioctl.FLUSH, 1 << 70)),
    ("ioctl", lambda: ioctl.ioctl(None, ioctl.FLUSH)),
)


def prepare():
    global u, v, w
    u = unpacker(b"\x05" + DEEP)
    v = of_stream(Source(b"\x05" + MAP, "read"))
    w = of_stream(Source(b"", "readinto"))


def main():
    gc.disable()
    # The function is a default argument, because looking it up uses more stack than the call.
    empty = depth(lambda fn=gc.isenabled: fn())
    modules = ("msgpack", MSGPACK), ("finaliserproxy", FINALISERPROXY), ("ioctl", IOCTL)
    for module, cases in modules:
        found = {}
        for name, fn in cases:
            # Only some of these calls allocate a batch of blocks; they go deepest.
            for _ in range(30 if name in ("FinaliserProxy()", "finalize()") else 1):
                prepare()
                found[name] = max(found.get(name, 0), depth(fn) - empty)
        for name, n in found.items():
            print("@", module, n, name)


main()
