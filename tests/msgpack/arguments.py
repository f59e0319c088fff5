# SPDX-License-Identifier: MIT
# needs: msgpack
# long: rpi-pico
# wants: floats big-ints
# Arguments: what must be given how, and what is refused.
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises
from vectors import expect


class Thing:
    pass


ENTRIES = (
    ("packb", (1,)),
    ("dumps", (1,)),
    ("unpackb", (b"\x01",)),
    ("loads", (b"\x01",)),
)
OF_FULL = (("Packer", ()), ("Unpacker", ()))
# The small flavour hands unknown keywords over to the full one, which may be absent.
UNKNOWN = ImportError if check.small else TypeError


def entries():
    for name, args in ENTRIES + (() if check.small else OF_FULL):
        yield name, getattr(msgpack, name), args
    yield "pack", msgpack.pack, (1, BytesIO())
    yield "dump", msgpack.dump, (1, BytesIO())
    if not check.small:
        yield "pack_into", msgpack.pack_into, (1, bytearray(20))
    yield "unpack", msgpack.unpack, (BytesIO(b"\x01"),)
    yield "load", msgpack.load, (BytesIO(b"\x01"),)


def packs(name):
    return "pack" in name.replace("unpack", "").lower() or "dump" in name


def call(fn, args, name, value):
    return fn(*args, **{name: value})


@case
def a_str_is_no_message():
    for text in "", "\x01", "abc":
        raises(TypeError, msgpack.unpackb, text)
        raises(TypeError, msgpack.loads, text)


@case
def as_documented():
    for name, fn, args in entries():
        fn(*args)


@case
def unknown_keyword():
    for name, fn, args in entries():
        raises(UNKNOWN, call, fn, args, "nonsense", 1)
        raises(UNKNOWN, call, fn, args, "Default", None)


@case
def keyword_of_the_other_side():
    for name, fn, args in entries():
        if name in ("Unpacker", "unpack", "unpackb", "load", "loads"):
            raises(UNKNOWN, call, fn, args, "default", None)
        else:
            raises(UNKNOWN, call, fn, args, "ext_hook", None)


@case
def too_few_positionals():
    for fn in (msgpack.pack, msgpack.packb, msgpack.unpack, msgpack.unpackb):
        raises(TypeError, fn)
    raises(TypeError, msgpack.pack, 1)


@case
def options_are_keywords_only():
    raises(TypeError, msgpack.packb, 1, None)
    raises(TypeError, msgpack.pack, 1, BytesIO(), None)
    raises(TypeError, msgpack.unpackb, b"\x01", None)
    raises(TypeError, msgpack.unpack, BytesIO(b"\x01"), None)


@full_case("pack_into, Packer and Unpacker")
def positionals_of_the_others():
    raises(TypeError, msgpack.pack_into)
    raises(TypeError, msgpack.pack_into, 1)
    raises(TypeError, msgpack.pack_into, 1, bytearray(9), 0, None)
    raises(TypeError, msgpack.Packer, None)
    raises(TypeError, msgpack.Unpacker, BytesIO(), None)


@full_case("Unpacker")
def file_like_by_keyword():
    expect(msgpack.Unpacker(file_like=BytesIO(b"\x05")).unpack(), 5)
    u = msgpack.Unpacker(None)
    u.feed(b"\x05")
    expect(u.unpack(), 5)


@full_case("unicode_errors")
def unicode_errors():
    for name, fn, args in entries():
        if name in ("unpack", "load"):
            args = (BytesIO(b"\x01\x01"),)
        call(fn, args, "unicode_errors", None)
        call(fn, args, "unicode_errors", "strict")
        for bad in ("ignore", "replace", "surrogateescape", ""):
            raises(ValueError, call, fn, args, "unicode_errors", bad)


@full_case("Unpacker")
def read_size():
    for size in (0, 1, 100, 4096):
        u = msgpack.Unpacker(BytesIO(b"\x92\x01\x02\x05"), read_size=size)
        expect([u.unpack(), u.unpack()], [[1, 2], 5])


@full_case("datetime")
def datetime():
    for fn, args in ((msgpack.packb, (1,)), (msgpack.Packer, ())):
        call(fn, args, "datetime", False)
        raises(ValueError, call, fn, args, "datetime", True)


@full_case("timestamp")
def timestamp():
    for mode in (0, 1, 2):
        msgpack.unpackb(b"\xd6\xff\x00\x00\x00\x01", timestamp=mode)
        msgpack.Unpacker(timestamp=mode)
    for fn, args in ((msgpack.unpackb, (b"\x01",)), (msgpack.Unpacker, ())):
        for mode in (3, 4, -1, 1 << 40):
            raises(ValueError, call, fn, args, "timestamp", mode)
        raises(TypeError, call, fn, args, "timestamp", "1")
    raises(ValueError, msgpack.unpack, BytesIO(b"\x01"), timestamp=3)


@full_case("max_…_len")
def limits_of_wrong_type():
    for name in ("max_str_len", "max_bin_len", "max_array_len", "max_map_len", "max_ext_len"):
        for bad in ("5", None, [], 1.5):
            raises(TypeError, call, msgpack.unpackb, (b"\x01",), name, bad)
            raises(TypeError, call, msgpack.Unpacker, (), name, bad)


@full_case("max_…_len")
def large_limits():
    # larger than any machine word is as good as none
    data = b"\x93\xa1a\xc4\x01b\x81\x01\x02"
    for n in ((1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 62, 1 << 100):
        for name in ("max_str_len", "max_bin_len", "max_array_len", "max_map_len", "max_ext_len"):
            expect(call(msgpack.unpackb, (data,), name, n), ["a", b"b", {1: 2}])
        u = msgpack.Unpacker(max_buffer_size=n)
        u.feed(data)
        expect(u.unpack(), ["a", b"b", {1: 2}])
        raises(ValueError, msgpack.unpackb, b"\x01", max_str_len=-n)
        raises(ValueError, msgpack.Unpacker, max_buffer_size=-n)


@full_case("Unpacker")
def max_buffer_size():
    for bad in ("5", [], 1.5):
        raises(TypeError, call, msgpack.Unpacker, (), "max_buffer_size", bad)


@full_case("wait and timeout")
def wait_and_timeout():
    s = BytesIO(b"\x01" * 10)
    for wait in (-1, 0, 1, 1000000):
        for timeout in (0, 1, 1000000):
            if s.tell() == 10:
                s.seek(0)
            eq(msgpack.unpack(s, wait=wait, timeout=timeout), 1)
    for bad in ("5", None, []):
        raises(TypeError, msgpack.unpack, s, wait=bad)
        raises(TypeError, msgpack.unpack, s, timeout=bad)
    raises(TypeError, msgpack.unpackb, b"\x01", wait=0)
    raises(TypeError, msgpack.unpackb, b"\x01", timeout=0)


@case
def hooks_that_cannot_be_called():
    # refused at once, or when they are wanted
    hooks = [("ext_hook", b"\xd4\x05x")]
    if not check.small:
        hooks += [("list_hook", b"\x90"), ("object_hook", b"\x80"), ("object_pairs_hook", b"\x80")]
    for name, data in hooks:
        for bad in (5, "text", [1], Thing()):
            raises(TypeError, call, msgpack.unpackb, (data,), name, bad)
    for bad in (5, "text", [1], Thing()):
        raises(TypeError, msgpack.packb, Thing(), default=bad)


@case
def truth_values():
    # any object's truth serves as a flag
    expect(msgpack.unpackb(b"\x91\x01", use_list=0), (1,))
    expect(msgpack.unpackb(b"\x91\x01", use_list=[1]), [1])


@full_case("raw, use_bin_type, use_single_float and strict_types")
def more_truth_values():
    expect(msgpack.unpackb(b"\xa1a", raw="yes"), b"a")
    expect(msgpack.packb(b"a", use_bin_type=0), b"\xa1a")
    expect(msgpack.packb(1.5, use_single_float=1), b"\xca\x3f\xc0\x00\x00")
    raises(TypeError, msgpack.packb, (1,), strict_types="yes")


@case
def what_unpackb_refuses():
    for bad in (None, 5, [1], (1,), {}, Thing(), 1.5):
        raises(TypeError, msgpack.unpackb, bad)


@full_case("Packer and Unpacker")
def methods():
    p = msgpack.Packer()
    raises(TypeError, p.pack)
    raises(TypeError, p.pack, 1, 2)
    raises(TypeError, p.pack_ext_type, 5)
    raises(TypeError, p.pack_ext_type, "5", b"")
    u = msgpack.Unpacker()
    raises(TypeError, u.feed)
    raises(TypeError, u.unpack, 1)
    raises(TypeError, u.read_bytes)
    raises(TypeError, u.read_bytes, "1")
    u.feed(b"abc")
    try:
        u.read_bytes(-1)
    except (ValueError, OverflowError):
        pass
    raises(AttributeError, lambda: p.nothing)
    raises(AttributeError, lambda: u.nothing)


@full_case("Packer and Unpacker")
def methods_of_the_wrong_object():
    # an unbound method must look at what it is given
    for owner, name in (
        (msgpack.Packer, "pack"),
        (msgpack.Packer, "bytes"),
        (msgpack.Unpacker, "unpack"),
        (msgpack.Unpacker, "tell"),
        (msgpack.Unpacker, "reset"),
        (msgpack.Timestamp, "to_bytes"),
        (msgpack.Timestamp, "to_unix_nano"),
    ):
        method = getattr(owner, name)
        for thing in (5, None, "text", [], Thing(), msgpack.ExtType(1, b"x")):
            args = (thing, 1) if name == "pack" else (thing,)
            try:
                method(*args)
            except (TypeError, AttributeError):
                continue
            raise AssertionError("%s.%s accepted %r" % (owner, name, thing))


@full_case("Packer and Unpacker")
def subclasses_of_the_classes():
    class MyPacker(msgpack.Packer):
        def twice(self, obj):
            return self.pack([obj, obj])

    class MyUnpacker(msgpack.Unpacker):
        def both(self):
            return self.unpack(), self.unpack()

    expect(MyPacker().twice(5), b"\x92\x05\x05")
    expect(MyPacker(use_bin_type=False).pack(b"a"), b"\xa1a")
    u = MyUnpacker(use_list=False)
    u.feed(b"\x91\x01\x02")
    expect(u.both(), ((1,), 2))
    u.feed(b"\x03\x04")
    expect(list(u), [3, 4])


@full_case("Packer and Unpacker")
def subclass_that_forgets_its_base():
    class Lazy(msgpack.Packer):
        def __init__(self):
            pass

    class LazyUnpacker(msgpack.Unpacker):
        def __init__(self):
            pass

    for make, use in ((Lazy, lambda p: p.pack(1)), (LazyUnpacker, lambda u: u.unpack())):
        try:
            use(make())
        except (TypeError, AttributeError, RuntimeError, msgpack.OutOfData):
            pass


check.end()
