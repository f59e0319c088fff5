# SPDX-License-Identifier: MIT
# Requests 0 to 64, negative and odd ones, each with every argument, on every kind of stream and on
# what is no stream: a result or an exception, and no request gets through whose argument would be
# taken for something else than it is.
# needs: ioctl
# wants: long-ints
# long: rpi-pico repeats
# also: mps2-an385-notime
# timeout: 300

import builtins
import gc
import io
import sys

import check
import vectors
from check import case, eq, true
from ioctl import CLOSE, SEEK, ioctl
from native import BOARD, RamDisk, filesystems
from vectors import FLOATS

KNOWN = (1, 2, 3, 4, 6, 7, 8, 9, 10, 11)
WORD = 31 if sys.maxsize < 1 << 31 else 63


class Odd:
    """Neither a number nor a stream, whatever it says."""

    def __int__(self):
        return 4

    def __index__(self):
        return 4

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return 0

    def __iter__(self):
        return iter((0, 0))


def ints(texts):
    """Those that the firmware has."""
    return [n for n, _ in vectors.ints([(text, None) for text in texts.split()])]


# Arguments that are ints of a word, those that are too large, and those that are no ints.
WORDS = [0, 1, 2, 4, 5, 0x3F, 255, 256, 4096, 1 << 29, -1, -2, -4096, True, False]
WORDS += ints("0x3fffffff 0x40000000 0x7fffffff -0x40000000 -0x80000000")
OVER_32 = ints(
    "0x80000000 0xffffffff 0x100000004 -0x80000001 0x7fffffffffffffff -0x7fffffffffffffff"
)
LARGE = ints("0x8000000000000000 0x10000000000000000 0x10000000000000004 0xffffffffffffffff")
LARGE += ints("-0x8000000000000001 0x10000000000000000000000000 -0x10000000000000000000000000")
if WORD > 31:
    WORDS += OVER_32
else:
    LARGE += OVER_32
OTHERS = [None, "", "4", b"", b"\0" * 16, bytearray(16), (), (0,), (1, 2, 3), [0, 0], {}, {0: 0}]
OTHERS += [Odd, object, print, sys, memoryview(bytearray(16)), range(2), set(), ...]
if FLOATS:
    OTHERS += [float(text) for text in ("4.0", "-1.5", "1e300", "nan", "inf")]
# For SEEK: those that may succeed, and others.
SEEKS = [(0, 0), (3, 0), (-1, 1), (0, 1), (0, 2), (-(1 << 29), 1), (-(1 << 29), 2)]
BAD_SEEKS = [(-1, 0), (0, 3), (0, -1), (1, 1 << 20), (-(1 << 29), 0)]
ODD_SEEKS = [(x, 0) for x in OTHERS] + [(0, x) for x in OTHERS]
LARGE_SEEKS = [(x, 0) for x in LARGE] + [(0, x) for x in LARGE]

REQUESTS = list(range(65)) + [-1, -2, -64, 255, 256, 258, 1 << 16, 1 << 29, -(1 << 29)]


def outcome(stream, *args):
    try:
        return type(ioctl(stream, *args))
    except Exception as e:
        return type(e)


def tried(name, args, got, wanted):
    if got not in wanted:
        raise AssertionError("%s%s: %s" % (name, args, got))


def all_requests(name, make, leave_out=()):
    for request in REQUESTS:
        known = request in KNOWN
        if request in leave_out:
            continue
        stream = make()
        # A file that was closed raises ValueError.
        fine = (int, OSError, ValueError) if known else (ValueError,)
        if request == SEEK:
            if not ints("0xffffffffffffffff"):
                fine += (OverflowError,)  # Of a position that the firmware cannot hold.
            for arg in SEEKS + BAD_SEEKS:
                tried(name, (request, arg), outcome(stream, request, arg), fine)
            for arg in BAD_SEEKS:
                tried(name, (request, arg), outcome(stream, request, arg), (OSError,))
            for arg in ODD_SEEKS + WORDS + LARGE + OTHERS:
                tried(name, (request, arg), outcome(stream, request, arg), (TypeError,))
            for arg in LARGE_SEEKS:
                tried(name, (request, arg), outcome(stream, request, arg), (ValueError,))
            tried(name, (request,), outcome(stream, request), (TypeError,))
            continue
        for arg in WORDS:
            tried(name, (request, arg), outcome(stream, request, arg), fine)
        for arg in OTHERS + SEEKS:
            wanted = TypeError if known else ValueError
            tried(name, (request, arg), outcome(stream, request, arg), (wanted,))
        for arg in LARGE:
            tried(name, (request, arg), outcome(stream, request, arg), (ValueError,))
        tried(name, (request,), outcome(stream, request), fine)
    stream = make()
    for arg in (0, (0, 0), None):
        for request in OTHERS:
            got = outcome(stream, request, arg)
            tried(name, (request, arg), got, (TypeError,))
        for request in LARGE:
            tried(name, (request, arg), outcome(stream, request, arg), (ValueError,))
        got = outcome(stream, Odd(), arg)
        tried(name, ("Odd()", arg), got, (TypeError, ValueError))
    gc.collect()


class Streams:
    """All requests on a kind of stream, as a case."""

    def __init__(self, name, make, leave_out):
        self.__name__ = name
        self.make = make
        self.leave_out = leave_out

    def __call__(self):
        all_requests(self.__name__, self.make, self.leave_out)


def streams(name, make, leave_out=()):
    case(Streams(name, make, leave_out))


def closed(stream):
    stream.close()
    return stream


streams("BytesIO", io.BytesIO)
streams("BytesIO with data", lambda: io.BytesIO(b"abcdef"))
streams("StringIO", io.StringIO)
streams("StringIO with data", lambda: io.StringIO("abcdef"))
streams("closed BytesIO", lambda: closed(io.BytesIO(b"abc")))
streams("closed StringIO", lambda: closed(io.StringIO("abc")))


class Derived(io.BytesIO):
    def ioctl(self, request, arg):
        raise KeyboardInterrupt  # Nobody asks it.

    def readinto(self, buf):
        raise KeyboardInterrupt


class Mixed(Odd, Derived):
    def __init__(self):
        super().__init__(b"abc")


streams("class derived from BytesIO", Derived)
streams("class derived from that", Mixed)

# The tests go on through these.
STANDARD = () if BOARD else (SEEK, CLOSE)
streams("stdin", lambda: sys.stdin, STANDARD)
streams("stdout", lambda: sys.stdout, STANDARD)
streams("stderr", lambda: sys.stderr, STANDARD)
if hasattr(sys.stdin, "buffer"):
    streams("stdin.buffer", lambda: sys.stdin.buffer, STANDARD)
    streams("stdout.buffer", lambda: sys.stdout.buffer, STANDARD)


try:
    from micropython import RingIO
except ImportError:
    RingIO = None
else:
    streams("RingIO", lambda: RingIO(16))

try:
    from deflate import DeflateIO
except ImportError:
    DeflateIO = None
else:
    streams("DeflateIO", lambda: DeflateIO(io.BytesIO()))
    streams("closed DeflateIO", lambda: closed(DeflateIO(io.BytesIO())))

try:
    import socket
except ImportError:
    socket = None
else:
    streams("socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

try:
    from websocket import websocket
except ImportError:
    websocket = None
else:
    streams("websocket", lambda: websocket(io.BytesIO()))

if not BOARD:
    streams("device of the unix port", lambda: open("/dev/null", "r+b"))
    streams("closed device", lambda: closed(open("/dev/null", "r+b")))


@case
def files():
    for name, fs in filesystems():
        with fs.open("/f", "wb") as f:
            f.write(b"0123456789")
        for mode in ("rb", "r"):
            all_requests(name + " file " + mode, lambda: fs.open("/f", mode))
            all_requests("closed " + name + " file", lambda: closed(fs.open("/f", mode)))
        with fs.open("/f", "rb") as f:
            eq(f.read(), b"0123456789")
        fs.umount()


class Python(io.IOBase):
    """Notes what gets through."""

    def __init__(self):
        self.got = []

    def ioctl(self, request, arg):
        if (request, arg) not in self.got:
            self.got.append((request, arg))
        return 0


@case
def io_base():
    s = Python()
    all_requests("IOBase", lambda: s)
    eq(sorted({request for request, _ in s.got}), sorted(KNOWN))
    word = (2 << WORD) - 1
    for request in KNOWN:
        args = {arg for r, arg in s.got if r == request}
        if request == SEEK:
            # The address of a struct on the stack, and nothing of what was given.
            true(args and not args & {arg & word for arg in WORDS})
        else:
            eq(args, {arg & word for arg in WORDS})


class Early(io.BytesIO):
    def __init__(self):
        # The native part is not made yet.
        self.outcomes = [outcome(self, request, 0) for request in REQUESTS]


class Bare(io.IOBase):
    pass


def no_streams():
    found = OTHERS + WORDS + LARGE + [Odd(), io.BytesIO, io.StringIO, io.IOBase, Derived]
    found += [io, type, Exception(), OSError(4), io.BytesIO().read, ioctl, iter(())]
    found += [(x for x in ()), lambda: 0]
    found += [getattr(builtins, n) for n in ("Ellipsis", "NotImplemented") if hasattr(builtins, n)]
    found += [fs for _, fs in filesystems()]
    if hasattr(io, "BufferedWriter"):
        # A stream, but without ioctl.
        found.append(io.BufferedWriter(io.BytesIO(), 8))
    try:
        import vfs

        found.append(vfs.VfsPosix())
    except (ImportError, AttributeError):
        pass
    try:
        # Their protocol is another, with its ioctl at the place of read.
        from machine import PinBase, Signal

        class Pin(PinBase):
            def value(self, *args):
                return 0

        found += [Pin(), Signal(Pin()), PinBase()]
    except ImportError:
        pass
    return found


@case
def other_objects():
    found = no_streams()
    for obj in found:
        for request in REQUESTS:
            for arg in (0, 1, (0, 0), None):
                got = outcome(obj, request, arg)
                tried(check.show(obj), (request, arg), got, (TypeError,))
    eq(set(Early().outcomes), {TypeError})
    check.note("%d objects that are no streams" % len(found))
    for request in KNOWN:
        arg = (0, 0) if request == SEEK else 0
        for obj in (Bare(), io.IOBase()):
            tried(
                "IOBase without ioctl", (request,), outcome(obj, request, arg), (AttributeError,)
            )


@case
def classes_of_other_natives():
    # A class derived from a filesystem has its protocol, too.
    import vfs

    base = getattr(vfs, "VfsFat", None)
    if base is None:
        check.skip("no vfs.VfsFat")

    class Fs(base):
        def readinto(self, buf):
            return 0

    disk = RamDisk(64)
    base.mkfs(disk)
    fs = Fs(disk)
    for request in REQUESTS:
        tried("Fs", (request,), outcome(fs, request, 0), (TypeError,))


check.end()
