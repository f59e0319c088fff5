# SPDX-License-Identifier: MIT
# needs: msgpack
# long: rpi-pico
# timeout: 120
# Nesting to 1024 works both ways, beyond it is an exception; no depth crashes.
import gc
from collections import namedtuple
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises
from streams import IoSink, IoSource
from vectors import FLOATS, ints, nested

DEPTH = 1024
BIG_INTS = tuple(n for n, _ in ints((("0x1" + "0" * 25, 0), ("-0x1" + "0" * 25, 0))))
A_FLOAT = (float("1.5"),) if FLOATS else ()


def room():
    gc.collect()
    if gc.mem_free() < 200000:
        check.skip("200 kB of heap needed")


def levels(obj):
    """Depth of nested containers, without recursion."""
    n = 0
    while isinstance(obj, (list, tuple, dict)):
        n += 1
        if not obj:
            break
        obj = obj["k"] if isinstance(obj, dict) else obj[0]
    return n, obj


def nested_dict(depth, core):
    for _ in range(depth):
        core = {"k": core}
    return core


@case
def pack_each_depth():
    # the borders of whatever the encoder keeps on the C stack lie somewhere here
    obj = 5
    for n in range(1, 70):
        obj = [obj]
        eq(msgpack.packb(obj), b"\x91" * n + b"\x05")
    obj = 5
    for n in range(1, 70):
        obj = {"k": obj}
        eq(msgpack.packb(obj), b"\x81\xa1k" * n + b"\x05")
    obj = 5
    for n in range(1, 70):
        obj = (1, obj, 2)
        eq(msgpack.packb(obj), b"\x93\x01" * n + b"\x05" + b"\x02" * n)


@case
def unpack_each_depth():
    for n in range(1, 70):
        eq(levels(msgpack.unpackb(b"\x91" * n + b"\x05")), (n, 5))
        eq(levels(msgpack.unpackb(b"\x81\xa1k" * n + b"\x05")), (n, 5))
        eq(levels(msgpack.unpackb(b"\x91" * n + b"\x05", use_list=False)), (n, 5))
        got = msgpack.unpackb(b"\x93\x01" * n + b"\x05" + b"\x02" * n)
        for _ in range(n):
            eq((len(got), got[0], got[2]), (3, 1, 2))
            got = got[1]


@case
def pack_1024():
    room()
    eq(msgpack.packb(nested(DEPTH, 5)) == b"\x91" * DEPTH + b"\x05", True)
    eq(msgpack.packb(nested_dict(DEPTH, 5)) == b"\x81\xa1k" * DEPTH + b"\x05", True)
    s = BytesIO()
    msgpack.pack(nested(DEPTH, 5), s)
    eq(s.getvalue() == b"\x91" * DEPTH + b"\x05", True)
    s = IoSink()
    msgpack.pack(nested(DEPTH, 5), s)
    eq(bytes(s.data) == b"\x91" * DEPTH + b"\x05", True)


@full_case("pack_into")
def pack_1024_into_a_buffer():
    room()
    buf = bytearray(DEPTH + 1)
    eq(msgpack.pack_into(nested(DEPTH, 5), buf), DEPTH + 1)
    eq(bytes(buf) == b"\x91" * DEPTH + b"\x05", True)


@case
def unpack_1024():
    room()
    data = b"\x91" * DEPTH + b"\x05"
    eq(levels(msgpack.unpackb(data)), (DEPTH, 5))
    eq(levels(msgpack.unpackb(data, use_list=False)), (DEPTH, 5))
    eq(levels(msgpack.unpackb(b"\x81\xa1k" * DEPTH + b"\x05")), (DEPTH, 5))
    eq(levels(msgpack.unpack(BytesIO(data))), (DEPTH, 5))
    eq(levels(msgpack.unpack(IoSource(data, 1))), (DEPTH, 5))


@full_case("Unpacker")
def fed_1024():
    room()
    u = msgpack.Unpacker()
    for _ in range(DEPTH):
        u.feed(b"\x91")
        raises(msgpack.OutOfData, u.unpack)
    u.feed(b"\x05\x06")
    eq(levels(u.unpack()), (DEPTH, 5))
    eq(u.unpack(), 6)
    u.feed(b"\x91" * DEPTH + b"\x05\x06")
    u.skip()
    eq(u.unpack(), 6)


@case
def pack_beyond():
    room()
    for n in (DEPTH + 1, DEPTH + 2, 3000):
        e = raises(ValueError, msgpack.packb, nested(n, 5))
        eq(isinstance(e, check.UnicodeError) and "UTF-8" in str(e), False)
        raises(ValueError, msgpack.packb, nested_dict(n, 5))
        raises(ValueError, msgpack.pack, nested(n, 5), BytesIO())
        if not check.small:
            raises(ValueError, msgpack.pack_into, nested(n, 5), bytearray(4000))
        gc.collect()
    eq(msgpack.packb([1]), b"\x91\x01")


@case
def unpack_beyond():
    for n in (DEPTH + 1, DEPTH + 2, 3000, 8000):
        for data in (b"\x91" * n + b"\x05", b"\x81\x01" * n + b"\x05"):
            e = raises(msgpack.StackError, msgpack.unpackb, data)
            eq(isinstance(e, ValueError), True)
            # There StackError is ValueError, so the text counts, too.
            is_it = (
                "StackError" in str(e) if check.small else isinstance(e, msgpack.UnpackException)
            )
            eq(is_it, True)
            raises(msgpack.StackError, msgpack.unpack, BytesIO(data))
            if n > DEPTH + 1:
                # depth is found before the missing end
                raises(msgpack.StackError, msgpack.unpackb, data[:-1])
            del e
            gc.collect()


@full_case("Unpacker")
def fed_beyond():
    u = msgpack.Unpacker()
    u.feed(b"\x91" * (DEPTH + 1) + b"\x05")
    raises(msgpack.StackError, u.unpack)
    u.reset()
    u.feed(b"\x05")
    eq(u.unpack(), 5)


def each_way(data, **options):
    """What each way to unpack says: an object, or the class of the exception."""
    u = msgpack.Unpacker(**options)
    u.feed(data)
    piecewise = msgpack.Unpacker(**options)

    def by_bytes():
        for i in range(len(data)):
            piecewise.feed(data[i : i + 1])
            for obj in piecewise:
                return obj

    for fn in (
        lambda: msgpack.unpackb(data, **options),
        lambda: msgpack.unpack(BytesIO(data), **options),
        lambda: msgpack.unpack(IoSource(data, 1), **options),
        u.unpack,
        by_bytes,
    ):
        try:
            yield fn()
        except msgpack.StackError:
            yield msgpack.StackError


@full_case("max_depth")
def max_depth():
    # below, at and above 16, 32 and 64, where the decoder's memory for open containers grows
    limits = list(range(1, 20)) + [31, 32, 33, 63, 64, 65, 100]
    for limit in limits:
        for n in (limit - 1, limit, limit + 1, limit + 40):
            for head in (b"\x91", b"\x81\xa1k"):
                for got in each_way(head * n + b"\x05", max_depth=limit):
                    if n > limit:
                        eq((limit, n, got), (limit, n, msgpack.StackError))
                    else:
                        eq((limit, levels(got)), (limit, (n, 5)))
    for got in each_way(b"\x92\x90\x91\x90", max_depth=2):
        eq(got, msgpack.StackError)
    for got in each_way(b"\x93\x90\x80\x91\x05", max_depth=2):
        eq(got, [[], {}, [5]])  # depth counts open containers, not those before


@full_case("max_depth")
def max_depth_of_tuples_and_pairs():
    for options in ({"use_list": False}, {"object_pairs_hook": list}, {"list_hook": list}):
        for head in (b"\x91", b"\x81\x01"):
            for got in each_way(head * 3 + b"\x05", max_depth=2, **options):
                eq(got, msgpack.StackError)
            for got in each_way(head * 2 + b"\x05", max_depth=2, **options):
                eq(got != msgpack.StackError, True)


@full_case("max_depth")
def max_depth_1023():
    room()
    data = b"\x91" * (DEPTH - 1) + b"\x05"
    eq(levels(msgpack.unpackb(data, max_depth=DEPTH - 1)), (DEPTH - 1, 5))
    data = b"\x91" + data
    raises(msgpack.StackError, msgpack.unpackb, data, max_depth=DEPTH - 1)
    eq(levels(msgpack.unpackb(data, max_depth=DEPTH)), (DEPTH, 5))


@full_case("max_depth")
def max_depth_out_of_range():
    for bad in (0, -1, DEPTH + 1, 1 << 16, (1 << 16) + 1) + BIG_INTS:
        raises(ValueError, msgpack.unpackb, b"\x05", max_depth=bad)
        raises(ValueError, msgpack.unpack, BytesIO(b"\x05"), max_depth=bad)
        raises(ValueError, msgpack.Unpacker, max_depth=bad)
    for bad in ("5", None, []) + A_FLOAT:
        raises(TypeError, msgpack.unpackb, b"\x05", max_depth=bad)
        raises(TypeError, msgpack.unpack, BytesIO(b"\x05"), max_depth=bad)
        raises(TypeError, msgpack.Unpacker, max_depth=bad)
    raises(TypeError, msgpack.packb, 5, max_depth=5)


@full_case("max_depth")
def max_depth_after_an_error():
    # the limit stays, and so does the error, until reset
    u = msgpack.Unpacker(max_depth=1)
    u.feed(b"\x91\x91\x05")
    raises(msgpack.StackError, u.unpack)
    raises(msgpack.StackError, u.unpack)
    u.reset()
    u.feed(b"\x91\x05")
    eq(u.unpack(), [5])
    u.feed(b"\x91\x91\x05\x06")
    u.skip()  # builds nothing, so no limit counts
    eq(u.unpack(), 6)


@full_case("Unpacker")
def skip_beyond():
    # skipping keeps counts, too: an exception or the next object, no crash
    u = msgpack.Unpacker(max_buffer_size=50000)
    u.feed(b"\x91" * 20000 + b"\x05\x06")
    try:
        u.skip()
        eq(u.unpack(), 6)
    except msgpack.StackError:
        pass


@case
def keys_nest_too():
    # maps as keys, all the way: unhashable in the end, never a crash
    for n in (10, 500, 5000):
        for data in (b"\x81" * n + b"\x01" * (n + 1), b"\x81\x91" * n + b"\x01" * (n + 1)):
            try:
                msgpack.unpackb(data)
            except (TypeError, ValueError):
                continue
            raise AssertionError(n)


# The firmware hashes and compares tuples by recursion, without a check of the C stack, so the
# tuples in a key nest so deep.
KEY_DEPTH = 1 if check.small else 8


@case
def tuple_keys_nest_to_a_limit():
    for n in (1, 2, 7, 8, 9, 50, 900):
        for element in (b"\x05", b"\xa1a", b"\xc0"):
            data = b"\x82" + (b"\x91" * n + element + b"\x06") * 2
            for data in (data, b"\x91" + data):
                try:
                    got = msgpack.unpackb(data, use_list=False)
                except ValueError as e:
                    eq(n > KEY_DEPTH, True)
                    eq(
                        isinstance(e, check.UnicodeError) and check.UnicodeError is not ValueError,
                        False,
                    )
                else:
                    got = got[0] if isinstance(got, tuple) else got
                    eq((n <= KEY_DEPTH, list(got.values())), (True, [6]))


@full_case("tuples nested in keys")
def tuple_keys_nest_8_levels():
    for n in (1, 2, 7, 8, 9, 50, 900):
        for after in (b"\x05", b"\x90"):
            levels = n + (after == b"\x90")
            data = b"\x82" + (b"\x93\x90" + b"\x91" * (n - 1) + after + b"\xa0\x06") * 2
            for options in (
                {"use_list": False},
                {"list_hook": tuple},
                {"use_list": False, "object_pairs_hook": dict},
            ):
                try:
                    got = msgpack.unpackb(data, **options)
                    eq((levels <= 8, list(got.values())), (True, [6]))
                    eq(len(list(got)[0]), 3)
                except ValueError as e:
                    eq((levels > 8, str(e)), (True, "object nested too deeply"))


@full_case("tuples nested in keys")
def wide_tuple_keys():
    # Each of these has a tuple of 8 levels somewhere, or one more.
    for n in (0, 1):
        inner = b"\x91" * (7 + n) + b"\xc0"
        for key in (b"\x91" + inner, b"\x92" + inner + b"\x90", b"\x93\x01\x91\x90" + inner):
            data = b"\x81" + key + b"\x05"
            if n:
                raises(
                    ValueError, msgpack.unpackb, data, use_list=False, match="nested too deeply"
                )
            else:
                eq(list(msgpack.unpackb(data, use_list=False).values()), [5])


class MyTuple(tuple):
    pass


class NoTuple(tuple):
    def __init__(self):
        pass


@full_case("tuples nested in keys")
def keys_that_hooks_nest():
    # A hook that unpacks nests what no message nests, and a namedtuple is a tuple.
    def inner(code, data):
        return msgpack.unpackb(data, use_list=False, ext_hook=inner)

    def ext(data):
        return b"\xc7" + bytes([len(data)]) + b"\x05" + data

    for n, levels in ((1, 8), (2, 9)):
        key = b"\x91" * 4 + ext(b"\x91" * 3 + ext(b"\x91" * n + b"\xc0"))
        data = b"\x81" + key + b"\x06"
        try:
            got = msgpack.unpackb(data, use_list=False, ext_hook=inner)
            eq((levels, list(got.values())), (8, [6]))
        except ValueError as e:
            eq((levels, str(e)), (9, "object nested too deeply"))
    Point = namedtuple("Point", ("x",))
    # An object of a Python class takes more of the stack, and counts as two.
    for hook, most in ((lambda items: Point(*items), 8), (MyTuple, 4)):
        for n in (most, most + 1, 900):
            data = b"\x81" + b"\x91" * n + b"\xc0\x06"
            try:
                got = msgpack.unpackb(data, list_hook=hook)
                eq((n, list(got.values())), (most, [6]))
            except ValueError as e:
                eq((n > most, str(e)), (True, "object nested too deeply"))


@case
def keys_of_python_classes():
    # Such an object is no tuple, but has one inside, if its class has initialised that.
    key = MyTuple((1, 2))
    got = msgpack.unpackb(b"\x81\xd4\x05\x07\x06", ext_hook=lambda code, data: key)
    eq((list(got)[0] is key, got[key]), (True, 6))
    try:
        want = {NoTuple(): 6}
    except TypeError:
        want = None
    try:
        got = msgpack.unpackb(b"\x81\xd4\x05\x07\x06", ext_hook=lambda code, data: NoTuple())
    except TypeError:
        got = None
    eq(got and list(got.values()), want and [6])


AFTER_KEY = b"\x81" + b"\x91" * 9 + b"\x05\x06\x07"


@full_case("Unpacker")
def fed_after_a_key_that_nests_too_deeply():
    u = msgpack.Unpacker(use_list=False)
    u.feed(AFTER_KEY)
    raises(ValueError, u.unpack)
    eq(u.unpack(), 7)


@case
def after_a_key_that_nests_too_deeply():
    s = BytesIO(AFTER_KEY)
    raises(ValueError, msgpack.unpack, s, use_list=False)
    eq(msgpack.unpack(s), 7)


@case
def self_reference():
    gc.collect()  # Packing takes 24 kB in one piece.
    lst = [1]
    lst.append(lst)
    raises(ValueError, msgpack.packb, lst)
    dct = {}
    dct["self"] = dct
    raises(ValueError, msgpack.packb, dct)
    a = []
    b = {"a": a}
    a.append((b,))
    raises(ValueError, msgpack.packb, a)


@full_case("pack_into and Packer")
def self_reference_elsewhere():
    gc.collect()
    lst = [1]
    lst.append(lst)
    raises(ValueError, msgpack.pack_into, lst, bytearray(5000))
    p = msgpack.Packer()
    raises(ValueError, p.pack, lst)
    eq(p.pack(1), b"\x01")


@case
def self_reference_into_a_stream():
    lst = [1]
    lst.append(lst)
    for s in (BytesIO(), IoSink()):
        raises(ValueError, msgpack.pack, lst, s)


@case
def pack_from_deep_python_recursion():
    # little C stack is left: right, or a clean error
    def down(n):
        if n == 0:
            return msgpack.packb(nested(100, 5)), msgpack.unpackb(b"\x91" * 100 + b"\x05")
        return down(n - 1)

    for n in (10, 100, 1000, 10000):
        try:
            data, obj = down(n)
        except (RuntimeError, MemoryError):
            gc.collect()
            continue
        eq(data, b"\x91" * 100 + b"\x05")
        eq(levels(obj), (100, 5))


@case
def hooks_nested_in_hooks():
    # each level packs from within default: the C stack grows by a level of Python each time
    def default(n):
        return msgpack.packb(range(len(n) - 1), default=default) if len(n) else b""

    for n in (3, 50, 2000):
        try:
            msgpack.packb(range(n), default=default)
        except (RuntimeError, MemoryError):
            # The boards have C stack for a few levels.
            eq(n > 3, True)


check.end()
