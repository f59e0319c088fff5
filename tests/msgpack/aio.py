# SPDX-License-Identifier: MIT
# targets: unix-x64 unix-x64-small unix-x64-gil unix-x86 rpi-pico next-unix-x64 cpython
# needs: msgpack msgpack_aio
# long: rpi-pico repeats
# timeout: 120
# msgpack_aio: messages of streams of asyncio, however they arrive.
import asyncio
import sys

import check
import msgpack
import msgpack_aio
from check import case, eq, true
from msgpack_aio import Unpacker
from vectors import ANY_KEY, CPYTHON, hx


class Reader:
    """Brings the pieces, of at most n bytes each, and after them the end."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.reads = 0

    async def read(self, n):
        await asyncio.sleep(0)
        self.reads += 1
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        if len(piece) > n:
            self.pieces.insert(0, piece[n:])
        return piece[:n]


class Writer:
    """Takes a few bytes at a time, as MicroPython's Stream does."""

    def __init__(self):
        self.out = b""
        self.waiting = b""
        self.drains = 0

    def write(self, data):
        self.waiting += data

    async def drain(self):
        self.drains += 1
        while self.waiting:
            waiting = self.waiting
            self.out += waiting[:3]
            await asyncio.sleep(0)
            # What another task has written meanwhile would be lost.
            self.waiting = waiting[3:]


def split(data, size):
    return [data[i : i + size] for i in range(0, len(data), size)]


async def collect(unpacker):
    found = []
    async for obj in unpacker:
        found.append(obj)
    return found


def caught(kind, coroutine):
    """The exception that a coroutine ends with."""
    try:
        asyncio.run(coroutine)
    except kind as e:
        return e
    raise AssertionError("nothing raised")


OBJECTS = (
    [None, True, False, 0, 127, -1, -32, 128, -33, 65535, 65536, -32769, 2**29]
    + ["", "a" * 31, "a" * 32, "a" * 300, b"", b"b" * 255, b"b" * 256]
    + [[], [1, [2, [3, []]]], list(range(15)), list(range(16)), {}, {"a": {"b": [1]}}]
    + [{i: -i for i in range(16)}, [[[[]]] * 3] * 3, 1.5]
)


@case
def every_format_in_every_piece():
    data = b"".join(msgpack.packb(obj) for obj in OBJECTS)
    for size in 1, 2, 3, 7, 64, 1000, len(data):
        reader = Reader(*split(data, size))
        eq(asyncio.run(collect(Unpacker(reader, **ANY_KEY))), OBJECTS)


@case
def long_forms():
    # The forms that are longer than they need to be, and ext of all sizes.
    encodings = (
        "cc01 cd0001 ce00000001 cf0000000000000001 d001 d10001 d200000001 d30000000000000001 "
        "d90161 da000161 db0000000161 c40161 c5000161 c60000000161 dc000101 dd0000000101 "
        "de00010101 df000000010101 ca3fc00000 cb3ff8000000000000 d40501 d5050102 "
        "d60501020304 d7050102030405060708 d80501020304050607080102030405060708 "
        "c7010501 c800010501 c9000000010501"
    ).split()
    data = b"".join(hx(text) for text in encodings)
    for size in 1, 5, len(data):
        found = asyncio.run(collect(Unpacker(Reader(*split(data, size)), **ANY_KEY)))
        eq(found, [msgpack.unpackb(hx(text), **ANY_KEY) for text in encodings])


@case
def what_is_read_ahead_is_kept():
    reader = Reader(b"\x01\x02\x93\x01", b"\x02\x03\xa1a")

    async def main():
        found = []
        for _ in range(4):
            found.append(await msgpack_aio.unpack(reader))
        reads = reader.reads
        try:
            await msgpack_aio.unpack(reader)
        except EOFError:
            found.append("end")
        return found, reads

    eq(asyncio.run(main()), ([1, 2, [1, 2, 3], "a", "end"], 2))


@case
def options():
    def main(reader, **options):
        return asyncio.run(msgpack_aio.unpack(reader, **options))

    eq(main(Reader(b"\x91\x01"), use_list=False), (1,))
    eq(main(Reader(b"\xd4\x05A"), ext_hook=lambda code, data: (code, data)), (5, b"A"))
    reader = Reader(b"\x91\x01\x91\x02")
    eq(main(reader, use_list=False), (1,))
    eq(main(reader), [2])
    calls = []
    unpacker = Unpacker(
        Reader(*split(b"\x92\xd4\x05A\x01", 1)), ext_hook=lambda *a: calls.append(a)
    )
    eq(asyncio.run(unpacker.unpack()), [None, 1])
    # Once, though it came in pieces.
    eq(calls, [(5, b"A")])


@case
def options_of_each_call():
    # The limit is that of the call, and not of the first one.
    reader = Reader(b"\xa3abc", b"\xa4abcd")
    eq(asyncio.run(msgpack_aio.unpack(reader, max_buffer_size=4)), "abc")
    caught(ValueError, msgpack_aio.unpack(reader, max_buffer_size=4))

    class Sized(Reader):
        async def read(self, n):
            sizes.append(n)
            return await Reader.read(self, n)

    for options, size in (({}, 256), ({"read_size": 7}, 7)):
        sizes = []
        eq(asyncio.run(Unpacker(Sized(b"\x01"), **options).unpack()), 1)
        eq(sizes, [size])


@case
def lengths_of_zero():
    # Their headers are all that there is of them.
    for text, obj in ("d900", ""), ("da0000", ""), ("c400", b""), ("dc0000", []), ("de0000", {}):
        eq(asyncio.run(Unpacker(Reader(hx(text), OSError(5))).unpack()), obj)


@case
def hostile_lengths():
    # Neither read nor allocated.
    for text in "dbffffffff c6ffffffff c9ffffffff01 ddffffffff dfffffffff dcffff da4001".split():
        reader = Reader(hx(text) + b"\x01" * 8, b"\x01" * 100)
        caught((ValueError, OverflowError), Unpacker(reader).unpack())
        eq(reader.reads, 1)
    # Containers in containers promise more and more.
    reader = Reader(*split(b"\xdd\x00\x00\x10\x00" * 1000, 5))
    caught(ValueError, Unpacker(reader).unpack())
    true(reader.reads < 10)


@case
def max_buffer_size():
    data = msgpack.packb(b"x" * 98)
    eq(len(data), 100)
    eq(asyncio.run(Unpacker(Reader(data), max_buffer_size=100).unpack()), b"x" * 98)
    reader = Reader(data + b"\x01", b"\x02")
    unpacker = Unpacker(reader, max_buffer_size=99)
    caught(ValueError, unpacker.unpack())
    # What was read is dropped: nothing in it can be trusted.
    eq(asyncio.run(unpacker.unpack()), 2)
    # Of several messages in a piece each may be as long.
    unpacker = Unpacker(Reader(data * 3), max_buffer_size=100, read_size=1000)
    eq(asyncio.run(collect(unpacker)), [b"x" * 98] * 3)


@case
def bad_messages():
    # Where its end is known, the next one is not lost.
    unpacker = Unpacker(Reader(b"\x92\xa1\xff\x01\x05"))
    caught(ValueError, unpacker.unpack())
    eq(asyncio.run(unpacker.unpack()), 5)
    # An unhashable key, of a map that is there.
    unpacker = Unpacker(Reader(b"\x81\x90\x01\x06"), **ANY_KEY)
    caught(TypeError, unpacker.unpack())
    eq(asyncio.run(unpacker.unpack()), 6)
    unpacker = Unpacker(Reader(b"\x92\x01\xc1\x05", b"\x07"))
    caught(msgpack.FormatError, unpacker.unpack())
    eq(asyncio.run(unpacker.unpack()), 7)
    deep = b"\x91" * 2000 + b"\x01"
    unpacker = Unpacker(Reader(deep, b"\x08"))
    caught(ValueError if not CPYTHON else Exception, unpacker.unpack())
    eq(asyncio.run(unpacker.unpack()), 8)


@case
def ends():
    unpacker = Unpacker(Reader(b"\x01", b"\x92\x01"))
    eq(asyncio.run(unpacker.unpack()), 1)
    caught(msgpack.OutOfData, unpacker.unpack())
    caught(EOFError, unpacker.unpack())
    # That is no end of an iteration.
    caught(msgpack.OutOfData, collect(Unpacker(Reader(b"\x01\x92\x01"))))
    eq(asyncio.run(collect(Unpacker(Reader()))), [])


@case
def errors_of_the_reader():
    # What was read stays.
    unpacker = Unpacker(Reader(b"\x92\x01", OSError(5), b"\x02"))
    eq(caught(OSError, unpacker.unpack()).args[0], 5)
    eq(asyncio.run(unpacker.unpack()), [1, 2])


@case
def no_memory_for_what_comes():
    # A message that has no room is given up, and the memory with it.
    unpacker = Unpacker(Reader(b"\x92\x01", MemoryError(), b"\x02"))
    caught(MemoryError, unpacker.unpack())
    eq(asyncio.run(unpacker.unpack()), 2)


@case
def cancelled():
    class Slow(Reader):
        async def read(self, n):
            if self.reads == 1:
                self.reads += 1
                await asyncio.sleep(10)
            return await super().read(n)

    async def main():
        unpacker = Unpacker(Slow(b"\x92\x01", b"\x02"))
        try:
            await asyncio.wait_for(unpacker.unpack(), 0.01)
        except asyncio.TimeoutError:
            return await unpacker.unpack()

    eq(asyncio.run(main()), [1, 2])


@case
def writers():
    writer = Writer()
    asyncio.run(msgpack_aio.pack([1, "abc", b"x" * 20], writer))
    eq(msgpack.unpackb(writer.out), [1, "abc", b"x" * 20])
    eq(writer.drains, 1)
    # Nothing is written if packing fails.
    before = writer.out
    caught(TypeError, msgpack_aio.pack([1, object()], writer))
    eq((writer.out, writer.waiting), (before, b""))
    asyncio.run(msgpack_aio.pack(object, writer, default=lambda obj: 7))
    eq(writer.out[len(before) :], b"\x07")


@case
def several_tasks_write():
    writer = Writer()

    async def main():
        tasks = [asyncio.create_task(msgpack_aio.pack([i] * 10, writer)) for i in range(8)]
        for task in tasks:
            await task

    asyncio.run(main())
    found = asyncio.run(collect(Unpacker(Reader(writer.out))))
    eq(found, [[i] * 10 for i in range(8)])


@case
def the_full_flavour_is_not_pulled_in():
    if check.small:
        true("msgpack_full" not in sys.modules)


check.end()
