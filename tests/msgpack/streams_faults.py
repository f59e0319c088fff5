# SPDX-License-Identifier: MIT
# Each call of a stream's method in turn has each outcome that it can have: the value is right or
# the exception the documented one, and the next call is right.
# needs: msgpack
# targets: unix-x64 unix-x86 mps2-an385/armv7m unix-asan
# timeout: 300

import io

import check
import errno
import msgpack
from check import case, eq, full_case, raises, same, true
from msgpack import OutOfData, packb
from native import RamDisk

VALUE = [1, "two", {"three": [4, b"five" * 20]}, 1 << 40, "x" * 70]
DATA = packb(VALUE)
LONG = ["x" * 300, 5, "y" * 400]
PACKED_LONG = packb(LONG)


class Boom(Exception):
    pass


class Fails:
    """An outcome: what is raised or returned, and what becomes of it."""

    def __init__(self, name, raised=None, returned=None, want=OSError, number=None):
        self.name = name
        self.raised = raised
        self.returned = returned  # Of the number of bytes that are asked for.
        self.want = want  # An exception, or one of the words below.
        self.number = number


RIGHT = "right"  # As if nothing had been.
WAITS = "waits"  # It would block.
ENDS = "ends"

IO_ERROR = (errno.EIO,)
# OSError(EAGAIN) and the like are made beforehand, as in interrupts.
BOTH = (
    # The small flavour waits only when a method returns None.
    Fails("EAGAIN", raised=OSError(errno.EAGAIN), want=OSError if check.small else WAITS),
    Fails("EIO", raised=OSError(errno.EIO), number=IO_ERROR),
    Fails("OSError", raised=OSError("no number")),
    Fails("exception", raised=Boom(), want=Boom),
    Fails("Ctrl-C", raised=KeyboardInterrupt(), want=KeyboardInterrupt),
)
NUMBERS = BOTH + (
    Fails("str", returned=lambda n: "1", want=TypeError),
    Fails("float", returned=lambda n: 1.5, want=TypeError),
    Fails("object", returned=lambda n: BOTH, want=TypeError),
    # The firmware's own stream protocol converts what an IOBase class returns.
    Fails("huge", returned=lambda n: 1 << 70, want=(TypeError, OverflowError)),
    Fails("more than asked", returned=lambda n: n + 1, number=IO_ERROR),
    Fails("much more than asked", returned=lambda n: 1 << 29, number=IO_ERROR),
    Fails("-1", returned=lambda n: -1),
    Fails("-2", returned=lambda n: -2),
    Fails("-5", returned=lambda n: -errno.EIO, number=IO_ERROR),
    Fails("negative", returned=lambda n: -(1 << 29)),
)
NONE = Fails("None", returned=lambda n: None, want=WAITS)
READINTO = NUMBERS + (NONE, Fails("0", returned=lambda n: 0, want=ENDS))
READ = BOTH + (
    NONE,
    Fails("no bytes", returned=lambda n: b"", want=ENDS),
    Fails("str", returned=lambda n: "1", want=TypeError),
    Fails("int", returned=lambda n: 1, want=TypeError),
    Fails("object", returned=lambda n: BOTH, want=TypeError),
    Fails("more than asked", returned=lambda n: bytes(n + 1), number=IO_ERROR),
    Fails("much more than asked", returned=lambda n: bytes(4000), number=IO_ERROR),
)
IO_WRITE = NUMBERS + (NONE, Fails("0", returned=lambda n: 0, want=WAITS))
WRITE = NUMBERS + (Fails("0", returned=lambda n: 0, want=WAITS),)
if check.small:
    # It takes a str for bytes, and of a huge number the lowest bits.
    READ = tuple(f for f in READ if f.name != "str")
    READINTO, WRITE, IO_WRITE = (
        tuple(f for f in faults if f.name != "huge") for faults in (READINTO, WRITE, IO_WRITE)
    )


class Base:
    """Bytes come and go in pieces; call number `at` has the outcome `fault`."""

    def __init__(self, data=b"", piece=9):
        self.data = bytearray(data)
        self.pos = 0
        self.piece = piece
        self.calls = 0
        self.at = -1
        self.fault = None

    def is_due(self):
        self.calls += 1
        if self.calls - 1 != self.at:
            return False
        if self.fault.raised is not None:
            raise self.fault.raised
        return True

    def next(self, n):
        n = min(n, self.piece)
        self.pos += n
        return self.data[self.pos - n : self.pos]

    def _readinto(self, buf):
        if self.is_due():
            return self.fault.returned(len(buf))
        data = self.next(len(buf))
        buf[: len(data)] = data
        return len(data)

    def _read(self, n):
        if self.is_due():
            return self.fault.returned(n)
        return bytes(self.next(n))

    def _write(self, buf):
        if self.is_due():
            return self.fault.returned(len(buf))
        n = min(len(buf), self.piece)
        self.data.extend(bytes(buf[:n]))
        return n


class IoBase(io.IOBase, Base):
    def readinto(self, buf):
        return self._readinto(buf)

    def write(self, buf):
        return self._write(buf)


class Readinto(Base):
    def readinto(self, buf):
        return self._readinto(buf)


class Read(Base):
    def read(self, n):
        return self._read(n)


class Write(Base):
    def write(self, buf):
        return self._write(buf)


KINDS = ((IoBase, READINTO), (Readinto, READINTO), (Read, READ))
count = 0


def call(fn, *args):
    """(result, None) or (None, exception)."""
    global count
    count += 1
    try:
        return fn(*args), None
    except BaseException as e:
        return None, e


def check_error(error, fault):
    if not isinstance(error, fault.want):
        raise error or AssertionError("no exception")
    if fault.number is not None:
        true(error.errno in fault.number)
    if fault.raised is not None:
        # Exceptions of streams pass through unchanged.
        true(error is fault.raised)


def everywhere(faults, make, fn, judge):
    """Each fault at each call of the stream; judge(stream, fault, at, result, exception)."""
    plain = make()
    fn(plain)
    true(plain.calls > 1)
    # Boards are slow, and try a part.
    step = 1 if "unix" in check.target else 5
    for number, fault in enumerate(faults):
        for at in range(number % step, plain.calls, step):
            s = make()
            s.at = at
            s.fault = fault
            result, error = call(fn, s)
            try:
                judge(s, fault, at, result, error)
            except Exception as e:
                print(type(s).__name__, fault.name, "in call", at)
                raise e


def judge_unpack(s, fault, at, result, error):
    if fault.want is RIGHT or (fault.want is WAITS and at > 0):
        if error is not None:
            raise error
        same(result, VALUE)
        eq(s.pos, len(DATA))
    elif fault.want is WAITS:
        true(isinstance(error, OSError) and error.errno == errno.EAGAIN)
        same(msgpack.unpack(s), VALUE)
    elif fault.want is ENDS:
        true(type(error) is (OutOfData if at > 0 else EOFError))
    else:
        check_error(error, fault)
    # The next one, of another stream.
    same(msgpack.unpack(type(s)(DATA)), VALUE)


@case
def unpack():
    for kind, faults in KINDS:
        everywhere(faults, lambda: kind(DATA + b"\x2a"), msgpack.unpack, judge_unpack)


@case
def short_reads():
    for kind, _ in KINDS:
        for piece in range(1, 20):
            same(msgpack.unpack(kind(DATA, piece)), VALUE)
            if not check.small:
                same(msgpack.Unpacker(kind(DATA, piece)).unpack(), VALUE)


def judge_pack(s, fault, at, result, error):
    if fault.want is WAITS:
        if error is not None:
            raise error
        eq(bytes(s.data), PACKED_LONG)
    else:
        check_error(error, fault)
        # No byte that the stream has taken is wrong.
        eq(bytes(s.data), PACKED_LONG[: len(s.data)])
    other = type(s)(piece=100)
    msgpack.pack(LONG, other)
    eq(bytes(other.data), PACKED_LONG)


def pack_long(s):
    msgpack.pack(LONG, s)


@case
def pack():
    everywhere(IO_WRITE, lambda: IoBase(piece=100), pack_long, judge_pack)
    everywhere(WRITE, lambda: Write(piece=100), pack_long, judge_pack)


@case
def short_writes():
    for kind in (IoBase, Write):
        for piece in (1, 2, 7, 255, 256, 257, 1000):
            s = kind(piece=piece)
            msgpack.pack(LONG, s)
            eq(bytes(s.data), PACKED_LONG)


@case
def write_without_a_number():
    # Of an object that merely has write, None means that it took all.
    class Plain(Base):
        def write(self, buf):
            self.data.extend(buf)

    s = Plain()
    msgpack.pack(LONG, s)
    eq(bytes(s.data), PACKED_LONG)


def header(u, read):
    n = read()
    # What it heads comes next.
    eq(u.unpack(), 1)
    return n


UNPACKER = (
    # What it is called, its call, the bytes, the result.
    ("unpack", lambda u: u.unpack(), DATA, VALUE),
    ("__next__", lambda u: next(u), DATA, VALUE),
    ("skip", lambda u: u.skip(), DATA, None),
    ("read_array_header", lambda u: u.read_array_header(), b"\xdd\0\0\0\5", 5),
    ("read_map_header", lambda u: u.read_map_header(), b"\xdf\0\0\0\5", 5),
    ("read_bytes", lambda u: u.read_bytes(30), DATA[:30], DATA[:30]),
)


def unpacker_row(name, method, data, want):
    def fn(s):
        s.unpacker = msgpack.Unpacker(s, read_size=9)
        return method(s.unpacker)

    def judge(s, fault, at, result, error):
        if fault.want in (WAITS, ENDS, RIGHT):
            if error is None:
                # read_bytes gives what there is.
                same(result, want if name != "read_bytes" else want[: len(result)])
            else:
                true(isinstance(error, (OutOfData, StopIteration)))
        else:
            if error is None:
                raise AssertionError("no exception")
            check_error(error, fault)
        # It goes on where it was, without a byte lost.
        if name == "read_bytes":
            data = result or b""
            while len(data) < len(want):
                data += s.unpacker.read_bytes(len(want) - len(data))
            same(data, want)
        elif error is not None:
            same(method(s.unpacker), want)
        same(s.unpacker.unpack(), "next")

    for kind, faults in KINDS:
        everywhere(faults, lambda: kind(data + b"\xa4next", 4), fn, judge)


class UnpackerRow:
    def __init__(self, row):
        self.row = row
        self.__name__ = "Unpacker." + row[0]

    def __call__(self):
        unpacker_row(*self.row)


for row in UNPACKER:
    full_case("Unpacker")(UnpackerRow(row))


@full_case("Unpacker")
def before_the_first_byte():
    # Any other method works then.
    global count
    data = b"\xdd\0\0\0\1\1\5"
    methods = [
        (lambda u: u.unpack(), [1]),
        (lambda u: next(u), [1]),
        (lambda u: (u.skip(), u.unpack()), (None, 5)),
        (lambda u: u.read_array_header(), 1),
        (lambda u: u.read_bytes(3), b"\xdd\0\0"),
    ]
    for kind, faults in KINDS:
        for fault in faults:
            for first, _ in methods:
                for then, want in methods:
                    s = kind(data)
                    s.at = 0
                    s.fault = fault
                    u = msgpack.Unpacker(s)
                    _, error = call(first, u)
                    true(error is not None or fault.want in (WAITS, ENDS))
                    same(then(u), want)
                    same(u.tell() > 0, True)


@full_case("Unpacker")
def every_reading_method_has_a_row():
    # feed is refused, tell and reset do not read.
    methods = [name for name in dir(msgpack.Unpacker) if name[0] != "_"]
    have = [row[0] for row in UNPACKER] + ["feed", "tell", "reset"]
    eq([name for name in methods if name not in have], [])


class Disk(RamDisk):
    """A block device in memory that fails on demand, for the firmware's own file objects."""

    def __init__(self):
        super().__init__(24, 256)
        self.calls = 0
        self.at = -1

    def fails(self):
        self.calls += 1
        return self.calls - 1 == self.at

    def readblocks(self, n, buf, offset=0):
        return -errno.EIO if self.fails() else super().readblocks(n, buf, offset)

    def writeblocks(self, n, buf, offset=0):
        return -errno.EIO if self.fails() else super().writeblocks(n, buf, offset)


@case
def native_files():
    try:
        from vfs import VfsLfs2
    except ImportError:
        check.skip("the firmware has no VfsLfs2")
    global count
    disk = Disk()
    VfsLfs2.mkfs(disk)
    fs = VfsLfs2(disk)
    with fs.open("f", "wb") as f:
        msgpack.pack([LONG, LONG, LONG], f)
    failures = 0
    for at in range(100):
        with fs.open("f", "rb") as f:
            disk.calls = 0
            disk.at = at
            count += 1
            try:
                same(msgpack.unpack(f), [LONG, LONG, LONG])
                done = disk.calls <= at
            except OSError as e:
                eq(e.errno, errno.EIO)
                failures += 1
                done = False
            disk.at = -1
        # What littlefs has cached is not to be trusted any more.
        fs = VfsLfs2(disk)
        with fs.open("f", "rb") as f:
            same(msgpack.unpack(f), [LONG, LONG, LONG])
        if done:
            break
    true(failures >= 2)


@case
def no_stream_at_all():
    for thing in (5, "x", b"x", None, object(), [], int):
        raises(TypeError, msgpack.unpack, thing)
        raises(TypeError, msgpack.pack, 1, thing)
        if thing is not None and not check.small:
            raises(TypeError, msgpack.Unpacker, thing)


check.note("%d outcomes" % count)
check.end()
