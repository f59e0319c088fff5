# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# wants: floats big-ints full
# Packer: an object at a time, or piece by piece into a buffer of its own.
import check
import msgpack
from check import case, eq, raises
from vectors import CPYTHON, array_head, expect, ext_head, hx, map_head


@case
def pack_returns_bytes():
    p = msgpack.Packer()
    expect(p.pack([1, "a"]), b"\x92\x01\xa1a")
    expect(p.pack(None), b"\xc0")
    expect(p.pack({"k": b"v"}), b"\x81\xa1k\xc4\x01v")
    expect(p.bytes(), b"")


@case
def results_do_not_change_later():
    p = msgpack.Packer()
    kept = [p.pack("a" * n) for n in (1, 50, 3, 200, 0)]
    expect([len(data) for data in kept], [2, 52, 4, 202, 1])
    expect(kept, [msgpack.packb("a" * n) for n in (1, 50, 3, 200, 0)])


@case
def large_objects():
    p = msgpack.Packer()
    for n in (1000, 10000, 20000):
        got = p.pack([b"x" * n, 1])
        eq((len(got), got[:2], got[-2:]), (n + 5, b"\x92\xc5", b"x\x01"))
    expect(p.pack(1), b"\x01")


@case
def headers():
    p = msgpack.Packer()
    for n in (0, 1, 15, 16, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        expect(p.pack_array_header(n), array_head(n), n)
        expect(p.pack_map_header(n), map_head(n), n)
    for n in (1 << 32, 1 << 40):
        raises((ValueError, OverflowError), p.pack_array_header, n)
        raises((ValueError, OverflowError), p.pack_map_header, n)
    expect(p.pack(1), b"\x01")


@case
def negative_and_wrong_headers():
    p = msgpack.Packer()
    if not CPYTHON:
        for n in (-1, -(1 << 40)):
            raises((ValueError, OverflowError), p.pack_array_header, n)
            raises((ValueError, OverflowError), p.pack_map_header, n)
    for n in ("1", None):
        raises(TypeError, p.pack_array_header, n)
        raises(TypeError, p.pack_map_header, n)
    expect(p.pack(1), b"\x01")


@case
def map_pairs():
    p = msgpack.Packer()
    expect(p.pack_map_pairs([("a", 1), ("b", [2]), ("a", 3)]), hx("83 a16101 a1629102 a16103"))
    expect(p.pack_map_pairs([]), b"\x80")
    expect(p.pack_map_pairs(((1, 2),)), b"\x81\x01\x02")
    expect(p.pack_map_pairs([[1, 2]]), b"\x81\x01\x02")
    many = [(i, i) for i in range(20)]
    expect(p.pack_map_pairs(many), map_head(20) + b"".join(bytes((i, i)) for i in range(20)))


@case
def map_pairs_are_a_level():
    def nested(levels):
        obj = []
        for _ in range(levels - 1):
            obj = [obj]
        return obj

    if CPYTHON:
        check.skip("python3-msgpack has another limit")
    p = msgpack.Packer()
    deep = nested(1023)
    eq(len(p.pack_map_pairs([(1, deep)])), 1 + 1 + 1023)
    deep = [deep]
    raises(ValueError, p.pack_map_pairs, [(1, deep)])
    eq(len(p.pack(deep)), 1024)


@case
def bad_map_pairs():
    p = msgpack.Packer()
    for pairs in ([1], [(1,)], [(1, 2, 3)], None):
        raises((ValueError, TypeError), p.pack_map_pairs, pairs)
    for pairs in (-1, 0, 5, 1 << 70, None):
        raises(TypeError, p.pack_map_pairs, pairs)
    if not CPYTHON:  # it keeps the header of the map that failed
        expect(p.pack(1), b"\x01")


@case
def map_pairs_that_change():
    # the header is written before the pairs are seen
    class Pairs:
        def __init__(self, claimed, real):
            self.claimed = claimed
            self.real = real

        def __len__(self):
            return self.claimed

        def __iter__(self):
            for i in range(self.real):
                yield i, i

    expect(msgpack.Packer().pack_map_pairs(Pairs(2, 2)), b"\x82\x00\x00\x01\x01")
    for claimed, real in ((2, 1), (1, 2), (0, 1), (1, 0)):
        p = msgpack.Packer(autoreset=False)
        p.pack(5)
        if CPYTHON:
            check.skip("CPython's msgpack writes what comes")
        raises(RuntimeError, p.pack_map_pairs, Pairs(claimed, real))
        eq(p.bytes(), b"\x05")
        p.pack(6)
        eq(p.bytes(), b"\x05\x06")


@case
def ext_type():
    if CPYTHON:
        check.skip("pack_ext_type of 1.0.3 returns None, whatever autoreset")
    p = msgpack.Packer()
    for n in (0, 1, 2, 3, 4, 8, 16, 17, 256):
        expect(p.pack_ext_type(5, b"e" * n), ext_head(n, 5) + b"e" * n, n)
    expect(p.pack_ext_type(-128, b"x"), b"\xd4\x80x")
    expect(p.pack_ext_type(127, b"x"), b"\xd4\x7fx")
    expect(p.pack_ext_type(5, bytearray(b"x")), b"\xd4\x05x")
    raises(ValueError, p.pack_ext_type, 128, b"x")
    raises(ValueError, p.pack_ext_type, -129, b"x")
    raises(TypeError, p.pack_ext_type, 5, None)
    expect(p.pack(1), b"\x01")


@case
def no_autoreset():
    p = msgpack.Packer(autoreset=False)
    eq(p.pack(1), None)
    eq(p.pack("a"), None)
    expect(p.bytes(), b"\x01\xa1a")
    expect(p.bytes(), b"\x01\xa1a")
    eq(p.pack_array_header(2), None)
    eq(p.pack_map_header(1), None)
    eq(p.pack_map_pairs([(1, 2)]), None)
    eq(p.pack_ext_type(5, b"x"), None)
    expect(p.bytes(), b"\x01\xa1a\x92\x81\x81\x01\x02\xd4\x05x")
    p.reset()
    expect(p.bytes(), b"")
    p.pack(2)
    expect(p.bytes(), b"\x02")


@case
def buffer_grows():
    p = msgpack.Packer(autoreset=False)
    for i in range(2000):
        p.pack(i)
    want = b"".join(msgpack.packb(i) for i in range(2000))
    eq(p.bytes() == want, True)
    eq(bytes(p.getbuffer()) == want, True)
    p.reset()
    p.pack(b"y" * 5000)
    eq(p.bytes() == b"\xc5\x13\x88" + b"y" * 5000, True)


@case
def getbuffer_is_a_view():
    p = msgpack.Packer(autoreset=False)
    eq(len(p.getbuffer()), 0)
    p.pack([1, 2])
    view = p.getbuffer()
    eq((len(view), view[0], bytes(view)), (3, 0x92, b"\x92\x01\x02"))
    expect(bytes(memoryview(view)[1:]), b"\x01\x02")


@case
def view_outlives_growth():
    # what a script holds must not turn into freed memory
    if CPYTHON:
        check.skip("ours to define")
    p = msgpack.Packer(autoreset=False)
    p.pack([1, 2])
    view = p.getbuffer()
    try:
        for i in range(500):
            p.pack("grow")
    except (RuntimeError, MemoryError):
        pass  # refusing while a view exists is right as well
    junk = [bytearray(b"\xee" * 40) for _ in range(200)]
    expect(bytes(view)[:3], b"\x92\x01\x02")
    eq(len(junk), 200)


@case
def buf_size():
    if CPYTHON:
        check.skip("a Python-level option of later versions")
    for n in (1, 2, 16, 100, 4096):
        p = msgpack.Packer(buf_size=n)
        expect(p.pack([b"x" * 300, 1]), b"\x92\xc5\x01\x2c" + b"x" * 300 + b"\x01", n)
    for n in (-1, "1"):
        raises((ValueError, TypeError), msgpack.Packer, buf_size=n)


@case
def options():
    class Other:
        pass

    expect(msgpack.Packer(default=lambda o: "other").pack([Other()]), b"\x91\xa5other")
    expect(msgpack.Packer(use_single_float=True).pack(1.5), hx("ca3fc00000"))
    expect(msgpack.Packer(use_single_float=False).pack(1.5), hx("cb3ff8000000000000"))
    expect(msgpack.Packer(use_bin_type=False).pack(b"a"), b"\xa1a")
    p = msgpack.Packer(strict_types=True, default=lambda o: "tuple")
    expect(p.pack([(1,)]), b"\x91\xa5tuple")


@case
def after_an_error():
    p = msgpack.Packer()
    for bad in ([1, object()], object(), {"k": object()}, 1 << 64, [1, [2, [3, 1 << 64]]]):
        raises((TypeError, OverflowError), p.pack, bad)
        expect(p.pack([1]), b"\x91\x01")


@case
def after_an_error_without_autoreset():
    p = msgpack.Packer(autoreset=False)
    p.pack("before")
    raises(TypeError, p.pack, ["half", object()])
    # no part of the failed message stays: all earlier ones, or (as python3-msgpack) none
    eq(p.bytes() in (b"", b"\xa6before"), True)
    had = p.bytes()
    p.pack("after")
    expect(p.bytes(), had + b"\xa5after")


@case
def two_packers_are_apart():
    a = msgpack.Packer(autoreset=False)
    b = msgpack.Packer(autoreset=False)
    a.pack(1)
    b.pack(2)
    a.pack(3)
    expect(a.bytes(), b"\x01\x03")
    expect(b.bytes(), b"\x02")


check.end()
