# SPDX-License-Identifier: MIT
# Messages through a pipe in random pieces, in and out of step with the reader: all arrive, and
# memory stays flat.
# needs: msgpack
# targets: unix-x64 unix-x86 mps2-an385/armv7m
# timeout: 1800

import gc

import check
import micropython
import msgpack
from check import case, eq, full_case, true

if not hasattr(micropython, "RingIO"):
    RingIO = None
else:
    RingIO = micropython.RingIO
UNIX = "unix" in check.target
MESSAGES = 1000000 if check.long and UNIX else 100000 if UNIX else 2000
ROUND = 500  # Messages between two looks at the heap.
# What stale words on the stack keep, and a buffer that has grown.
ALLOWED = 3000
TEXT = "x" * 70

seed = 1


def below(n):
    global seed
    seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
    return (seed >> 12) % n


def message(i):
    """One of several shapes, each with its number."""
    kind = i % 7
    if kind == 0:
        return i
    if kind == 1:
        return {"id": i, "on": True, "name": TEXT[: i % 70]}
    if kind == 2:
        return [i, [i % 5] * (i % 20), None]
    if kind == 3:
        return msgpack.ExtType(5, b"data" * (i % 9))
    if kind == 4:
        return {"nested": {"deeper": {"id": i}}, "b": b"\0" * (i % 40)}
    if kind == 5 and not check.small:
        return msgpack.Timestamp(i << 10, i % 1000)
    return [(1 << 60) + i, -i, TEXT[: i % 7]]


class Flat:
    """Memory in use after each round: it must not grow with the messages."""

    def __init__(self):
        self.first = None

    def look(self, number):
        if number % ROUND:
            return
        check.collect_garbage()
        used = gc.mem_alloc()
        # The first rounds allocate what stays.
        if number == 2 * ROUND:
            self.first = used
        elif self.first is not None and used - self.first > ALLOWED:
            raise AssertionError("%d bytes more after %d messages" % (used - self.first, number))


def through_a_ring(unpack_next, ring):
    """The writer is some bytes ahead of the reader, and often in the middle of a message."""
    flat = Flat()
    waiting = b""
    sent = received = 0
    while received < MESSAGES:
        if len(waiting) < 200 and sent < MESSAGES:
            waiting += msgpack.packb(message(sent))
            sent += 1
        n = ring.write(waiting[: 1 + below(60)])
        waiting = waiting[n or 0 :]
        if below(3) == 0 or not n:
            while True:
                try:
                    got = unpack_next()
                except msgpack.OutOfData:
                    break
                if got != message(received):
                    raise AssertionError("message %d is %r" % (received, got))
                received += 1
                flat.look(received)
    true(flat.first is not None)
    eq(ring.any(), 0)


@full_case("Unpacker")
def unpacker_of_a_stream():
    if RingIO is None:
        check.skip("no RingIO")
    ring = RingIO(256)
    through_a_ring(msgpack.Unpacker(ring, read_size=64).unpack, ring)


@full_case("Unpacker")
def fed():
    if RingIO is None:
        check.skip("no RingIO")
    ring = RingIO(256)
    unpacker = msgpack.Unpacker(max_buffer_size=2000)

    def unpack_next():
        try:
            return unpacker.unpack()
        except msgpack.OutOfData:
            data = ring.read(1 + below(40))
            if not data:
                raise
            unpacker.feed(data)
            return unpack_next()

    through_a_ring(unpack_next, ring)


@case
def packed_into_the_pipe():
    # pack and unpack on the stream itself, a message at a time.
    if RingIO is None:
        check.skip("no RingIO")
    ring = RingIO(400)
    flat = Flat()
    for i in range(1, MESSAGES // 2 + 1):
        obj = message(i)
        msgpack.pack(obj, ring)
        if msgpack.unpack(ring) != obj:
            raise AssertionError("message %d" % i)
        flat.look(i)
    true(flat.first is not None)
    eq(ring.any(), 0)


@full_case("Unpacker")
def with_a_fault_now_and_then():
    # Garbage between messages and half messages: an Unpacker that is reset goes on.
    unpacker = msgpack.Unpacker(max_buffer_size=2000)
    flat = Flat()
    good = 0
    for i in range(1, MESSAGES // 2 + 1):
        data = msgpack.packb(message(i))
        what = below(8)
        try:
            if what == 0:
                unpacker.feed(data[: below(len(data))] + b"\xc1\xc1")
                for _ in unpacker:
                    pass
            else:
                unpacker.feed(data)
                eq(unpacker.unpack(), message(i))
                good += 1
        except (ValueError, TypeError, msgpack.UnpackException):
            unpacker.reset()
        if what == 0:
            unpacker.reset()
        flat.look(i)
    true(flat.first is not None)
    true(good > MESSAGES // 3)


check.note("%d messages" % (MESSAGES // 2 if check.small else 3 * MESSAGES))
check.end()
