# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# wants: floats big-ints
# Subclasses pack as what they are made of, unless strict_types asks for exact types.
import sys

import check
import msgpack
from check import case, eq, full_case, raises
from vectors import expect, hx

try:
    from collections import OrderedDict
except ImportError:
    OrderedDict = None
try:
    from collections import namedtuple
except ImportError:
    namedtuple = None


class MyStr(str):
    pass


class MyBytes(bytes):
    pass


class MyInt(int):
    pass


class MyList(list):
    pass


class MyTuple(tuple):
    pass


class MyDict(dict):
    pass


class Deep(MyList):
    pass


class Deeper(Deep):
    def extra(self):
        return 1


class Mixin:
    def other(self):
        return 2


class Mixed(Mixin, MyDict):
    pass


# The small flavour looks at the first base only.
MIXED = ((Mixed({"m": 5}), "81a16d05"),)


def table():
    return (
        (MyStr("ab"), "a26162"),
        (MyStr(""), "a0"),
        (MyBytes(b"ab"), "c4026162"),
        (MyInt(5), "05"),
        (MyInt(-200), "d1ff38"),
        (MyInt(1 << 63), "cf8000000000000000"),
        (MyList([1, 2]), "920102"),
        (MyTuple((1, 2)), "920102"),
        (MyDict({"k": 1}), "81a16b01"),
        (Deep([3]), "9103"),
        (Deeper([3, 4]), "920304"),
    ) + (() if check.small else MIXED)


@case
def as_their_base():
    for obj, text in table():
        expect(msgpack.packb(obj), hx(text), text)
        expect(msgpack.packb([obj]), b"\x91" + hx(text), text)
        if not isinstance(obj, (list, dict)):
            expect(msgpack.packb({"k": obj}), b"\x81\xa1k" + hx(text), text)


@case
def default_is_not_asked():
    def default(obj):
        raise AssertionError("called")

    for obj, text in table():
        expect(msgpack.packb(obj, default=default), hx(text), text)


@case
def nested_in_each_other():
    obj = MyList([MyDict({"k": MyList([MyStr("s"), MyInt(1), MyTuple((MyBytes(b"b"),))])})])
    expect(msgpack.packb(obj), hx("91 81 a16b 93 a173 01 91 c40162"))


@case
def as_keys():
    expect(msgpack.packb({MyStr("k"): 1}), b"\x81\xa1k\x01")


@full_case("strict_types")
def strict_types_sends_them_to_default():
    for obj, text in table():
        seen = []

        def default(o):
            seen.append(o)
            return "d"

        expect(msgpack.packb([obj, 1], strict_types=True, default=default), hx("92 a164 01"))
        eq(len(seen), 1)
        eq(seen[0] is obj, True)
        raises(TypeError, msgpack.packb, obj, strict_types=True)


@full_case("strict_types")
def strict_types_and_exact_types():
    obj = [None, True, 5, 1 << 63, "s", b"b", bytearray(b"c"), [], {}, {"k": [1]}]
    expect(msgpack.packb(obj, strict_types=True), msgpack.packb(obj))
    obj = [msgpack.ExtType(1, b"x"), msgpack.Timestamp(5)]
    expect(msgpack.packb(obj, strict_types=True), hx("92 d40178 d6ff00000005"))


@full_case("strict_types")
def strict_types_and_tuples():
    raises(TypeError, msgpack.packb, (1, 2), strict_types=True)
    raises(TypeError, msgpack.packb, [(1, 2)], strict_types=True)
    got = msgpack.packb([(1, 2)], strict_types=True, default=list)
    expect(got, hx("91 92 01 02"))


@full_case("strict_types")
def default_result_under_strict_types():
    # what default returns must itself be of an exact type
    raises(TypeError, msgpack.packb, (1,), strict_types=True, default=lambda t: MyList(t))


@case
def namedtuples():
    if namedtuple is None:
        check.skip("no namedtuple")
    Point = namedtuple("Point", ("x", "y"))
    expect(msgpack.packb(Point(1, 2)), b"\x92\x01\x02")
    expect(msgpack.packb({"p": [Point(1, Point(2, 3))]}), hx("81 a170 91 92 01 92 02 03"))
    if check.small:
        return
    raises(TypeError, msgpack.packb, Point(1, 2), strict_types=True)
    got = msgpack.packb(Point(1, 2), strict_types=True, default=lambda p: {"x": p.x})
    expect(got, b"\x81\xa1x\x01")


@case
def tuples_of_the_firmware():
    # What os.uname() returns is one, too.
    of_firmware = sys.implementation
    if check.target == "cpython" or type(of_firmware) is tuple:
        check.skip("no such tuples")
    expect(msgpack.packb([of_firmware]), msgpack.packb([tuple(of_firmware)]))
    # A class that merely has the name is none.
    raises(TypeError, msgpack.packb, type("tuple", (), {})())


@case
def ordered_dicts():
    if OrderedDict is None:
        check.skip("no OrderedDict")
    d = OrderedDict([("z", 1), ("a", 2), ("m", OrderedDict([(3, 4), (1, 2)]))])
    expect(msgpack.packb(d), hx("83 a17a 01 a161 02 a16d 82 03 04 01 02"))
    del d["z"]
    expect(msgpack.packb(d), hx("82 a161 02 a16d 82 03 04 01 02"))
    if check.small:
        return
    raises(TypeError, msgpack.packb, d, strict_types=True)
    got = msgpack.packb(d, strict_types=True, default=lambda o: len(o))
    expect(got, b"\x02")


@case
def floats():
    class MyFloat(float):
        pass

    try:
        x = MyFloat(1.5)
    except (TypeError, NotImplementedError):
        check.skip("float cannot be subclassed here")
    expect(msgpack.packb(x), msgpack.packb(1.5))
    if not check.small:
        expect(msgpack.packb(x, use_single_float=True), hx("ca3fc00000"))


@case
def ints_outside_the_range():
    # default gets the object itself
    class MyInt(int):
        pass

    x = MyInt(1 << 70)
    expect(msgpack.packb([x], default=lambda o: o is x), b"\x91\xc3")
    raises(OverflowError, msgpack.packb, x)


@case
def bytearrays():
    class MyArray(bytearray):
        pass

    try:
        x = MyArray(b"ab")
    except TypeError:
        check.skip("bytearray cannot be subclassed here")
    expect(msgpack.packb(x), b"\xc4\x02ab")


@case
def never_initialised():
    # a subclass whose __init__ forgets its base: on MicroPython there is no list behind it
    class Lazy(list):
        def __init__(self):
            pass

    try:
        got = msgpack.packb([1, Lazy()])
    except TypeError:
        return
    expect(got, b"\x92\x01\x90")


@case
def user_classes_are_not_packable():
    class Plain:
        def __len__(self):
            return 2

        def __iter__(self):
            return iter((1, 2))

        def __getitem__(self, i):
            return i

    raises(TypeError, msgpack.packb, Plain())


@case
def no_native_type_among_the_bases():
    class A:
        pass

    class B:
        pass

    class C(A, B):
        pass

    for options in ({},) if check.small else ({}, {"strict_types": False}, {"strict_types": True}):
        raises(TypeError, msgpack.packb, C(), **options)
        eq(msgpack.packb(C(), default=lambda obj: 7, **options), b"\x07")


@full_case("Packer")
def ints_as_arguments():
    class Int(int):
        pass

    class Pair(Int):
        pass

    for kind in (Int, Pair):
        p = msgpack.Packer()
        eq(p.pack_array_header(kind(3)), b"\x93")
        eq(msgpack.packb(msgpack.ExtType(kind(5), b"a")), hx("d40561"))
        eq(p.pack_array_header(kind(0)), b"\x90")
        raises(TypeError, p.pack_array_header, kind)


@case
def a_class_of_their_name():
    # Native types with a tuple's layout are known by its name.
    class tuple:
        def __init__(self):
            self.a = 1

    raises(TypeError, msgpack.packb, tuple())
    expect(msgpack.packb([tuple()], default=lambda obj: obj.a), b"\x91\x01")
    if not check.small:
        raises(TypeError, msgpack.packb, tuple(), strict_types=True)


@case
def exceptions_are_not_packable():
    class Custom(Exception):
        pass

    raises(TypeError, msgpack.packb, ValueError("x"))
    raises(TypeError, msgpack.packb, Custom("x"))
    expect(msgpack.packb(Custom("x"), default=lambda e: e.args[0]), b"\xa1x")


check.end()
