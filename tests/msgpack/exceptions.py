# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico
# The exception classes: their hierarchy, their aliases, and what they carry.
import check
import msgpack
from check import case, eq, full_case, raises
from vectors import CPYTHON, expect, extra_data as carried


@case
def hierarchy():
    m = msgpack
    for sub, base in (
        (m.FormatError, ValueError),
        (m.StackError, ValueError),
        (m.ExtraData, ValueError),
        (m.OutOfData, Exception),
    ):
        if not issubclass(sub, base):
            raise AssertionError("%r is no %r" % (sub, base))
    for sub, base in ((m.OutOfData, ValueError), (m.ExtraData, m.OutOfData)):
        if issubclass(sub, base):
            raise AssertionError("%r is a %r" % (sub, base))


@full_case("exception classes of its own but ExtraData")
def hierarchy_of_unpack_exceptions():
    m = msgpack
    for sub, base in (
        (m.UnpackException, Exception),
        (m.BufferFull, m.UnpackException),
        (m.OutOfData, m.UnpackException),
        (m.FormatError, m.UnpackException),
        (m.StackError, m.UnpackException),
    ):
        if not issubclass(sub, base):
            raise AssertionError("%r is no %r" % (sub, base))
    for sub, base in (
        (m.BufferFull, ValueError),
        (m.OutOfData, m.BufferFull),
        (m.FormatError, m.StackError),
        (m.ExtraData, m.UnpackException),
        (m.UnpackException, ValueError),
    ):
        if issubclass(sub, base):
            raise AssertionError("%r is a %r" % (sub, base))


@full_case("other names of builtin exceptions")
def aliases():
    eq(msgpack.PackException is Exception, True)
    eq(msgpack.PackValueError is ValueError, True)
    eq(msgpack.PackOverflowError is OverflowError, True)
    eq(msgpack.UnpackValueError is ValueError, True)


@case
def caught_as_either_base():
    for base in (msgpack.FormatError, ValueError, Exception):
        try:
            msgpack.unpackb(b"\xc1")
        except base:
            continue
        raise AssertionError(base)


@full_case("exception classes of its own but ExtraData")
def caught_as_unpack_exception():
    try:
        msgpack.unpackb(b"\xc1")
    except (OverflowError, TypeError):
        raise AssertionError("caught as a stranger")
    except msgpack.UnpackException as e:
        eq(type(e) is msgpack.FormatError, True)


@case
def extra_data():
    e = raises(msgpack.ExtraData, msgpack.unpackb, b"\x92\x01\xa1a\xc1\xc2\xc3")
    expect(carried(e), ([1, "a"], b"\xc1\xc2\xc3"))
    eq(len(str(e)) > 0, True)


@case
def extra_data_is_a_copy():
    buf = bytearray(b"\x01\x02\x03")
    e = raises(msgpack.ExtraData, msgpack.unpackb, buf)
    buf[1] = 0xC1
    if not CPYTHON:
        expect(carried(e), (1, b"\x02\x03"))


@case
def extra_data_made_by_hand():
    e = msgpack.ExtraData([1], b"x")
    expect(carried(e), ([1], b"x"))


@case
def extra_data_is_an_exception():
    e = msgpack.ExtraData([1], b"x")
    expect(e.args, ([1], b"x"))
    eq(repr(e), "ExtraData([1], b'x')")
    raises(AttributeError, lambda: e.nothing)


@case
def extra_data_of_many_sizes():
    for n in (1, 2, 100, 5000):
        e = raises(msgpack.ExtraData, msgpack.unpackb, b"\xa1a" + b"\xc1" * n)
        unpacked, extra = carried(e)
        expect((unpacked, len(extra)), ("a", n))


@full_case("exception classes of its own but ExtraData")
def raised_by_the_script():
    for kind in (
        msgpack.UnpackException,
        msgpack.BufferFull,
        msgpack.OutOfData,
        msgpack.FormatError,
        msgpack.StackError,
    ):
        try:
            raise kind("text", 5)
        except kind as e:
            expect(e.args, ("text", 5))
        try:
            raise kind
        except msgpack.UnpackException as e:
            eq(type(e) is kind, True)


@full_case("exception classes of its own but ExtraData")
def subclassed_by_the_script():
    class Mine(msgpack.UnpackException):
        pass

    try:
        raise Mine("x")
    except msgpack.UnpackException as e:
        expect(e.args, ("x",))


@full_case("exception classes of its own but ExtraData")
def subclassed_with_two_bases():
    class Mine(msgpack.FormatError):
        def __init__(self, code):
            super().__init__("code %d" % code)
            self.code = code

    for base in (Mine, msgpack.FormatError, ValueError, msgpack.UnpackException):
        try:
            raise Mine(7)
        except base as e:
            eq((e.code, e.args), (7, ("code 7",)))


@case
def errors_have_a_text():
    for data in (b"", b"\xc1", b"\x92\x01", b"\x91" * 3000, b"\xa1\xff", b"\x01\x02"):
        try:
            msgpack.unpackb(data)
        except ValueError as e:
            eq(CPYTHON or len(str(e)) > 0, True)
            continue
        raise AssertionError(data)


@case
def names():
    for name in ("ExtraData", "ExtType"):
        eq(getattr(msgpack, name).__name__, name)


@full_case("exception classes of its own but ExtraData")
def names_of_more_classes():
    for name in ("UnpackException", "BufferFull", "OutOfData", "FormatError", "StackError"):
        eq(getattr(msgpack, name).__name__, name)
    for name in ("Timestamp", "Packer", "Unpacker"):
        eq(getattr(msgpack, name).__name__, name)


@case
def version():
    eq(type(msgpack.version), tuple)
    eq(len(msgpack.version) >= 3, True)
    eq(all(isinstance(n, int) for n in msgpack.version[:3]), True)


check.end()
