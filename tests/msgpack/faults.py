# SPDX-License-Identifier: MIT
# Every allocation of every public function fails in turn, by itself and with all later ones, with
# the heap locked and with a collection at each; Ctrl-C comes wherever Python code runs.
# needs: msgpack
# targets: unix-x64 unix-x86 mps2-an385/armv7m
# long: *-both
# timeout: 600
#
# A new public function needs a row in the table below.

import io

import check
import inject
import msgpack
from check import eq, full_case
from inject import Row, tick
from msgpack import ExtType, OutOfData, packb
from vectors import SINGLE, hx

if not check.small:
    from msgpack import Packer, Timestamp, Unpacker

DATA = hx("95 a3616263 92cfffffffffffffffffc4020102 82a16b91cd0100a16cd4057a cb3ff8000000000000")
DATA += hx("d6ff00000005")
# As this firmware packs it, whose floats may be single precision.
PACKED = DATA.replace(hx("cb3ff8000000000000"), hx("ca3fc00000")) if SINGLE else DATA
VALUE = ["abc", [(1 << 64) - 1, b"\1\2"], {"k": [256], "l": ExtType(5, b"z")}, 1.5]
VALUE.append(ExtType(-1, b"\0\0\0\5") if check.small else Timestamp(5))
DEEP = b"\x91" * 40 + b"\1"
LONG = [70000 + i for i in range(60)]  # Longer than any buffer on the stack.
PACKED_LONG = packb(LONG)


def deep(depth=40):
    obj = 1
    for _ in range(depth):
        obj = [obj]
    return obj


NESTED = deep()
TOO_DEEP = deep(1025)
TOO_DEEP_PACKED = b"\x91" * 1025 + b"\1"


class Thing:
    pass


class Stream(io.IOBase):
    """All three kinds of streams are made of this."""

    def __init__(self, data=b""):
        self.data = data
        self.pos = 0
        self.pause = 20  # Where it says "not now" once, so that there is a wait.

    def next(self, n):
        tick()
        if self.pos == self.pause:
            self.pause = -1
            return None
        return self.data[self.pos : self.pos + min(n, 20)]

    def readinto(self, buf):
        data = self.next(len(buf))
        if data is None:
            return None
        buf[: len(data)] = data
        # Last of all: when something above fails nothing has been taken.
        self.pos += len(data)
        return len(data)

    def write(self, buf):
        tick()
        if len(self.data) >= self.pause > 0:
            self.pause = -1
            return 0
        n = min(len(buf), 100)
        self.data += buf[:n]
        return n


class Readinto:
    def __init__(self, data):
        self.stream = Stream(data)

    def readinto(self, buf):
        return self.stream.readinto(buf)


class Reads:
    def __init__(self, data):
        self.stream = Stream(data)

    def read(self, n):
        data = self.stream.next(n)
        if data is not None:
            self.stream.pos += len(data)
        return data


class Writes:
    def __init__(self):
        self.stream = Stream()

    def write(self, buf):
        return self.stream.write(buf)


def default(obj):
    tick()
    return "a thing"


def hook(*args):
    tick()
    return args


def pairs_hook(pairs):
    tick()
    return dict(pairs)


def nothing():
    return None


def gathered(data=b"\1\2"):
    def make():
        p = Packer(autoreset=False)
        for b in data:
            p.pack(b)
        return p

    return make


def then_bytes(fn):
    """What a method of a gathering Packer adds."""

    def call(p):
        before = p.bytes()
        error = None
        try:
            eq(fn(p), None)
        except BaseException as e:
            error = e
        if error is not None:
            # All or nothing; here, where only one allocation fails at a time.
            raise error
        return p.bytes()[len(before) :]

    return call


def fed(data, **options):
    def make():
        u = Unpacker(**options)
        u.feed(data)
        return u

    return make


def reading(kind, data):
    def make():
        s = kind(data)
        (s if kind is Stream else s.stream).pause = -1
        return Unpacker(s)

    return make


def pack_to(stream, obj, **options):
    stream.data = b""
    msgpack.pack(obj, stream, **options)
    return stream.data


def pack_to_duck(stream, obj):
    stream.stream.data = b""
    msgpack.pack(obj, stream)
    return stream.stream.data


def pack_to_native(stream, obj):
    stream.seek(0)
    msgpack.pack(obj, stream)
    return stream.getvalue()


def pack_into(buf, obj, *args, **options):
    n = msgpack.pack_into(obj, buf, *args, **options)
    return bytes(buf[:n])


def unpack_again(fn):
    """Unpack from a stream that is rewound, so that a call can be made again."""

    def call(stream):
        s = stream if hasattr(stream, "pos") else stream.stream
        s.pos = 0
        s.pause = 20
        return fn(stream)

    return call


def native(data):
    return lambda: io.BytesIO(data)


def unpack_native(stream):
    stream.seek(0)
    return msgpack.unpack(stream)


def unpack_hooked(stream):
    return msgpack.unpack(stream, list_hook=hook)


HOOKED = ([([1],), ([2],)],)


def unpack_failing(stream):
    stream.pos = 0
    return msgpack.unpack(stream, list_hook=lambda x: 1 // 0)


def feed(u):
    u.reset()
    u.feed(DATA)
    u.feed(b"\x2a")
    return [u.unpack(), u.unpack()]


def extra(_):
    return msgpack.unpackb(b"\1\2")


def extra_attributes(e):
    return (e.unpacked, e.extra, str(e))


def is_unpacker(u):
    return isinstance(u, Unpacker) and next(u, 5) == 5


def is_packer(p):
    return isinstance(p, Packer) and p.pack(1) in (b"\1", None)


def stamp():
    return Timestamp(1 << 40, 5)


STAMP = hx("00000005 0000010000000000")
MANY = hx("93 01 a17a 03")
HEADER = hx("93 01 02 03 2a")
# After half of the calls that fail, the object that could not be built has been passed.
AFTER = (42, OutOfData, EOFError)

ROWS = [
    Row("packb dumps", nothing, lambda _: packb(VALUE), PACKED),
    Row("packb", nothing, lambda _: packb(LONG), PACKED_LONG),
    Row("packb", nothing, lambda _: packb(NESTED), DEEP),
    Row(
        "packb",
        nothing,
        lambda _: packb([Thing, 1 << 70], default=default),
        b"\x92\xa7a thing\xa7a thing",
    ),
    Row("packb", nothing, lambda _: packb(Thing), TypeError),
    Row("packb", nothing, lambda _: packb(1 << 70), OverflowError),
    Row("packb", nothing, lambda _: packb(TOO_DEEP), ValueError, heavy=True),
    Row("pack dump", Stream, lambda s: pack_to(s, VALUE), PACKED),
    Row("pack", Stream, lambda s: pack_to(s, LONG), PACKED_LONG),
    Row("pack", Stream, lambda s: pack_to(s, Thing, default=default), b"\xa7a thing"),
    Row("pack", Writes, lambda s: pack_to_duck(s, LONG), PACKED_LONG),
    Row("pack", io.BytesIO, lambda s: pack_to_native(s, LONG), PACKED_LONG),
    Row("pack", io.BytesIO, lambda s: pack_to_native(s, Thing), TypeError),
    Row("pack", nothing, lambda _: msgpack.pack(1, 2), TypeError),
    Row("unpackb loads", nothing, lambda _: msgpack.unpackb(DATA), VALUE),
    Row("unpackb", nothing, lambda _: msgpack.unpackb(PACKED_LONG), LONG),
    Row("unpackb", nothing, lambda _: msgpack.unpackb(DEEP), NESTED),
    Row("unpackb", nothing, lambda _: msgpack.unpackb(PACKED_LONG, use_list=False), tuple(LONG)),
    Row("unpackb", nothing, lambda _: msgpack.unpackb(b"\xd4\5A", ext_hook=hook), (5, b"A")),
    Row("unpackb", nothing, lambda _: msgpack.unpackb(b"\x92\1"), ValueError),
    Row("unpackb", nothing, lambda _: msgpack.unpackb(b"\xa1\xff"), ValueError),
    Row("unpackb", nothing, lambda _: msgpack.unpackb(b"\x81\x90\1"), TypeError),
    Row("unpackb ExtraData", nothing, extra, msgpack.ExtraData),
    Row("unpack load", lambda: Stream(DATA), unpack_again(msgpack.unpack), VALUE),
    Row("unpack", lambda: Readinto(DATA), unpack_again(msgpack.unpack), VALUE),
    Row("unpack", lambda: Reads(PACKED_LONG), unpack_again(msgpack.unpack), LONG),
    Row("unpack", native(DATA), unpack_native, VALUE),
    Row("unpack", native(DEEP), unpack_native, NESTED),
    Row("unpack", native(b"\xdb\0\0\4\0" + b"t" * 1024), unpack_native, "t" * 1024),
    Row("unpack OutOfData", native(b"\x92\1"), unpack_native, OutOfData),
    Row("unpack", native(b""), unpack_native, EOFError),
    Row("unpack", nothing, lambda _: msgpack.unpack(5), TypeError),
    Row("ExtType", nothing, lambda _: str(ExtType(5, b"x")), "ExtType(code=5, data=b'x')"),
    Row("unpackb FormatError", nothing, lambda _: msgpack.unpackb(b"\xc1"), msgpack.FormatError),
    Row(
        "unpackb StackError",
        nothing,
        lambda _: msgpack.unpackb(TOO_DEEP_PACKED),
        msgpack.StackError,
        heavy=True,
    ),
    Row("ExtType.code ExtType.data", nothing, lambda _: ExtType(5, b"x").data, b"x"),
]


def rows_of_full():
    return (
        # After a failure the stream stands after the object.
        Row("unpack", native(DATA + b"\x2a"), msgpack.unpack, VALUE, AFTER),
        Row("unpack", native(PACKED_LONG + b"\x2a"), msgpack.unpack, LONG, AFTER),
        Row("packb", nothing, lambda _: packb(1, no_such_option=2), TypeError),
        Row("pack_into", lambda: bytearray(400), lambda b: pack_into(b, VALUE), PACKED),
        Row(
            "pack_into",
            lambda: bytearray(400),
            lambda b: pack_into(b, Thing, offset=0, default=default),
            b"\xa7a thing",
        ),
        Row("pack_into", lambda: bytearray(400), lambda b: pack_into(b, NESTED), DEEP),
        Row("pack_into", lambda: bytearray(40), lambda b: pack_into(b, LONG), ValueError),
        Row(
            "unpackb",
            nothing,
            lambda _: msgpack.unpackb(b"\x91\x81\1\2", object_hook=hook),
            [({1: 2},)],
        ),
        Row(
            "unpackb",
            nothing,
            lambda _: msgpack.unpackb(b"\x91\x81\1\2", object_pairs_hook=pairs_hook),
            [{1: 2}],
        ),
        Row(
            "unpackb",
            nothing,
            lambda _: msgpack.unpackb(b"\x91\x91\1", list_hook=hook),
            ([([1],)],),
        ),
        Row(
            "unpackb",
            nothing,
            lambda _: msgpack.unpackb(b"\x92\xa1a\xa2bc", raw=True),
            [b"a", b"bc"],
        ),
        Row("unpackb", nothing, lambda _: msgpack.unpackb(hx("d6ff00000005"), timestamp=1), 5.0),
        Row(
            "unpackb",
            nothing,
            lambda _: msgpack.unpackb(hx("c70cff") + STAMP, timestamp=2),
            (1 << 40) * 10**9 + 5,
        ),
        Row(
            "unpackb",
            nothing,
            lambda _: msgpack.unpackb(b"\x81\1\2", strict_map_key=True),
            ValueError,
        ),
        Row("unpackb", nothing, lambda _: msgpack.unpackb(b"\xa2ab", max_str_len=1), ValueError),
        Row(
            "unpack",
            lambda: Stream(DATA),
            unpack_again(lambda s: msgpack.unpack(s, list_hook=hook, wait=9)),
            lambda v: len(v) == 1,
        ),
        Row("unpack", native(b"\x92\x91\1\x91\2\x2a"), unpack_hooked, HOOKED, AFTER),
        # Ctrl-C may come while the rest of it is skipped.
        Row(
            "unpack",
            lambda: Stream(b"\x92\x91\1" + b"\x91" * 30),
            unpack_failing,
            ZeroDivisionError,
        ),
        Row(
            "Timestamp",
            nothing,
            lambda _: hash(Timestamp(1 << 40, 5)) == hash(Timestamp(1 << 40, 5)),
            True,
        ),
        Row(
            "Timestamp Timestamp.seconds Timestamp.nanoseconds",
            stamp,
            lambda t: (t.seconds, t.nanoseconds),
            (1 << 40, 5),
        ),
        Row(
            "Timestamp", stamp, lambda t: str(t), "Timestamp(seconds=1099511627776, nanoseconds=5)"
        ),
        Row(
            "Timestamp",
            stamp,
            lambda t: (t == Timestamp(1 << 40, 5), t < Timestamp(1 << 41)),
            (True, True),
        ),
        Row("Timestamp", nothing, lambda _: Timestamp(1, -1), ValueError),
        Row("Timestamp.to_bytes", stamp, lambda t: t.to_bytes(), STAMP),
        Row("Timestamp.to_unix", stamp, lambda t: t.to_unix(), float(1 << 40)),
        Row("Timestamp.to_unix_nano", stamp, lambda t: t.to_unix_nano(), (1 << 40) * 10**9 + 5),
        Row("Timestamp.from_bytes", nothing, lambda _: Timestamp.from_bytes(STAMP), stamp()),
        Row(
            "Timestamp.from_unix",
            nothing,
            lambda _: Timestamp.from_unix(1.5),
            Timestamp(1, 500000000),
        ),
        Row(
            "Timestamp.from_unix_nano",
            nothing,
            lambda _: Timestamp.from_unix_nano((1 << 40) * 10**9 + 5),
            stamp(),
        ),
        Row(
            "Packer",
            nothing,
            lambda _: Packer(default=default, buf_size=500, autoreset=False),
            is_packer,
        ),
        Row("Packer", nothing, lambda _: Packer(buf_size=-1), ValueError),
        Row("Packer.pack", Packer, lambda p: p.pack(VALUE), PACKED),
        Row("Packer.pack", Packer, lambda p: p.pack(LONG), PACKED_LONG),
        Row(
            "Packer.pack", lambda: Packer(default=default), lambda p: p.pack(Thing), b"\xa7a thing"
        ),
        Row("Packer.pack", Packer, lambda p: p.pack(Thing), TypeError),
        Row("Packer.pack", gathered(), then_bytes(lambda p: p.pack(LONG)), PACKED_LONG),
        Row(
            "Packer.pack_array_header",
            Packer,
            lambda p: p.pack_array_header(70000),
            hx("dd00011170"),
        ),
        Row("Packer.pack_map_header", Packer, lambda p: p.pack_map_header(1), b"\x81"),
        Row(
            "Packer.pack_map_pairs",
            Packer,
            lambda p: p.pack_map_pairs([("z", 1), ("y", 2)]),
            b"\x82\xa1z\1\xa1y\2",
        ),
        Row(
            "Packer.pack_ext_type",
            Packer,
            lambda p: p.pack_ext_type(5, b"x" * 100),
            b"\xc7\x64\5" + b"x" * 100,
        ),
        Row("Packer.bytes", gathered(), lambda p: p.bytes(), b"\1\2"),
        Row("Packer.getbuffer", gathered(), lambda p: bytes(p.getbuffer()), b"\1\2"),
        Row("Packer.reset", gathered(), lambda p: (p.reset(), p.bytes()), (None, b"")),
        Row(
            "Unpacker",
            nothing,
            lambda _: Unpacker(list_hook=hook, max_buffer_size=99),
            is_unpacker,
        ),
        Row(
            "Unpacker.feed BufferFull",
            lambda: Unpacker(max_buffer_size=9),
            lambda u: u.feed(DATA),
            msgpack.BufferFull,
        ),
        Row(
            "Unpacker.unpack",
            fed(b"\x91\1\x2a", list_hook=hook),
            lambda u: u.unpack(),
            ([1],),
            AFTER,
        ),
        Row("Unpacker.unpack", fed(b"\xc1"), lambda u: u.unpack(), msgpack.FormatError),
        Row("UnpackException", nothing, lambda _: str(msgpack.UnpackException("x")), "x"),
        Row(
            "ExtraData.unpacked ExtraData.extra",
            lambda: msgpack.ExtraData(1, b"\2"),
            extra_attributes,
            (1, b"\2", "unpack(b) received extra data."),
        ),
        Row("Unpacker.unpack", fed(DATA + b"\x2a"), lambda u: u.unpack(), VALUE, AFTER),
        Row("Unpacker.unpack", fed(DEEP + b"\x2a"), lambda u: u.unpack(), NESTED, AFTER),
        Row("Unpacker.unpack", fed(b"\x92\1"), lambda u: u.unpack(), OutOfData),
        Row(
            "Unpacker.unpack", reading(Stream, DATA + b"\x2a"), lambda u: u.unpack(), VALUE, AFTER
        ),
        Row("Unpacker.unpack", reading(Reads, DATA + b"\x2a"), lambda u: u.unpack(), VALUE, AFTER),
        Row(
            "Unpacker.__iter__ Unpacker.__next__",
            fed(DATA + b"\x2a"),
            lambda u: next(u),
            VALUE,
            AFTER,
        ),
        Row(
            "Unpacker.skip",
            fed(DATA + b"\x2a"),
            lambda u: (u.skip(), u.unpack()),
            (None, 42),
            (OutOfData,),
        ),
        Row(
            "Unpacker.skip",
            reading(Readinto, DATA + b"\x2a"),
            lambda u: (u.skip(), u.unpack()),
            (None, 42),
            (OutOfData,),
        ),
        Row(
            "Unpacker.read_array_header",
            fed(HEADER),
            lambda u: (u.read_array_header(), u.unpack()),
            (3, 1),
            (ValueError,),
        ),
        Row(
            "Unpacker.read_map_header",
            fed(b"\x81\1\2"),
            lambda u: (u.read_map_header(), u.unpack()),
            (1, 1),
            (ValueError,),
        ),
        Row("Unpacker.read_map_header", fed(b"\1"), lambda u: u.read_map_header(), ValueError),
        Row(
            "Unpacker.read_array_header",
            fed(b"\xdd\xff\xff\xff\xff"),
            lambda u: u.read_array_header(),
            0xFFFFFFFF,
            (OutOfData,),
        ),
        Row("Unpacker.read_bytes", fed(b"abcdef"), lambda u: u.read_bytes(3), b"abc", (b"def",)),
        Row(
            "Unpacker.tell", fed(DATA), lambda u: (u.skip(), u.tell())[1], len(DATA), (OutOfData,)
        ),
        Row("Unpacker.reset", fed(DATA), lambda u: (u.reset(), u.tell()), (None, 0)),
        Row("Unpacker", nothing, lambda _: Unpacker(5), TypeError),
        Row("Unpacker.feed", Unpacker, feed, [VALUE, 42]),
    )


if not check.small:
    ROWS += rows_of_full()
# With both flavours ExtType is that of the small one, which takes anything.
if not (check.small or check.both):
    ROWS += [
        Row(
            "ExtType ExtType.code ExtType.data",
            nothing,
            lambda _: ExtType(5, bytearray(b"x")).data,
            b"x",
        ),
        Row("ExtType", nothing, lambda _: ExtType(500, b"x"), ValueError),
    ]
# Names that dir() does not tell; names that are no functions, or that dir() makes up.
ALSO = "ExtType.code ExtType.data".split()
if not check.small:
    ALSO += """Timestamp.seconds Timestamp.nanoseconds ExtraData.unpacked ExtraData.extra
        Unpacker.__next__""".split()
OTHERS = """version PackException PackValueError PackOverflowError UnpackValueError ExtType.count
    ExtType.index"""


@full_case("dir()")
def every_public_name_has_a_row():
    inject.all_covered(ROWS + [Row(OTHERS, None, None, None)], msgpack, ALSO)


inject.run(ROWS)
inject.end()
