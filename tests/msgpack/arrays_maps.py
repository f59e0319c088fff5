# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# Arrays and maps: headers at every border, order, nesting.
import gc

import check
import msgpack
from check import case, eq, full_case
from vectors import ANY_KEY, CPYTHON, array_head, be, expect, hx, map_head


def room_for(n):
    """Skip where the heap cannot hold n bytes in one piece beside what is there."""
    gc.collect()
    if not CPYTHON and gc.mem_free() < 2 * n:
        check.skip("%d bytes of heap needed" % (2 * n))


@case
def array_borders():
    for n in (0, 1, 15, 16, 17, 255, 256, 4000):
        data = array_head(n) + b"\xc3" * n
        expect(msgpack.packb([True] * n), data, n)
        expect(msgpack.packb((True,) * n), data, n)
        expect(msgpack.unpackb(data), [True] * n, n)


@case
def array_of_65535_and_65536():
    room_for(65536 * 10)
    for n in (65535, 65536):
        data = msgpack.packb([None] * n)
        expect(data[:6], (array_head(n) + b"\xc0" * 6)[:6], n)
        eq(len(data), len(array_head(n)) + n)
        got = msgpack.unpackb(data)
        eq((type(got), len(got), got[0], got[-1]), (list, n, None, None))
        del got, data
        gc.collect()


@case
def map_borders():
    for n in (0, 1, 15, 16, 17, 255, 256, 300):
        obj = {i: None for i in range(n)}
        data = msgpack.packb(obj)
        expect(data[: len(map_head(n))], map_head(n), n)
        expect(msgpack.unpackb(data, **ANY_KEY), obj, n)
        # and from bytes that the codec did not make
        data = map_head(n) + b"".join(b"\xcd" + be(i, 2) + b"\xc0" for i in range(n))
        expect(msgpack.unpackb(data, **ANY_KEY), obj, n)


@full_case("Unpacker")
def map_of_65536_skipped():
    # a map of this size is more than a board has: its header and entries, not its dict
    u = msgpack.Unpacker(strict_map_key=False)
    u.feed(map_head(65536))
    eq(u.read_map_header(), 65536)
    for _ in range(64):
        u.feed(b"\x01\xc0" * 1024)
        for _ in range(2048):
            u.skip()
    u.feed(b"\x2a")
    eq(u.unpack(), 42)


@case
def map_order_is_the_dicts():
    obj = {"k%d" % i: i for i in range(100)}
    body = b"".join(bytes([0xA0 | len(k)]) + k.encode() + bytes([v]) for k, v in obj.items())
    expect(msgpack.packb(obj), b"\xde\x00\x64" + body)


@case
def keys_and_values_are_not_swapped():
    expect(msgpack.packb({"k": "v"}), b"\x81\xa1k\xa1v")
    expect(msgpack.unpackb(b"\x81\xa1k\xa1v"), {"k": "v"})
    expect(msgpack.unpackb(b"\x82\x01\xa1a\xa1b\x02", **ANY_KEY), {1: "a", "b": 2})


@case
def empty_ones_inside():
    obj = [[], {}, [{}], {"": []}, (), [[], [[]]]]
    data = hx("96 90 80 91 80 81 a0 90 90 92 90 91 90")
    expect(msgpack.packb(obj), data)
    obj[4] = []
    expect(msgpack.unpackb(data), obj)


@case
def siblings_after_nested():
    obj = {"a": [1, [2, [3], 4], 5], "b": {"c": {"d": [6]}, "e": 7}}
    expect(msgpack.unpackb(msgpack.packb(obj)), obj)
    expect(
        msgpack.unpackb(hx("82 a161 93 01 93 02 91 03 04 05 a162 82 a163 81 a164 91 06 a165 07")),
        obj,
    )


@case
def same_object_twice():
    x = [1, "a"]
    expect(msgpack.packb([x, x, {"k": x}]), hx("93 9201a161 9201a161 81a16b9201a161"))
    got = msgpack.unpackb(hx("92 9201a161 9201a161"))
    eq(got[0] is got[1], False)


@case
def dict_with_deleted_entries():
    # a hash table with holes: the header counts what is there
    d = {i: i for i in range(20)}
    for i in range(0, 20, 2):
        del d[i]
    data = msgpack.packb(d)
    eq((data[0], len(data)), (0x8A, 21))
    expect(msgpack.unpackb(data, **ANY_KEY), d)
    d.clear()
    expect(msgpack.packb(d), b"\x80")


check.end()
