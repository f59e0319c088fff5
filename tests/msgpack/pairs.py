# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico repeats
# wants: floats big-ints
# Maps from str to simple values. Their keys are looked for among the strings that the program has,
# or made without that, or remembered: each way gives the same.
import gc
import io

import check
import msgpack
from check import case, eq, full_case, raises, true
from vectors import CPYTHON, be, expect, hx, map_head


# Keys that no source file has.
def unnamed(n, length=4):
    return [("%03d" % i + "_" * length)[:length] for i in range(n)]


def packed(text):
    text = text.encode()
    return (bytes([0xA0 + len(text)]) if len(text) < 32 else b"\xd9" + be(len(text), 1)) + text


# A map of the keys, with the number of each as its value.
def numbered(keys):
    return map_head(len(keys)) + b"".join(
        packed(k) + b"\xcd" + be(i, 2) for i, k in enumerate(keys)
    )


# The ways to unpack one message that may be wrong: all give the same.
def everywhere(data, **options):
    yield lambda: msgpack.unpackb(data, **options)
    if not CPYTHON:
        yield lambda: msgpack.unpack(io.BytesIO(data), **options)
    if check.small:
        return

    def fed():
        u = msgpack.Unpacker(**options)
        u.feed(data)
        return u.unpack()

    yield fed

    def byte_by_byte():
        u = msgpack.Unpacker(**options)
        for i in range(len(data) - 1):
            u.feed(data[i : i + 1])
            try:
                u.unpack()
                raise AssertionError("too early")
            except msgpack.OutOfData:
                pass
        u.feed(data[-1:])
        return u.unpack()

    yield byte_by_byte


def gives(data, obj, **options):
    for unpack in everywhere(data, **options):
        expect(unpack(), obj)


def unnamed_gives(sizes):
    for n in sizes:
        keys = unnamed(n)
        gives(numbered(keys), {k: i for i, k in enumerate(keys)})
        # and not the outermost map
        gives(b"\x92" + 2 * numbered(keys), 2 * [{k: i for i, k in enumerate(keys)}])
        gives(b"\x81\xa1d" + numbered(keys), {"d": {k: i for i, k in enumerate(keys)}})


@case
def many_unnamed():
    unnamed_gives((1, 3, 4, 5, 15, 16, 17, 100))


@case
def still_more_unnamed():
    check.need_heap(400)
    unnamed_gives((300,))


@case
def names_among_unnamed():
    # Wherever the named one comes, it is found under its name.
    for at in range(40):
        keys = unnamed(40)
        keys[at] = "zebra"
        for data in (numbered(keys), b"\x91" + numbered(keys)):
            for unpack in everywhere(data):
                d = unpack()
                d = d[0] if isinstance(d, list) else d
                eq(d["zebra"], at)
                eq(len(d), 40)
                d["zebra"] = "new"
                eq(len(d), 40)
                eq(d.pop("zebra"), "new")
                true("zebra" not in d)


@case
def lookups_by_other_strings():
    keys = unnamed(50)
    d = msgpack.unpackb(numbered(keys))
    for i, key in enumerate(keys):
        eq(d[key[:2] + key[2:]], i)
        eq(d.get(key + "?"), None)
    eq(set(d), set(keys))
    eq(sorted(hash(k) for k in d), sorted(hash(k[:1] + k[1:]) for k in keys))


@case
def duplicates():
    for n in (1, 3, 4, 5, 8, 20):
        keys = unnamed(n)
        gives(numbered(keys + keys), {k: n + i for i, k in enumerate(keys)})
        expected = {k: n + 1 + i for i, k in enumerate(keys)}
        expected["zebra"] = 2 * n + 1
        gives(numbered(keys + ["zebra"] + keys + ["zebra"]), expected)


@case
def as_keywords_and_attributes():
    names = ["arg%d" % i for i in range(12)]
    d = msgpack.unpackb(numbered(names))

    def take(**kw):
        return kw

    eq(take(**d), d)
    eq((lambda arg11, arg9, **kw: (arg11, arg9))(**d), (11, 9))

    class Obj:
        pass

    obj = Obj()
    for key in d:
        setattr(obj, key, d[key])
    eq((obj.arg0, obj.arg5, obj.arg11), (0, 5, 11))


@case
def lengths_of_keys():
    for length in (1, 2, 3, 4, 5, 31, 32, 33, 70):
        keys = unnamed({1: 1, 2: 1}.get(length, 30), length)
        gives(numbered(keys), {k: i for i, k in enumerate(keys)})
    keys = unnamed(9) + ["", "a"]
    gives(numbered(keys), {k: i for i, k in enumerate(keys)})


@case
def keys_that_look_alike():
    # Of the same length, with the same first and last characters, some of them NUL, and repeated.
    for pattern in ("ab%04dyz", "\x00%03d\x00\x00", "a%03dbbbbbbbbbbbbbbbbbbbbbbb"):
        keys = [pattern % i for i in range(40)]
        want = {k: i for i, k in enumerate(keys)}
        gives(numbered(keys), want)
        gives(b"\x93" + 3 * numbered(keys), 3 * [want])


VALUES = (
    ("c0", None),
    ("c2", False),
    ("c3", True),
    ("00", 0),
    ("7f", 127),
    ("ff", -1),
    ("e0", -32),
    ("ccff", 255),
    ("cdffff", 65535),
    ("ceffffffff", 0xFFFFFFFF),
    ("cfffffffffffffffff", (1 << 64) - 1),
    ("d080", -128),
    ("d18000", -32768),
    ("d280000000", -(1 << 31)),
    ("d38000000000000000", -(1 << 63)),
    ("ca3fc00000", 1.5),
    ("cb3ff8000000000000", 1.5),
    ("a0", ""),
    ("a161", "a"),
    ("a3e282ac", b"\xe2\x82\xac".decode()),
    ("d90161", "a"),
    ("da000161", "a"),
    ("c40161", b"a"),
    ("90", []),
    ("9105", [5]),
    ("80", {}),
    ("81a16105", {"a": 5}),
    ("bf" + "61" * 31, "a" * 31),
    ("d920" + "61" * 32, "a" * 32),
)


@case
def values():
    # Each value as the first, in the middle and the last, and several times.
    for text, value in VALUES:
        data = hx("85 a161 01 a162" + text + "a163" + text + "a164 a165 a165" + text)
        gives(data, {"a": 1, "b": value, "c": value, "d": "e", "e": value})
        gives(hx("81 a161" + text), {"a": value})
    keys = unnamed(len(VALUES))
    data = map_head(len(keys)) + b"".join(packed(k) + hx(v[0]) for k, v in zip(keys, VALUES))
    gives(data, {k: v[1] for k, v in zip(keys, VALUES)})


@case
def truncated():
    for head in (b"", b"\x91", b"\x81\xa1d"):
        data = head + numbered(unnamed(9))
        for end in range(len(data)):
            raises(ValueError, msgpack.unpackb, data[:end])


# A byte that UTF-8 does not allow there, and a character of two bytes, at each place in strings of
# each length.
@case
def utf8_at_each_place():
    for n in range(1, 14):
        for at in range(n):
            wrong = b"a" * at + b"\x80" + b"a" * (n - 1 - at)
            head = bytes([0xA0 + n])
            for data in (b"\x81" + head + wrong + b"\x01", b"\x81\xa1k" + head + wrong):
                for unpack in everywhere(data):
                    raises(check.UnicodeError, unpack)
            if at + 1 < n:
                good = b"a" * at + b"\xc3\xa4" + b"a" * (n - 2 - at)
                text = "a" * at + b"\xc3\xa4".decode() + "a" * (n - 2 - at)
                gives(b"\x82" + head + good + b"\x01\xa1k" + head + good, {text: 1, "k": text})


# An error in a later pair costs nothing but its message.
@case
def errors_and_the_next_message():
    if CPYTHON:
        check.skip("CPython's msgpack stops at errors")
    errors = [("a2c328", check.UnicodeError, {})]
    if not check.small:
        errors.append(("01", ValueError, {"strict_map_key": True}))
    for text, error, options in errors:
        for at in (0, 1, 3, 4, 5, 9, 19):
            pairs = [packed(k) + b"\x05" for k in unnamed(20, 3)]
            pairs[at] = hx(text) + b"\xa3abc"
            if text != "01":
                # the same as a value
                pairs[at + 1 - at % 2] = b"\xa1v" + hx(text)
            data = map_head(20) + b"".join(pairs)
            raises(error, msgpack.unpackb, data, **options)
            stream = io.BytesIO(data + b"\xa3end")
            raises(error, msgpack.unpack, stream, **options)
            eq(msgpack.unpack(stream), "end")
            if check.small:
                continue
            u = msgpack.Unpacker(**options)
            u.feed(data + b"\xa3end")
            raises(error, u.unpack)
            eq(u.unpack(), "end")


@case
def empty_strs_take_no_heap():
    if CPYTHON:
        check.skip("counts MicroPython's heap")

    def used(data):
        msgpack.unpackb(data)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        kept = msgpack.unpackb(data)
        after = gc.mem_alloc()
        gc.enable()
        return after - before, kept

    # Behind many keys that nobody has, and among them, as values, elements and keys.
    start = b"\x92" + numbered(unnamed(5)) + b"\x9c"
    eq(used(start + 12 * b"\xa0")[0], used(start + 12 * b"\xc0")[0])
    for n in (1, 3, 4, 5, 16, 17, 40):
        for head in (b"", b"\x91"):
            pairs = head + map_head(n) + b"".join(packed(k) + b"%c" for k in unnamed(n))
            nothing, kept = used(pairs.replace(b"%c", b"\xc0"))
            eq(used(pairs.replace(b"%c", b"\xa0"))[0], nothing)
    data = map_head(12) + b"".join(packed(k) + b"\xc0" for k in unnamed(10))
    eq(used(data + b"\xa0\xc0\xa0\xc0")[0], used(data + b"\xc0\xc0\xc0\xc0")[0])


@full_case("options but use_list and ext_hook")
def options():
    keys = unnamed(10)
    data = numbered(keys)
    gives(data, {k.encode(): i for i, k in enumerate(keys)}, raw=True)
    gives(data, {k: i for i, k in enumerate(keys)}, strict_map_key=True)
    gives(data, {k: i for i, k in enumerate(keys)}, max_str_len=4, max_map_len=10)
    gives(data, [(k, i) for i, k in enumerate(keys)], object_pairs_hook=lambda pairs: list(pairs))
    gives(data, sorted(keys), object_hook=lambda d: sorted(d))
    for unpack in everywhere(data, max_str_len=3):
        raises(ValueError, unpack)
    for unpack in everywhere(data, max_map_len=9):
        raises(ValueError, unpack)


check.end()
