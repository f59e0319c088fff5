# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# wants: floats big-ints
# default: which objects go there, what becomes of its result, and what may serve as hook.
import check
import msgpack
from check import case, eq, full_case, raises
from vectors import CPYTHON, expect, hx

try:
    from array import array
except ImportError:
    array = None
try:
    from functools import partial
except ImportError:
    partial = None


class Thing:
    def __init__(self, value=None):
        self.value = value


class Hooks:
    def __init__(self, text):
        self.text = text

    def default(self, obj):
        return self.text

    def __call__(self, obj):
        return self.text

    @staticmethod
    def static(obj):
        return "static"

    @classmethod
    def cls(cls, obj):
        return "class"


def plain(obj):
    return "plain"


@case
def any_callable():
    local = "closure"

    def closure(obj):
        return local

    for hook, want in (
        (plain, "plain"),
        (closure, "closure"),
        (lambda obj: "lambda", "lambda"),
        (Hooks("bound").default, "bound"),
        (Hooks("instance"), "instance"),
        (Hooks.static, "static"),
        (Hooks("x").cls, "class"),
        ({}.get, None),
        (id, id(Thing)),
        (bool, True),
    ):
        data = msgpack.packb(Thing, default=hook)
        expect(msgpack.unpackb(data), want, want)


@case
def classes_as_hooks():
    # a class may be a hook where its constructor takes the hook's arguments
    expect(msgpack.packb({1}, default=list), b"\x91\x01")
    raises(TypeError, msgpack.packb, Thing(5), default=Thing)
    eq(msgpack.unpackb(b"\xd4\x05x", ext_hook=msgpack.ExtType).code, 5)


@full_case("hooks for maps and arrays")
def classes_as_more_hooks():
    got = msgpack.unpackb(b"\x91\xd4\x05x", ext_hook=msgpack.ExtType, list_hook=tuple)
    eq((type(got), got[0].code), (tuple, 5))
    got = msgpack.unpackb(hx("81 a161 01"), object_pairs_hook=dict)
    expect(got, {"a": 1})


@case
def partials():
    if partial is None:
        check.skip("no functools.partial")
    first = partial(lambda a, obj: a + obj.value, "first")
    expect(msgpack.packb(Thing("x"), default=first), b"\xa6firstx")


@case
def hooks_for_decoding():
    total = []

    class Method:
        def ext(self, code, data):
            total.append(code)
            return self

    m = Method()
    eq(msgpack.unpackb(b"\xd4\x05x", ext_hook=m.ext) is m, True)
    eq(msgpack.unpackb(b"\xd4\x05x", ext_hook=lambda c, d: (c, d)), (5, b"x"))
    eq(total, [5])


@case
def result_is_packed():
    for result in (None, True, 5, -5, 1 << 63, "s", b"b", [1, [2]], {"k": {}}, (1,)):
        expect(msgpack.packb(Thing(), default=lambda o: result), msgpack.packb(result))
        expect(
            msgpack.packb({"k": Thing()}, default=lambda o: result),
            b"\x81\xa1k" + msgpack.packb(result),
        )
    expect(msgpack.packb(Thing(), default=lambda o: msgpack.ExtType(1, b"x")), b"\xd4\x01x")


@full_case("Timestamp")
def result_is_a_timestamp():
    expect(msgpack.packb(Thing(), default=lambda o: msgpack.Timestamp(1)), hx("d6ff00000001"))


@case
def members_of_the_result_go_to_default():
    seen = []

    def default(obj):
        seen.append(obj.value)
        if obj.value > 0:
            return [obj.value, Thing(obj.value - 1), {"k": Thing(-1)}]
        return "end"

    got = msgpack.packb(Thing(2), default=default)
    expect(got, hx("93 02 93 01 a3656e64 81a16b a3656e64 81a16b a3656e64"))
    eq(seen, [2, 1, 0, -1, -1])


@case
def the_result_itself_does_not():
    calls = []

    class Other:
        pass

    def default(obj):
        calls.append(obj)
        return Other()

    e = raises(TypeError, msgpack.packb, Thing(), default=default)
    eq(len(calls), 1)
    if not (CPYTHON or check.small):
        eq("Other" in str(e), True)
    raises(TypeError, msgpack.packb, Thing(), default=lambda o: o)
    raises(TypeError, msgpack.packb, [Thing()], default=lambda o: Thing())


@case
def result_for_ever_nested():
    e = raises(ValueError, msgpack.packb, Thing(), default=lambda o: [o])
    eq(isinstance(e, check.UnicodeError) and "UTF-8" in str(e), False)
    raises(ValueError, msgpack.packb, Thing(), default=lambda o: {"k": o})


@case
def type_error_names_the_type():
    for thing, name in (
        (Thing(), "Thing"),
        (Thing, "type"),
        (object(), "object"),
        ({1, 2}, "set"),
        (plain, "function"),
        (range(3), "range"),
        ((x for x in ()), "generator"),
        (Hooks("x").default, "method"),
        (check, "module"),
    ):
        raises(TypeError, msgpack.packb, thing, match=name)
        raises(TypeError, msgpack.packb, [1, {"k": thing}], match=name)


def frozen():
    try:
        return frozenset((1,))
    except NameError:
        return {2}  # This firmware has no other kind of set.


@case
def what_goes_to_default():
    for thing in (
        Thing(),
        Thing,
        object(),
        {1},
        frozen(),
        plain,
        range(3),
        Ellipsis,
        check,
    ):
        seen = []

        def default(obj):
            seen.append(obj)
            return 7

        expect(msgpack.packb([thing, thing], default=default), b"\x92\x07\x07")
        eq(len(seen), 2)
        eq(seen[0] is thing, True)


@case
def what_does_not():
    def default(obj):
        raise AssertionError("called for %r" % (obj,))

    obj = [
        None,
        True,
        1,
        -1,
        1 << 63,
        1.5,
        "s",
        b"b",
        bytearray(b"c"),
        memoryview(b"d"),
        [],
        (),
        {},
    ]
    obj += [msgpack.ExtType(1, b"e"), None if check.small else msgpack.Timestamp(1)]
    data = msgpack.packb(obj, default=default)
    expect(data[:6], hx("9fc0c301ffcf"))
    expect(
        data[-4:] if check.small else data[-9:-5], hx("d40165 c0" if check.small else "d40165 d6")
    )


@full_case("question to default about an array")
def arrays_do():
    if array is None:
        check.skip("no array module")
    a = array("h", (1, 2))
    seen = []

    def default(obj):
        seen.append(obj)
        return list(obj)

    expect(msgpack.packb(a, default=default), b"\x92\x01\x02")
    expect(msgpack.packb([a, {"k": a}], default=default), hx("92 920102 81 a16b 920102"))
    eq([obj is a for obj in seen], [True] * 3)
    packer = msgpack.Packer(default=default)
    expect(packer.pack(a), b"\x92\x01\x02")
    # what it returns is not given to it again, but the members of that are
    raises(TypeError, msgpack.packb, a, default=lambda obj: obj)
    expect(msgpack.packb(Thing(), default=lambda o: [a] if o is not a else 7), b"\x91\x07")


@case
def arrays_without_default():
    if array is None:
        check.skip("no array module")
    if CPYTHON:
        check.skip("array.array as bin is ours")
    a = array("B", b"ab")
    expect(msgpack.packb([a], default=None), b"\x91\xc4\x02ab")
    if not check.small:
        expect(msgpack.Packer().pack(a), b"\xc4\x02ab")


@case
def keys_go_to_default():
    class Key:
        pass

    expect(msgpack.packb({Key(): 1}, default=lambda o: "key"), b"\x81\xa3key\x01")


@case
def default_of_none():
    expect(msgpack.packb([1], default=None), b"\x91\x01")
    raises(TypeError, msgpack.packb, Thing(), default=None)


@case
def hook_of_wrong_arity():
    raises(TypeError, msgpack.packb, Thing(), default=lambda: 1)
    raises(TypeError, msgpack.packb, Thing(), default=lambda a, b: 1)
    raises(TypeError, msgpack.unpackb, b"\xd4\x05x", ext_hook=lambda c: 1)
    if not check.small:
        raises(TypeError, msgpack.unpackb, b"\x90", list_hook=lambda: 1)
        raises(TypeError, msgpack.unpackb, b"\x80", object_hook=lambda a, b: 1)


check.end()
