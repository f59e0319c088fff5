# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# wants: floats big-ints
# ExtType as an object: a value, comparable, hashable, immutable in its data.
import check
import msgpack
from check import case, eq, full_case, raises
from vectors import CPYTHON, expect

ExtType = msgpack.ExtType


class Sub(ExtType):
    def size(self):
        return len(self.data)


def repr_of(obj):
    return "sub" if isinstance(obj, Sub) else "other"


@case
def attributes_and_items():
    e = ExtType(5, b"abc")
    eq((e.code, e.data), (5, b"abc"))
    eq((e[0], e[1]), (5, b"abc"))
    raises(IndexError, lambda: e[2])
    e = ExtType(code=6, data=b"d")
    eq((e.code, e.data), (6, b"d"))


@full_case("checks in ExtType()", alone=True)
def data_is_bytes_of_its_own():
    if CPYTHON:
        check.skip("python3-msgpack takes bytes only")
    for data in (b"abc", bytearray(b"abc"), memoryview(b"abc"), memoryview(b"xabcx")[1:4]):
        expect(ExtType(5, data).data, b"abc")
    buf = bytearray(b"abc")
    e = ExtType(5, buf)
    buf[0] = 0
    expect(e.data, b"abc")
    expect(ExtType(5, bytearray()).data, b"")


@full_case("checks in ExtType()", alone=True)
def code_bounds():
    for code in (0, 1, 127) if CPYTHON else (-128, -2, -1, 0, 127):
        eq(ExtType(code, b"").code, code)
    for code in (128, -129, 255, 1000, 1 << 30, 1 << 31, 1 << 32, -(1 << 40), 1 << 70):
        raises(ValueError, ExtType, code, b"")


def packed(code, data):
    return msgpack.packb(ExtType(code, data))


WRONG_CODE = (TypeError, ValueError) if check.small else TypeError


@case
def codes_out_of_range():
    for code in (128, -129, 255, 1000, 1 << 30, 1 << 31, 1 << 32, -(1 << 40), 1 << 70):
        raises(ValueError, packed, code, b"")


@case
def wrong_types():
    for code in ("1", None, b"1", [], 1.0):
        # The small flavour looks at what it packs.
        raises(WRONG_CODE, packed, code, b"")
    for data in (None, 5, [1], {}, object()):
        raises(TypeError, packed, 1, data)
    raises(TypeError, ExtType)
    raises(TypeError, ExtType, 1)
    raises(TypeError, ExtType, 1, b"", 2)


@case
def equality():
    eq(ExtType(1, b"a") == ExtType(1, b"a"), True)
    eq(ExtType(1, b"a") != ExtType(1, b"a"), False)
    eq(ExtType(1, b"a") == ExtType(2, b"a"), False)
    eq(ExtType(1, b"a") == ExtType(1, b"b"), False)
    eq(ExtType(1, b"a") == ExtType(1, b"aa"), False)
    eq(ExtType(1, b"a") != ExtType(1, b"b"), True)
    for other in (1, b"a", None, "a", [1, b"a"]) + (
        () if check.small else (msgpack.Timestamp(1),)
    ):
        eq(ExtType(1, b"a") == other, False)
        eq(ExtType(1, b"a") != other, True)


@case
def hashing():
    eq(hash(ExtType(1, b"ab")), hash(ExtType(1, b"a" + b"b")))
    d = {}
    for code in range(60):
        for data in (b"", b"a", b"b", b"ab"):
            d[ExtType(code, data)] = (code, data)
    eq(len(d), 240)
    eq(d[ExtType(17, b"ab")], (17, b"ab"))
    eq(ExtType(60, b"a") in d, False)
    eq(msgpack.unpackb(b"\xd4\x11a") in d, True)


@case
def representation():
    eq(repr(ExtType(5, b"a\x00")), "ExtType(code=5, data=b'a\\x00')")
    eq(str(ExtType(0, b"")), "ExtType(code=0, data=b'')")
    if not CPYTHON:
        eq(repr(ExtType(-128, b"'")), "ExtType(code=-128, data=%r)" % b"'")


@case
def not_writable():
    e = ExtType(1, b"a")

    def set_code():
        e.code = 2

    def set_data():
        e.data = b"b"

    raises(AttributeError, set_code)
    raises(AttributeError, set_data)
    eq((e.code, e.data), (1, b"a"))


@case
def unknown_attribute():
    raises(AttributeError, lambda: ExtType(1, b"a").nothing)


@full_case("ExtType that all its imports share", alone=True)
def of_another_import():
    if CPYTHON:
        check.skip("imports once")
    if not hasattr(msgpack, "__file__"):
        check.skip("a module that is built in is there once")
    import sys

    old = sys.modules.pop("msgpack")
    try:
        import msgpack as new
    finally:
        sys.modules["msgpack"] = old
    eq(new is old, False)
    for packs, makes in ((new, old), (old, new)):
        ext = makes.ExtType(5, b"x")
        eq(packs.packb(ext), b"\xd4\x05x")
        eq(packs.packb([ext, {"k": ext}]), b"\x92\xd4\x05x\x81\xa1k\xd4\x05x")

        class Derived(makes.ExtType):
            pass

        eq(packs.packb(Derived(5, b"x")), b"\xd4\x05x")
        # What can't be packed says so.
        raises(TypeError, packs.packb, makes.Timestamp(5), match="Timestamp")
        eq(packs.packb(makes.Timestamp(5), default=lambda o: o.to_bytes()), b"\xc4\x04\0\0\0\5")


@full_case("class ExtType that is no namedtuple", alone=True)
def namesake():
    # Of a namedtuple the name means nothing.
    from collections import namedtuple

    if not CPYTHON:
        eq(msgpack.packb(namedtuple("ExtType", "code data")(5, b"x")), b"\x92\x05\xc4\x01x")


@case
def subclass():
    e = Sub(9, b"xy")
    eq((type(e), isinstance(e, ExtType)), (Sub, True))
    eq((e.code, e.data, e[0], e[1], e.size()), (9, b"xy", 9, b"xy", 2))
    expect(msgpack.packb([e]), b"\x91\xd5\x09xy")
    eq(e == ExtType(9, b"xy"), True)
    if not (check.small or check.both):
        raises(ValueError, Sub, 200, b"")


@full_case("strict_types")
def subclass_under_strict_types():
    data = msgpack.packb([Sub(9, b"xy"), ExtType(1, b"a")], strict_types=True, default=repr_of)
    expect(data, b"\x92\xa3sub\xd4\x01a")
    raises(TypeError, msgpack.packb, Sub(9, b"xy"), strict_types=True)


@case
def subclass_of_subclass():
    class SubSub(Sub):
        pass

    expect(msgpack.packb(SubSub(9, b"xy")), b"\xd5\x09xy")


@case
def is_a_type():
    eq(type(ExtType), type)
    eq(isinstance(msgpack.unpackb(b"\xd4\x05a"), ExtType), True)
    eq(isinstance((5, b"a"), ExtType), False)
    eq(issubclass(Sub, ExtType), True)


check.end()
