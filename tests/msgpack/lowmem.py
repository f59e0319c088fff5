# SPDX-License-Identifier: MIT
# needs: msgpack
# timeout: 300
# wants: floats big-ints
# not: mps2-an385-samd21 unix-*-*
# long: mps2-* repeats rpi-pico unix-asan virt-rv32 xtensa*
# MemoryError at each allocation in turn: it is the only thing that happens, and afterwards
# everything works as before.
import gc
from io import BytesIO

import check
import micropython
import msgpack
from check import case, eq, full_case, raises
from streams import ReadintoSource
from vectors import expect, hx

HEAP = gc.mem_alloc() + gc.mem_free()
PIECE = 64  # room is given in pieces of about this size
# More than any case needs; the Pico's heap has no more.
PIECES = 800 if HEAP > 400 * 1024 else 500
CUSHION = PIECES // 25  # blocks of memory for what the test itself does in between
CUSHION_BLOCK = 2048
FIRST_SIZES = (65536, 2048, PIECE, 1)
MORE_SIZES = (PIECE, 1)


def fill(taken):
    """Take the whole heap: a chain of blocks, and one of tuples for what is left over."""
    chain = small = None
    sizes = FIRST_SIZES  # no tuple is made where the heap is full
    for _ in range(6):
        gc.collect()
        # what a round itself left behind, and what only a stale word on the stack kept alive
        if gc.mem_free() < PIECE:
            break
        for size in sizes:
            try:
                while True:
                    chain = [bytearray(size), chain]
            except MemoryError:
                pass
        try:
            while True:
                small = (small,)
        except MemoryError:
            pass
        sizes = MORE_SIZES
    taken[0] = chain
    taken[1] = small


def release(chain):
    """Take a chain apart, so that a stale word on the stack keeps no more than a block of it."""
    while chain is not None:
        node = chain
        chain = node[1]
        node[0] = node[1] = None


class FullHeap:
    """A heap of which everything is taken, but for the room that it is asked for."""

    def __init__(self):
        self.set_up()

    def set_up(self):
        self.pieces = None
        self.take(PIECES)
        self.cushion = [None] * CUSHION
        self.pad()
        self.rest = [None, None]
        fill(self.rest)

    def take(self, n):
        for _ in range(n):
            self.pieces = [bytearray(PIECE), self.pieces]

    def pad(self):
        for i in range(CUSHION):
            self.cushion[i] = bytearray(CUSHION_BLOCK)

    def unpad(self):
        for i in range(CUSHION):
            self.cushion[i] = None

    def with_room(self, n, fn):
        """Call fn while there is room for only about n pieces more."""
        # from here on no allocation of the test's own, but through fn
        for _ in range(n):
            node = self.pieces
            self.pieces = node[1]
            node[0] = node[1] = None
        node = None
        gc.collect()
        try:
            return fn()
        finally:
            self.unpad()

    def take_back(self, n):
        """What the last call had."""
        gc.collect()
        try:
            # in this order, so that both come to lie where they were
            self.take(n)
            self.pad()
        except MemoryError:
            # something that lives on is in the way
            self.release()
            self.set_up()

    def release(self):
        self.unpad()
        release(self.pieces)
        release(self.rest[0])
        self.pieces = self.rest[0] = self.rest[1] = None
        gc.collect()


def grow(heap, fn, good, after):
    """Run fn with more and more room until it succeeds; returns how often it failed."""
    failures = 0
    pieces = 0
    while pieces <= PIECES:
        try:
            result = heap.with_room(pieces, fn)
        except MemoryError:
            failures += 1
            if after is not None:
                after()
        else:
            good(result)
            return failures
        heap.take_back(pieces)
        # one by one at first, then in growing steps
        pieces += 1 + pieces // 2
    raise AssertionError("no success even with %d pieces" % PIECES)


def sweep(fn, good, after=None):
    """grow(), which must have failed at first; good(result) judges the one that succeeded."""
    for _ in range(5):
        heap = FullHeap()
        try:
            if grow(heap, fn, good, after) > 0:
                return
            # What only a stale word kept alive while the heap was filled has been freed since.
        finally:
            heap.release()
    raise AssertionError("it never failed, so nothing was tested")


DOC = (
    hx("96 a3616263 92 cfffffffffffffffff c4050102030405 82 a16b 91 cd0100 a16c d4057a")
    + hx("cb3ff8000000000000 81 d928")
    + b"@" * 40
    + b"\x05"
    # more than what garbage of the test's own may leave free
    + b"\xdc\x01\x90"
    + b"\x07" * 400
)


def value():
    return [
        "abc",
        [(1 << 64) - 1, b"\x01\x02\x03\x04\x05"],
        {"k": [256], "l": msgpack.ExtType(5, b"z")},
        1.5,
        {"@" * 40: 5},
        [7] * 400,
    ]


VALUE = value()
PACKED = msgpack.packb(VALUE)
MANY = [VALUE] * 10


class Endless:
    """head, then size zero bytes that exist nowhere, then tail."""

    def __init__(self, head, size, tail):
        self.parts = [head, size, tail]

    def readinto(self, buf):
        head, size, tail = self.parts
        if head:
            n = min(len(head), len(buf))
            buf[:n] = head[:n]
            self.parts[0] = head[n:]
            return n
        if size:
            n = min(size, len(buf))
            self.parts[1] = size - n
            return n
        if tail:
            buf[0] = tail[0]
            self.parts[2] = tail[1:]
            return 1
        return 0


@case
def unpackb():
    sweep(lambda: msgpack.unpackb(DOC), lambda got: expect(got, value()))


@case
def unpack_stream():
    # the stream stands after the object, also when it could not be built
    s = BytesIO(DOC + b"\x2a")

    def run():
        s.seek(0)
        return msgpack.unpack(s)

    def after():
        eq(s.tell(), len(DOC))
        eq(msgpack.unpack(s), 42)

    # The small flavour reads the object's bytes into memory, and may fail in the middle.
    sweep(run, lambda got: expect(got, value()), None if check.small else after)


@case
def packb():
    # large enough to outgrow whatever the filled heap has left
    sweep(lambda: msgpack.packb(MANY), lambda got: expect(got, b"\x9a" + PACKED * 10))


@full_case("Packer")
def packer():
    p = msgpack.Packer()
    sweep(
        lambda: p.pack(MANY),
        lambda got: expect(got, b"\x9a" + PACKED * 10),
        lambda: expect(p.pack([1]), b"\x91\x01"),
    )


@full_case("Packer")
def packer_without_autoreset():
    # Other objects lie between the pieces: of a heap with 200 kB, 7.5 kB of them were in a row.
    p = msgpack.Packer(autoreset=False)

    def run():
        p.reset()
        for _ in range(10):
            p.pack(VALUE)
        return p.bytes()

    def after():
        # whole messages only
        eq(p.bytes() == PACKED * (len(p.bytes()) // len(PACKED)), True)

    sweep(run, lambda got: expect(got, PACKED * 10), after)


@full_case("Unpacker")
def unpacker():
    def run():
        u = msgpack.Unpacker()
        u.feed(DOC)
        return u.unpack()

    sweep(run, lambda got: expect(got, value()))


@full_case("Unpacker")
def unpacker_that_lives_on():
    u = msgpack.Unpacker()

    def run():
        # either the feed or the unpack may fail; the bytes are in or they are not
        u.reset()
        u.feed(DOC)
        u.feed(b"\x2a")
        return u.unpack()

    def after():
        u.reset()
        u.feed(b"\x93\x01\x02\x03")
        expect(u.unpack(), [1, 2, 3])

    def good(got):
        expect(got, value())
        eq(u.unpack(), 42)

    sweep(run, good, after)


@full_case("Unpacker")
def feed_without_memory():
    # the bytes are not in, and the room that they would have had is not there
    data = bytes(1000)
    for before in (0, 10):
        u = msgpack.Unpacker()
        if before:
            u.feed(data[:before])
        part = data[:60]
        strangers = [bytearray(b"\xaa" * 64) for _ in range(20)]
        for refused in (part, data):
            failed = False
            micropython.heap_lock()
            try:
                u.feed(refused)
            except MemoryError:
                failed = True
            micropython.heap_unlock()
            eq(failed, True)
            u.feed(part)
            u.feed(data)
        eq(len(list(u)), before + 2 * 1060)
        for stranger in strangers:
            if stranger != b"\xaa" * 64:
                raise AssertionError("a stranger's block was written: %r" % stranger)


@full_case("Unpacker")
def fed_object_is_skipped():
    # MemoryError inside unpack: the object is gone, the next one comes
    u = msgpack.Unpacker()
    u.feed(DOC + b"\x2a")
    out = []

    def run():
        return u.unpack()

    def after():
        out.append(u.unpack())
        u.feed(DOC + b"\x2a")

    def good(got):
        expect(got, value())
        eq(u.unpack(), 42)

    sweep(run, good, after)
    eq(all(x == 42 for x in out), True)


@case
def with_hooks():
    def run():
        more = {} if check.small else {"object_pairs_hook": dict}
        return msgpack.unpackb(DOC, ext_hook=lambda c, d: d, **more)

    def good(got):
        expect(got[2], {"k": [256], "l": b"z"})

    sweep(run, good)


@case
def constructors():
    def run():
        # more than what garbage of the test's own may leave free
        made = [msgpack.ExtType(5, b"x" * 400)]
        if not check.small:
            made += [msgpack.Packer(), msgpack.Unpacker(), msgpack.Timestamp(1 << 40, 5)]
        return made

    sweep(run, lambda got: eq(got[0].data, b"x" * 400))


@case
def larger_than_the_heap():
    # a string that no heap holds: MemoryError after its bytes, then the next object
    for first in (0xC6, 0xDB, 0xC9):
        size = gc.mem_alloc() + gc.mem_free()
        head = bytes((first,)) + bytes((size >> s) & 255 for s in (24, 16, 8, 0))
        if first == 0xC9:
            head += b"\x05"
        s = Endless(head, size, b"\x2a")
        raises(MemoryError, msgpack.unpack, s)
        if not check.small:
            eq(msgpack.unpack(s), 42)
        gc.collect()


@case
def hostile_length_from_a_stream():
    # memory is taken as the bytes come: a claim of 4 GB costs nothing
    for text in ("c6ffffffff", "dbffffffff", "c9ffffffff05", "ddffffffff", "dfffffffff"):
        s = ReadintoSource(hx(text) + b"\x01" * 50)
        try:
            msgpack.unpack(s)
        except (msgpack.OutOfData, ValueError):
            continue  # too many elements for any machine word may be refused at once
        raise AssertionError(text)


@case
def everything_still_works():
    gc.collect()
    expect(msgpack.unpackb(PACKED), VALUE)
    expect(msgpack.packb(VALUE), PACKED)


@case
def body_as_large_as_memory():
    # Such a length must not wrap anywhere.
    try:
        import uctypes
    except ImportError:
        check.skip("no uctypes")
    # Where it lies does not matter: it is refused before anything is read.
    start = uctypes.addressof(b"....")
    for size in (0xFFFFFFFE, 0xFFFFFFF8, 0xFFFFFFF0, 0xC0000000, 0x80000000):
        for before in ([], [bytes(400)]):
            huge = before + [uctypes.bytearray_at(start, size)]
            raises(MemoryError, msgpack.packb, huge)
            if not check.small:
                raises(MemoryError, msgpack.Packer().pack, huge)


@case
def containers_in_a_buffer_as_large_as_memory():
    # As many elements as the bytes at hand may bring: their sizes in memory must not wrap either.
    try:
        import uctypes
    except ImportError:
        check.skip("no uctypes")
    claims = ("dd40000001", 30), ("dd20000001", 29), ("df20000001", 30), ("df10000001", 29)
    for text, bits in claims:
        # There are no more bytes than these, and the first that is read behind them is an error.
        head = bytearray(hx(text) + b"\xc0" * 400 + b"\xc1")
        data = uctypes.bytearray_at(uctypes.addressof(head), (1 << bits) + 16)
        kept = [bytearray(b"\xaa" * 16) for _ in range(200)]
        for use_list in (True, False):
            raises(MemoryError, msgpack.unpackb, data, use_list=use_list)
        eq(sum([k != b"\xaa" * 16 for k in kept]), 0)


check.end()
