# needs: msgpack
# A script may call its own things ValueError, bytes or int. The module must not care: neither
# for names in the script's globals, nor for builtins that were replaced.
import builtins
from io import BytesIO

import check
import msgpack

_names = [n for n in dir(builtins) if not n.startswith("__") and n not in ("print",)]
_b = {n: getattr(builtins, n) for n in _names}
_globals = globals()
_eq = check.eq
_raises = check.raises
_same = check.same
_stream = BytesIO
_obj = [
    1,
    -1,
    1 << 63,
    "s",
    b"b",
    bytearray(b"c"),
    memoryview(b"d"),
    1.5,
    None,
    True,
    (),
    {"k": []},
]
_packed = msgpack.packb(_obj)
_decoded = msgpack.unpackb(_packed)
_ext = b"\xd4\x05x"


def _exercise():
    """Every entry and every error; no builtin is named here, since they are all gone."""
    _same(msgpack.packb(_obj), _packed)
    _same(msgpack.unpackb(_packed), _decoded)
    s = _stream()
    msgpack.pack(_obj, s)
    s.seek(0)
    _same(msgpack.unpack(s), _decoded)
    _raises(_b["EOFError"], msgpack.unpack, s)
    buf = _b["bytearray"](200)
    msgpack.pack_into(_obj, buf)
    _raises(_b["ValueError"], msgpack.pack_into, _obj, buf, 190)
    _raises(_b["TypeError"], msgpack.packb, _exercise)
    _raises(_b["OverflowError"], msgpack.packb, 1 << 64)
    _raises(_b["ValueError"], msgpack.unpackb, b"\x92")
    _raises(msgpack.FormatError, msgpack.unpackb, b"\xc1")
    _raises(msgpack.StackError, msgpack.unpackb, b"\x91" * 2000)
    _raises(msgpack.ExtraData, msgpack.unpackb, b"\x01\x02")
    _raises(msgpack.OutOfData, msgpack.unpack, _stream(b"\x92"))
    _raises(_b["UnicodeError"], msgpack.unpackb, b"\xa1\xff")
    _raises(_b["TypeError"], msgpack.unpackb, b"\x81\x90\x01")
    _raises(_b["TypeError"], msgpack.unpackb)
    _raises(_b["TypeError"], msgpack.packb, 1, nonsense=1)
    e = msgpack.unpackb(_ext)
    _eq(e.code, 5)
    _same(msgpack.packb(e), _ext)
    _eq(e == msgpack.ExtType(5, b"x"), True)
    _raises(_b["ValueError"], msgpack.ExtType, 500, b"")
    t = msgpack.Timestamp(1 << 40, 5)
    _same(msgpack.packb(t), b"\xc7\x0c\xff\x00\x00\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00")
    _eq(msgpack.unpackb(msgpack.packb(t)) == t, True)
    _eq(t.to_unix_nano(), (1 << 40) * 10**9 + 5)
    _eq(msgpack.Timestamp.from_unix(1.5) == msgpack.Timestamp(1, 500000000), True)
    p = msgpack.Packer()
    _same(p.pack(_obj), _packed)
    u = msgpack.Unpacker(max_buffer_size=100)
    u.feed(_packed)
    _same(u.unpack(), _decoded)
    _raises(msgpack.OutOfData, u.unpack)
    _raises(msgpack.BufferFull, u.feed, buf)
    _same(msgpack.unpackb(b"\x91\x05", use_list=False), (5,))
    _same(msgpack.unpackb(b"\x81\x01\x02", object_pairs_hook=_b["list"]), [(1, 2)])
    _same(msgpack.unpackb(b"\xa1s", raw=True), b"s")


def _raiser(*args, **kwargs):
    raise KeyError("the script's own name was called")


@check.case
def plain():
    _exercise()


@check.case
def replaced_in_builtins():
    # where builtins can be replaced at all; each on its own, then put back
    done = 0
    for name in _names:
        try:
            _b["setattr"](builtins, name, 5)
        except (_b["AttributeError"], _b["TypeError"]):
            continue
        try:
            if name not in ("KeyError",):
                _exercise()
        finally:
            _b["setattr"](builtins, name, _b[name])
        done += 1
    if not done:
        check.skip("builtins are constant here")


@check.case
def replaced_one_by_one():
    for name in _names:
        for thing in (5, None, _raiser, "text", _b["list"]):
            _globals[name] = thing
            try:
                _exercise()
            finally:
                del _globals[name]


@check.case
def replaced_all():
    for name in _names:
        _globals[name] = 5
    try:
        _exercise()
    finally:
        for name in _names:
            del _globals[name]


@check.case
def replaced_by_subclasses():
    # a plausible script: its own ValueError, whose instances are none of ours
    for name in ("ValueError", "TypeError", "OverflowError", "OSError", "EOFError"):
        _globals[name] = type(name, (Exception,), {})
    try:
        _exercise()
    finally:
        for name in ("ValueError", "TypeError", "OverflowError", "OSError", "EOFError"):
            del _globals[name]


check.end()
