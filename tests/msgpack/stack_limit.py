# SPDX-License-Identifier: MIT
# Near the end of the C stack every function either works or raises RuntimeError. Firmware keeps
# as little as 256 bytes below the limit that it checks, and Python code by itself uses some of
# them. A function of the module must not use more, though it takes over 1000 bytes of stack.
#
# The free part of the stack is painted, a function is called at each level of a recursion that
# ends at the limit, and the paint shows how far down the stack was used.
# needs: msgpack
# targets: mps2-* rpi-pico
# long: rpi-pico
# timeout: 240

import gc
import io
import machine

import check
import msgpack
from check import case, eq, true

if "pico" in check.target:
    # As ports/rp2 sets it. A Python function that does nothing uses 380 bytes below it, so some of
    # the end of the heap, which is free here.
    LIMIT = 0x20040000 + 256
    BOTTOM = LIMIT - 1024
    irq_off, irq_on = machine.disable_irq, machine.enable_irq
else:
    TOP = 0x400000  # The end of RAM, and of the stack but for what main() uses.
    LIMIT = TOP - 10240  # As ports/qemu sets it.
    BOTTOM = LIMIT - 3072
    irq_off = irq_on = lambda *state: None
PAINT = 0x5AA5C33C
MORE = 176  # Bytes beyond what a Python function uses that does nothing.

mem32 = machine.mem32


def paint():
    for address in range(BOTTOM, LIMIT + 2048, 4):
        mem32[address] = PAINT


def used_below_limit():
    address = BOTTOM
    while mem32[address] == PAINT:
        address += 4
    return LIMIT - address


def make_recursion(n_locals):
    source = "def recurse(fn):\n"
    source += "    x%d = 1\n" * n_locals % tuple(range(n_locals))
    source += "    fn()\n    recurse(fn)\n"
    names = {}
    exec(source, names)
    return names["recurse"]


# Frames of several sizes, so that the last ones come to lie in several places.
RECURSIONS = [make_recursion(n) for n in range(12)]

counts = [0, 0]


def use(call):
    """How far below the limit the stack is used."""

    def fn():
        try:
            call()
            counts[0] += 1
        except RuntimeError:
            counts[1] += 1

    most = 0
    for recurse in RECURSIONS:
        gc.collect()
        gc.disable()
        paint()
        # Interrupts use the stack, too.
        interrupts = irq_off()
        try:
            recurse(fn)
        except RuntimeError:
            pass
        irq_on(interrupts)
        most = max(most, used_below_limit())
        gc.enable()
    return most


class Base(io.IOBase):
    def write(self, buf):
        return len(buf)

    def readinto(self, buf):
        buf[0] = 1
        return 1


class Duck:
    def write(self, buf):
        return len(buf)

    def read(self, n):
        return b"\x01"


def hook(obj):
    return obj


def ext_hook(code, data):
    return data


OBJ = {
    "a": [1, 2, 3.5, "text", b"bytes", None],
    "b": {"d": msgpack.ExtType(1, b"a")},
    "deep": [[[[[[[[1]]]]]]]],
}
if not check.small:
    OBJ["b"]["c"] = msgpack.Timestamp(1, 2)
DATA = msgpack.packb(OBJ)
# Equal keys, which are hashed and compared: by recursion in the firmware, which checks no stack.
KEY = b"\x91" * (1 if check.small else 8) + b"\x05"
KEYS = b"\x82" + KEY + b"\x01" + KEY + b"\x02"
buffer = bytearray(200)
stream = io.BytesIO(bytearray(200))


def pack_to_stream():
    stream.seek(0)
    msgpack.pack(OBJ, stream)


def unpack_from_stream():
    stream.seek(0)
    msgpack.unpack(stream, ext_hook=ext_hook)


def fail():
    try:
        msgpack.unpackb(b"\xc1")
    except ValueError:
        pass


CALLS = (
    lambda: msgpack.packb(OBJ),
    lambda: msgpack.packb(OBJ, default=hook),
    pack_to_stream,
    lambda: msgpack.pack(OBJ, Base()),
    lambda: msgpack.pack(OBJ, Duck()),
    lambda: msgpack.unpackb(DATA),
    lambda: msgpack.unpackb(DATA, ext_hook=ext_hook),
    lambda: msgpack.unpackb(KEYS, use_list=False),
    unpack_from_stream,
    lambda: msgpack.unpack(Base()),
    lambda: msgpack.unpack(Duck()),
    fail,
    lambda: msgpack.ExtType(1, b""),
)

if not check.small:

    class MyTuple(tuple):
        pass

    python_keys = [5, 5]
    for i in (0, 1):
        for _ in range(4):
            python_keys[i] = MyTuple((python_keys[i],))

    def key_hook(code, data):
        return python_keys[code]

    packer = msgpack.Packer()
    shared = msgpack.Unpacker()

    def unpack_with_hook():
        stream.seek(0)
        msgpack.unpack(stream, object_hook=hook)

    def unpacker():
        u = msgpack.Unpacker(object_hook=hook)
        u.feed(DATA)
        u.unpack()

    def iterate():
        shared.feed(DATA)
        for obj in shared:
            pass

    CALLS += (
        lambda: msgpack.pack_into(OBJ, buffer),
        lambda: msgpack.unpackb(DATA, object_hook=hook, list_hook=hook),
        unpack_with_hook,
        lambda: msgpack.unpackb(b"\x82\xd4\x00\x00\x02\xd4\x01\x00\x03", ext_hook=key_hook),
        msgpack.Packer,
        lambda: packer.pack(OBJ),
        msgpack.Unpacker,
        unpacker,
        iterate,
        lambda: msgpack.Timestamp(1) < msgpack.Timestamp(2),
        lambda: msgpack.Timestamp.from_unix_nano(1).to_bytes(),
    )


@case
def no_more_than_python():
    limit = use(lambda: None) + MORE
    true(limit < (LIMIT - BOTTOM) * 3 // 4)
    most = 0
    for i, call in enumerate(CALLS):
        counts[0] = counts[1] = 0
        n = use(call)
        most = max(most, n)
        if n > limit:
            raise AssertionError("CALLS[%d]: %d bytes below the limit, not %d" % (i, n, limit))
        # Most levels have enough stack.
        true(counts[0] > counts[1])
    check.note("a Python function uses %d bytes, and calls up to %d" % (limit - MORE, most))


@case
def works_afterwards():
    eq(msgpack.unpackb(DATA), OBJ)
    eq(msgpack.packb(OBJ), DATA)
    if check.small:
        return
    shared.reset()
    shared.feed(DATA)
    eq(shared.unpack(), OBJ)
    eq(packer.pack(OBJ), DATA)


check.end()
