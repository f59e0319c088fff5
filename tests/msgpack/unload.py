# SPDX-License-Identifier: MIT
# needs: msgpack file
# long: rpi-pico
# timeout: 120
# wants: big-ints one-flavour
# The module's memory is found by the collector through what is still alive, not through names:
# everything works after sys.modules and the script have forgotten the module.
import gc
import sys
from io import BytesIO

import check
import msgpack
from check import case, eq

PACKED = b"\x94\x01\xa3abc\xd4\x05x\xd6\xff\x00\x00\x00\x05"

try:
    saved_modules = dict(sys.modules)
except AttributeError:
    saved_modules = None


class Held:
    """All that can outlive the module's name."""

    def __init__(self):
        m = msgpack
        self.functions = (m.pack, m.packb, m.unpack, m.unpackb)
        self.ext = m.ExtType(5, b"x")
        self.types = (m.ExtType,)
        self.errors = []
        for data in (b"\xc1", b"\x91" * 2000, b"\x01\x02", b"\x92", b"\xa1\xff", b"\x81\x90\x01"):
            try:
                m.unpackb(data)
            except Exception as e:
                self.errors.append(e)
        for fn, args in (
            (m.packb, (object(),)),
            (m.packb, (1 << 64,)),
            (m.unpack, (BytesIO(b""),)),
            (m.unpack, (BytesIO(b"\x92"),)),
        ):
            try:
                fn(*args)
            except Exception as e:
                self.errors.append(e)
        eq(len(self.errors), 10)
        if not check.small:
            self.hold_more(m)
        self.texts = [(type(e).__name__, str(e)) for e in self.errors]

    def hold_more(self, m):
        """What the full flavour has."""
        self.pack_into = m.pack_into
        self.packer = m.Packer(default=lambda o: "d")
        self.plain = m.Packer(autoreset=False)
        self.plain.pack([1, 2])
        self.unpacker = m.Unpacker(max_buffer_size=100)
        self.unpacker.feed(b"\x93\x01\xa3ab")
        self.stamp = m.Timestamp(5)
        self.big_stamp = m.Timestamp(1 << 40, 7)
        self.methods = (self.packer.pack, self.unpacker.feed, self.stamp.to_unix_nano)
        self.types += (m.Timestamp, m.Packer, m.Unpacker)
        try:
            self.unpacker.feed(b"x" * 200)
        except m.BufferFull as e:
            self.errors.append(e)
        eq(len(self.errors), 11)


def churn():
    """Thousands of allocations of many sizes, with collections between: freed blocks are
    reused and overwritten."""
    keep = []
    for i in range(3000):
        keep.append(bytearray(b"\xa5" * (i % 97 + 1)))
        if i % 100 == 99:
            keep = keep[::7]
        if i % 500 == 499:
            gc.collect()
    check.collect_garbage()


def use(h, rounds=1):
    for _ in range(rounds):
        eq([(type(e).__name__, str(e)) for e in h.errors], h.texts)
        for e in h.errors:
            try:
                raise e
            except Exception as same:
                eq(same is e, True)
        eq(repr(h.ext), "ExtType(code=5, data=b'x')")
        if not check.small:
            use_more(h)
        pack, packb, unpack, unpackb = h.functions
        got = unpackb(PACKED)
        eq(got[:2], [1, "abc"])
        eq(got[2] == h.ext, True)
        eq(packb(got), PACKED)
        s = BytesIO()
        pack(got, s)
        s.seek(0)
        eq(unpack(s) == got, True)
        try:
            unpackb(b"\xc1")
        except ValueError as e:
            eq(isinstance(e, type(h.errors[0])), True)
        eq(h.types[0](5, b"x") == h.ext, True)
        churn()


def use_more(h):
    eq(repr(h.stamp), "Timestamp(seconds=5, nanoseconds=0)")
    eq(h.big_stamp.to_unix_nano(), (1 << 40) * 10**9 + 7)
    eq(h.methods[2](), 5 * 10**9)
    eq(h.packer.pack([1, h.ext, h.stamp, len]), PACKED[:2] + PACKED[6:] + b"\xa1d")
    h.plain.pack("x")
    eq(h.plain.bytes(), b"\x92\x01\x02\xa1x")
    h.plain.reset()
    h.plain.pack([1, 2])
    h.methods[1](b"c\xc0")
    eq(h.unpacker.unpack(), [1, "abc", None])
    h.unpacker.feed(b"\x93\x01\xa3ab")
    eq(h.functions[3](PACKED)[3] == h.stamp, True)
    eq(h.pack_into([1], bytearray(10)), 2)
    ext, stamp, packer, unpacker = h.types
    eq(stamp(4) < h.stamp, True)
    eq(packer().pack(7), b"\x07")
    u = unpacker()
    u.feed(b"\x07")
    eq(u.unpack(), 7)


held = Held()


@case
def before():
    use(held)


@case
def without_its_name():
    global msgpack
    if saved_modules is None:
        check.skip("no sys.modules")
    del sys.modules["msgpack"]
    del msgpack
    gc.collect()
    use(held, 3)


@case
def without_any_module():
    if saved_modules is None:
        check.skip("no sys.modules")
    sys.modules.clear()
    gc.collect()
    try:
        use(held, 3)
    finally:
        sys.modules.update(saved_modules)


@case
def one_survivor_each():
    # each object alone keeps what it needs
    global held
    if saved_modules is None:
        check.skip("no sys.modules")
    names = ["ext", "errors", "functions", "types"]
    if not check.small:
        names += ["stamp", "packer", "unpacker", "methods"]
        if gc.mem_alloc() + gc.mem_free() < 400 * 1024:
            # The code of each import stays in the heap.
            names = ["functions", "packer", "unpacker"]
    for name in names:
        sys.modules.pop("msgpack", None)
        held = None
        gc.collect()
        module = __import__("msgpack")
        globals()["msgpack"] = module
        h = Held()
        survivor = getattr(h, name)
        del h, module
        del globals()["msgpack"]
        sys.modules.clear()
        check.collect_garbage()
        try:
            for _ in range(2):
                churn()
                if name == "ext":
                    eq((survivor.code, survivor.data), (5, b"x"))
                    eq(repr(survivor), "ExtType(code=5, data=b'x')")
                elif name == "stamp":
                    eq((survivor.seconds, survivor.to_unix_nano()), (5, 5 * 10**9))
                elif name == "packer":
                    eq(survivor.pack([1, object()]), b"\x92\x01\xa1d")
                elif name == "unpacker":
                    survivor.feed(b"c\xd4\x05x")
                    got = survivor.unpack()
                    eq((got[:2], got[2].code, got[2].data), ([1, "abc"], 5, b"x"))
                elif name == "errors":
                    eq(["incomplete" in str(e) for e in survivor].count(True) > 0, True)
                    for e in survivor:
                        try:
                            raise e
                        except Exception as same:
                            eq(same is e, True)
                elif name == "functions":
                    eq(survivor[1](survivor[3](PACKED)), PACKED)
                elif name == "types":
                    eq(survivor[0](1, b"").code, 1)
                    if not check.small:
                        eq(survivor[2]().pack([1]), b"\x91\x01")
                else:
                    eq(survivor[0]([1]), b"\x91\x01")
                    eq(survivor[2](), 5 * 10**9)
                if name == "unpacker":
                    survivor.feed(b"\x93\x01\xa3ab")
        finally:
            sys.modules.update(saved_modules)


@case
def imported_again():
    # two copies of the module live side by side; each knows its own types
    global held
    if saved_modules is None:
        check.skip("no sys.modules")
    check.need_heap(400)
    sys.modules.pop("msgpack", None)
    first = __import__("msgpack")
    sys.modules.pop("msgpack", None)
    second = __import__("msgpack")
    for m in (first, second, first):
        eq(m.packb([1, m.ExtType(5, b"x")]), b"\x92\x01\xd4\x05x")
        eq(type(m.unpackb(b"\xd4\x05x")) is m.ExtType, True)
        churn()
    del first
    churn()
    eq(second.packb(second.unpackb(PACKED)), PACKED)


@case
def imported_many_times():
    if saved_modules is None:
        check.skip("no sys.modules")
    check.need_heap(400)
    for _ in range(6):
        sys.modules.pop("msgpack", None)
        m = __import__("msgpack")
        eq(m.packb(m.unpackb(PACKED)), PACKED)
        del m
        gc.collect()


check.end()
