# SPDX-License-Identifier: MIT
# needs: msgpack
# long: rpi-pico repeats
# timeout: 120
# wants: floats big-ints
# A script may call its own things ValueError, bytes or int. The module must not care: neither
# for names in the script's globals, nor for builtins that were replaced.
import builtins
from io import BytesIO

import check
import msgpack

_names = [n for n in dir(builtins) if not n.startswith("__") and n != "print"]
_b = {n: getattr(builtins, n) for n in _names}
_globals = globals()
_set = setattr
_Base = BaseException

_obj = [1, -1, 1 << 63, "s", b"b", bytearray(b"c"), memoryview(b"d"), 1.5, None, (), {"k": []}]
_packed = msgpack.packb(_obj)
_array = bytearray(200)
_ext = msgpack.ExtType(5, b"x")


def _over_a_stream():
    s = BytesIO()
    msgpack.pack(_obj, s)
    s.seek(0)
    return msgpack.unpack(s)


# (function, arguments, keywords): every entry and every error. Made before anything is gone.
_calls = [
    (msgpack.packb, (_obj,), {}),
    (msgpack.unpackb, (_packed,), {}),
    (_over_a_stream, (), {}),
    (lambda: msgpack.unpack(BytesIO(b"")), (), {}),
    (msgpack.packb, (check,), {}),
    (msgpack.packb, (check,), {"default": lambda o: "d"}),
    (msgpack.packb, (1 << 64,), {}),
    (msgpack.unpackb, (), {}),
    (msgpack.unpackb, (b"\x92",), {}),
    (msgpack.unpackb, (b"\xc1",), {}),
    (msgpack.unpackb, (b"\x91" * 2000,), {}),
    (msgpack.unpackb, (b"\x01\x02",), {}),
    (msgpack.unpackb, (b"\xa1\xff",), {}),
    (msgpack.unpackb, (b"\x81\x90\x01",), {}),
    (msgpack.unpackb, (b"\x91\x05",), {"use_list": False}),
    (msgpack.unpackb, (b"\xd4\x05x",), {}),
    (msgpack.unpackb, (b"\xd6\xff\x00\x00\x00\x05",), {}),
    (msgpack.unpackb, (b"\xd4\xff\x00",), {}),
    (lambda: msgpack.unpack(BytesIO(b"\x92\x01")), (), {}),
    (msgpack.packb, (_ext,), {}),
    (msgpack.ExtType, (5, b"x"), {}),
    (msgpack.ExtType, (500, b"x"), {}),
    (msgpack.ExtType, ("5", b"x"), {}),
    (lambda: _ext == msgpack.ExtType(5, b"x"), (), {}),
    (lambda: _ext[2], (), {}),
]


def _calls_of_full():
    stamp = msgpack.Timestamp(1 << 40, 5)
    packer = msgpack.Packer()
    unpacker = msgpack.Unpacker(max_buffer_size=100)
    wire = b"\xd6\xff\x00\x00\x00\x05"

    def unpacker_steps():
        unpacker.reset()
        unpacker.feed(_packed)
        return unpacker.unpack()

    return (
        (msgpack.pack_into, (_obj, _array), {}),
        (msgpack.pack_into, (_obj, _array, 190), {}),
        (msgpack.packb, (1,), {"nonsense": 1}),
        (msgpack.packb, (1,), {"datetime": True}),
        (msgpack.packb, (1.5,), {"use_single_float": True}),
        (msgpack.unpackb, (b"\xa3abc",), {"max_str_len": 2}),
        (msgpack.unpackb, (b"\x81\x01\x02",), {"object_pairs_hook": list}),
        (msgpack.unpackb, (b"\x81\x01\x02",), {"strict_map_key": True}),
        (msgpack.unpackb, (b"\xa1s",), {"raw": True}),
        (msgpack.unpackb, (wire,), {"timestamp": 1}),
        (msgpack.unpackb, (wire,), {"timestamp": 2}),
        (msgpack.packb, (stamp,), {}),
        (lambda: stamp < msgpack.Timestamp(1), (), {}),
        (lambda: stamp < 5, (), {}),
        (msgpack.Timestamp, (1, -1), {}),
        (msgpack.Timestamp, ("1",), {}),
        (stamp.to_bytes, (), {}),
        (stamp.to_unix, (), {}),
        (stamp.to_unix_nano, (), {}),
        (msgpack.Timestamp.from_unix, (1.5,), {}),
        (msgpack.Timestamp.from_unix_nano, (-1,), {}),
        (msgpack.Timestamp.from_bytes, (b"abc",), {}),
        (packer.pack, (_obj,), {}),
        (packer.pack_array_header, (1 << 32,), {}),
        (unpacker_steps, (), {}),
        (unpacker.unpack, (), {}),
        (unpacker.feed, (_array,), {}),
        (unpacker.read_bytes, (5,), {}),
    )


if not check.small:
    _calls += _calls_of_full()


def _outcomes():
    """What each call gives; names no builtin, since they may all be gone."""
    out = []
    for fn, args, keywords in _calls:
        try:
            out.append(fn(*args, **keywords))
        except _Base as e:
            out.append(e)
    return out


_want = _outcomes()


def _judge(got):
    check.eq(len(got), len(_want))
    for i in range(len(got)):
        g, w = got[i], _want[i]
        if type(g) is not type(w):
            raise AssertionError("%r: got %r, expected %r" % (_calls[i], g, w))
        if isinstance(w, Exception):
            check.eq(str(g), str(w))
        else:
            check.same(g, w)


@check.case
def calls_do_what_they_should():
    # the cases below compare with these
    kinds = [type(w).__name__ for w in _want if isinstance(w, Exception)]
    check.eq(len(kinds) > (8 if check.small else 20), True)
    for name in (
        "TypeError",
        "ValueError",
        "OverflowError",
        "EOFError",
        check.UnicodeError.__name__,
    ):
        check.eq((name, name in kinds), (name, True))
    of_full = ("FormatError", "StackError", "OutOfData", "BufferFull")
    for name in ("ExtraData",) + (() if check.small else of_full):
        check.eq((name, name in kinds), (name, True))
    _judge(_outcomes())


@check.case
def replaced_in_builtins():
    # where builtins can be replaced at all; each on its own, then put back
    done = 0
    for name in _names:
        try:
            _set(builtins, name, 5)
        except (AttributeError, TypeError):
            continue
        try:
            got = _outcomes()
        finally:
            _set(builtins, name, _b[name])
        _judge(got)
        done += 1
    if not done:
        check.skip("builtins are constant here")


@check.case
def an_exception_of_its_own_replaced():
    # The small flavour raises what has the name, or else a TypeError; the full one its own.
    own = msgpack.ExtraData
    try:
        msgpack.ExtraData = own
    except AttributeError:
        check.skip("a module that is built in has constant names")
    things = (5, lambda *args: 7, lambda *args: None), (KeyError, lambda *args: KeyError())
    for thing, kind in [(t, TypeError) for t in things[0]] + [(t, KeyError) for t in things[1]]:
        msgpack.ExtraData = thing
        try:
            check.raises(kind if check.small else (kind, own), msgpack.unpackb, b"\x01\x02")
        finally:
            msgpack.ExtraData = own
    _judge(_outcomes())


@check.case
def replaced_one_by_one():
    def raiser(*args, **kwargs):
        raise KeyError("the script's own name was called")

    for name in _names:
        for thing in (5, None, raiser, "text", list):
            _globals[name] = thing
            try:
                got = _outcomes()
            finally:
                del _globals[name]
            _judge(got)


@check.case
def replaced_all():
    for name in _names:
        _globals[name] = 5
    try:
        got = _outcomes()
    finally:
        for name in _names:
            del _globals[name]
    _judge(got)


@check.case
def replaced_by_classes_of_the_same_name():
    # a plausible script: its own ValueError, whose instances are none of ours
    own = ("ValueError", "TypeError", "OverflowError", "OSError", "EOFError", "MemoryError")
    for name in own:
        _globals[name] = type(name, (Exception,), {})
    try:
        got = _outcomes()
    finally:
        for name in own:
            del _globals[name]
    _judge(got)


check.end()
