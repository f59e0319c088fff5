# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# wants: floats big-ints
# What arrays and maps become: use_list, the hooks, and keys of every kind.
import gc
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises
from vectors import ANY_KEY, CPYTHON, array_head, be, expect, hx

try:
    from collections import OrderedDict
except ImportError:
    OrderedDict = None


@case
def use_list():
    data = hx("93 01 92 02 90 81 a161 91 03")
    expect(msgpack.unpackb(data), [1, [2, []], {"a": [3]}])
    expect(msgpack.unpackb(data, use_list=True), [1, [2, []], {"a": [3]}])
    expect(msgpack.unpackb(data, use_list=False), (1, (2, ()), {"a": (3,)}))


@case
def big_tuple():
    n = 1000
    expect(msgpack.unpackb(b"\xdc" + be(n, 2) + b"\x01" * n, use_list=False), (1,) * n)


@full_case("list_hook")
def list_hook():
    seen = []

    def hook(lst):
        seen.append((type(lst), len(lst)))
        return sum(x for x in lst)

    # inner arrays first, the outer one sees what the hook made of them
    expect(msgpack.unpackb(hx("93 01 92 02 03 90"), list_hook=hook), 6)
    eq(seen, [(list, 2), (list, 0), (list, 3)])


@full_case("list_hook")
def list_hook_makes_keys():
    got = msgpack.unpackb(hx("81 920102 03"), list_hook=tuple, **ANY_KEY)
    expect(got, {(1, 2): 3})


@full_case("object_hook")
def object_hook():
    seen = []

    def hook(d):
        seen.append(type(d))
        return sorted(d.items())

    got = msgpack.unpackb(hx("82 a161 01 a162 81 a163 02"), object_hook=hook)
    expect(got, [("a", 1), ("b", [("c", 2)])])
    eq(seen, [dict, dict])
    expect(msgpack.unpackb(b"\x80", object_hook=hook), [])


@full_case("object_pairs_hook")
def object_pairs_hook():
    data = hx("83 a16b 01 a161 02 a16b 03")
    # every pair, in the order of the bytes, duplicates included
    expect(msgpack.unpackb(data, object_pairs_hook=list), [("k", 1), ("a", 2), ("k", 3)])
    expect(msgpack.unpackb(b"\x80", object_pairs_hook=list), [])
    got = []
    msgpack.unpackb(data, object_pairs_hook=lambda pairs: got.append(type(pairs)))
    eq(got, [list])


@full_case("object_pairs_hook")
def object_pairs_hook_ordered_dict():
    if OrderedDict is None:
        check.skip("no OrderedDict")
    data = b"\xde\x00\x28" + b"".join(be(i * 7 % 64, 1) + be(i, 1) for i in range(40))
    got = msgpack.unpackb(data, object_pairs_hook=OrderedDict, **ANY_KEY)
    eq(type(got), OrderedDict)
    eq(list(got.items()), [(i * 7 % 64, i) for i in range(40)])
    expect(msgpack.packb(got), data)


@full_case("object_pairs_hook")
def object_pairs_hook_unhashable_key():
    # pairs are no dict: nothing is hashed
    got = msgpack.unpackb(hx("81 9101 02"), object_pairs_hook=list, **ANY_KEY)
    expect(got, [([1], 2)])


@full_case("hooks for maps and arrays")
def both_object_hooks():
    def run():
        msgpack.unpackb(b"\x80", object_hook=dict, object_pairs_hook=dict)

    raises(TypeError, run)


@full_case("hooks for maps and arrays")
def hook_may_return_none_or_raise_nothing():
    expect(msgpack.unpackb(b"\x92\x80\x01", object_hook=lambda d: None), [None, 1])
    expect(msgpack.unpackb(b"\x92\x91\x01\x01", list_hook=lambda d: None), None)


@full_case("hooks for maps and arrays")
def hooks_that_are_none():
    def run():
        return msgpack.unpackb(
            b"\x91\x80", object_hook=None, object_pairs_hook=None, list_hook=None
        )

    expect(run(), [{}])


@case
def keys_of_every_kind():
    for text, key in (
        ("c0", None),
        ("c2", False),
        ("05", 5),
        ("e0", -32),
        ("cf8000000000000000", 1 << 63),
        ("cb3ff8000000000000", 1.5),
        ("a161", "a"),
        ("a0", ""),
        ("c40161", b"a"),
        ("c400", b""),
    ):
        got = msgpack.unpackb(b"\x81" + hx(text) + b"\x01", **ANY_KEY)
        expect(got, {key: 1}, text)


@case
def str_and_bytes_keys_differ():
    got = msgpack.unpackb(hx("82 a161 01 c40161 02"))
    eq(sorted(got.values()), [1, 2])
    eq((got["a"], got[b"a"]), (1, 2))


@case
def ext_keys():
    got = msgpack.unpackb(hx("82 d40561 01 d40562 02"), **ANY_KEY)
    eq(got[msgpack.ExtType(5, b"a")], 1)
    eq(got[msgpack.ExtType(5, b"b")], 2)


@full_case("Timestamp")
def timestamp_keys():
    got = msgpack.unpackb(hx("81 d6ff00000001 02"), **ANY_KEY)
    eq(got[msgpack.Timestamp(1)], 2)


@case
def tuple_keys():
    data = hx("83 920102 a161 9103 a162 90 a163")
    got = msgpack.unpackb(data, use_list=False, **ANY_KEY)
    expect(got, {(1, 2): "a", (3,): "b", (): "c"})


@full_case("tuples nested in keys")
def nested_tuple_keys():
    data = hx("82 920102 a161 91 9103 a162")
    got = msgpack.unpackb(data, use_list=False, **ANY_KEY)
    expect(got, {(1, 2): "a", ((3,),): "b"})


@case
def unhashable_keys():
    for text, use in (
        ("81 90 01", True),
        ("81 920102 01", True),
        ("81 80 01", True),
        ("81 80 01", False),
        ("81 9180 01", False),
        ("92 81 81 01 02 03 04", True),
    ):
        data = hx(text)
        raises(TypeError, msgpack.unpackb, data, use_list=use, **ANY_KEY)


@case
def unhashable_made_by_hook():
    def run():
        msgpack.unpackb(hx("81 d40161 01"), ext_hook=lambda c, d: [d], **ANY_KEY)

    raises(TypeError, run)


@case
def duplicate_keys():
    expect(msgpack.unpackb(hx("83 a161 01 a162 02 a161 03")), {"a": 3, "b": 2})
    expect(msgpack.unpackb(hx("82 01 02 cc01 03"), **ANY_KEY), {1: 3})
    # long and short keys, interned or not
    key = b"\xd9\x28" + b"k" * 40
    expect(msgpack.unpackb(b"\x82" + key + b"\x01" + key + b"\x02"), {"k" * 40: 2})


@full_case("strict_map_key")
def strict_map_key():
    expect(msgpack.unpackb(hx("82 a161 01 c40162 02"), strict_map_key=True), {"a": 1, b"b": 2})
    for text in ("05", "c0", "c3", "ca3fc00000", "d40161", "d6ff00000000", "cf8000000000000000"):
        for data in (b"\x81" + hx(text) + b"\x01", b"\x91\x81" + hx(text) + b"\x01"):
            raises(ValueError, msgpack.unpackb, data, strict_map_key=True)


@full_case("strict_map_key")
def strict_map_key_and_tuples():
    raises(ValueError, msgpack.unpackb, hx("81 9101 02"), use_list=False, strict_map_key=True)


@case
def not_strict_by_default():
    if CPYTHON:
        check.skip("python3-msgpack is strict by default")
    expect(msgpack.unpackb(hx("81 05 01")), {5: 1})


@full_case("strict_map_key")
def strict_map_key_with_pairs_hook():
    def run(data):
        return msgpack.unpackb(data, strict_map_key=True, object_pairs_hook=list)

    raises(ValueError, run, hx("81 05 01"))
    expect(run(hx("81 a161 01")), [("a", 1)])


def collect(*args):
    junk = [bytearray(50) for _ in range(10)]
    gc.collect()
    return args[-1] if junk else None


@case
def collections_inside_ext_hook():
    data = hx("94 d40161 a178 92 d5026162 93 a161 a162 a163 d40363")
    got = msgpack.unpackb(data, ext_hook=collect)
    expect(got, [b"a", "x", [b"ab", ["a", "b", "c"]], b"c"])


@full_case("hooks for maps and arrays")
def collections_inside_hooks():
    obj = {"list": [["a" * 30, 1 << 63, [0.5]], {"k" * 20: ["v" * 20, b"w" * 20]}]}
    data = msgpack.packb(obj)
    expect(msgpack.unpackb(data, list_hook=collect, object_hook=collect), obj)
    expect(msgpack.unpackb(data, object_pairs_hook=lambda p: dict(collect(p))), obj)
    got = msgpack.unpackb(
        hx("94 d40161 a178 92 d5026162 93 a161 a162 a163 d40363"),
        ext_hook=collect,
        list_hook=collect,
    )
    expect(got, [b"a", "x", [b"ab", ["a", "b", "c"]], b"c"])


@full_case("list_hook")
def hook_changes_its_argument():
    def grow(lst):
        for i in range(50):
            lst.append(i)
        return lst

    got = msgpack.unpackb(hx("93 91 01 90 92 02 03"), list_hook=grow)
    eq(len(got), 53)
    eq([len(x) for x in got[:3]], [51, 50, 52])


@case
def numbers_in_a_row():
    # Lists of numbers are read in a way of their own, in each form and wherever they are cut off.
    forms = ("05", "e0", "cc80", "cd0100", "d0df", "d1ff7f", "ca3f800000", "cb3ff8000000000000")
    values = (5, -32, 128, 256, -33, -129, 1.0, 1.5)
    others = (("c0", None), ("a178", "x"), ("90", []), ("ce00010000", 65536))
    for i in range(len(forms)):
        for k in range(len(forms)):
            for other, value in others:
                data = hx("94" + forms[i] + forms[k] + other + forms[i])
                want = [values[i], values[k], value, values[i]]
                expect(msgpack.unpackb(data), want)
                expect(msgpack.unpackb(b"\x92" + data + b"\x07"), [want, 7])
                if not check.small:
                    u = msgpack.Unpacker()
                    for cut in range(len(data)):
                        u.feed(data[cut : cut + 1])
                    expect(u.unpack(), want)
                if not CPYTHON:
                    expect(msgpack.unpack(BytesIO(data + b"\x07")), want)


@full_case("Unpacker")
def arrays_that_grow():
    # Each ends where it should, and no byte follows its end.
    got = []

    def look():
        # What came later has left them as they were. A Pico cannot keep all.
        while got:
            n, use_list, obj = got.pop()
            kind = list if use_list else tuple
            expect(obj, kind([kind([i]) for i in range(n)]))

    for n in list(range(34)) + [63, 64, 65]:
        data = array_head(n) + b"".join(b"\x91" + bytes([i]) for i in range(n))
        for use_list in (True, False):
            u = msgpack.Unpacker(use_list=use_list)
            for i in range(len(data)):
                u.feed(data[i : i + 1])
                if i < len(data) - 1:
                    raises(msgpack.OutOfData, u.unpack)
            got.append((n, use_list, u.unpack()))
        if len(got) >= 16:
            look()
    look()


check.end()
