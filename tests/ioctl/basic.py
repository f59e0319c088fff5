# SPDX-License-Identifier: MIT
# What each request does with each kind of stream.
# needs: ioctl
# also: mps2-an385-notime

import io
import sys

import check
from check import case, eq, raises, true, zero_heap
from ioctl import CLOSE, FLUSH, GET_BUFFER_SIZE, GET_DATA_OPTS, GET_FILENO, GET_OPTS
from ioctl import POLL, SEEK, SET_DATA_OPTS, SET_OPTS, ioctl
from native import BOARD, filesystems, ring, websocket
from vectors import FLOATS

EINVAL = 22
SIMPLE = (FLUSH, POLL, CLOSE, GET_OPTS, SET_OPTS, GET_DATA_OPTS, SET_DATA_OPTS)
SIMPLE += (GET_FILENO, GET_BUFFER_SIZE)


def fails(number, *args):
    eq(raises(OSError, ioctl, *args).errno, number)


@case
def constants():
    eq((FLUSH, SEEK, POLL, CLOSE, GET_OPTS, SET_OPTS), (1, 2, 3, 4, 6, 7))
    eq((GET_DATA_OPTS, SET_DATA_OPTS, GET_FILENO, GET_BUFFER_SIZE), (8, 9, 10, 11))


@case
def arguments():
    s = io.BytesIO()
    for args in ((), (s,), (s, FLUSH, 0, 0)):
        raises(TypeError, ioctl, *args)
    raises(TypeError, ioctl, s, FLUSH, arg=0)
    eq(ioctl(s, FLUSH), 0)
    eq(ioctl(s, FLUSH, 1 << 20), 0)


@case
def in_memory():
    for cls, data, more in ((io.BytesIO, b"abcdef", b"!"), (io.StringIO, "abcdef", "!")):
        s = cls(data)
        eq(ioctl(s, SEEK, (4, 0)), 4)
        eq((s.tell(), s.read(1)), (4, data[4:5]))
        eq(ioctl(s, SEEK, (-3, 1)), 2)
        eq(s.read(2), data[2:4])
        eq(ioctl(s, SEEK, (-1, 2)), 5)
        eq(s.read(), data[5:])
        eq(ioctl(s, SEEK, (0, 2)), 6)
        eq(s.write(more), 1)
        eq(ioctl(s, FLUSH), 0)
        eq(s.getvalue(), data + more)
        for request in SIMPLE:
            if request not in (FLUSH, CLOSE):
                fails(EINVAL, s, request)
        eq(ioctl(s, CLOSE), 0)
        raises(ValueError, s.read)


@case
def closed_in_memory():
    for s in (io.BytesIO(b"abc"), io.StringIO("abc"), io.BytesIO(), io.StringIO()):
        eq(ioctl(s, CLOSE), 0)
        eq(ioctl(s, CLOSE), 0)
        eq(ioctl(s, FLUSH), 0)
        for whence in (0, 1, 2):
            raises(ValueError, ioctl, s, SEEK, (0, whence), match="closed")


@case
def seek_arguments():
    s = io.BytesIO(b"abcdef")
    s.seek(3)
    wrong = (0, None, [1, 0], (), (1,), (1, 0, 0), "10", b"\1\0", {1: 0}, (1, None))
    if FLOATS:
        wrong += (float("1.5"), (float("1.5"), 0))
    for arg in wrong + (("1", 0), ((1,), 0)):
        raises(TypeError, ioctl, s, SEEK, arg)
    raises(TypeError, ioctl, s, SEEK)
    for arg in ((-1, 0), (0, 3), (0, -1), (0, 256), (0, 1 << 20), (-1, -1)):
        fails(EINVAL, s, SEEK, arg)
    # None of these has moved it.
    eq(s.tell(), 3)
    eq(ioctl(s, SEEK, (True, False)), 1)


@case
def ring_is_polled():
    r = ring(8)
    eq(ioctl(r, POLL, 5), 4)
    r.write(b"ab")
    eq(ioctl(r, POLL, 5), 5)
    eq(ioctl(r, POLL, 1), 1)
    eq(ioctl(r, POLL), 0)
    eq(ioctl(r, CLOSE), 0)
    fails(EINVAL, r, SEEK, (0, 0))


@case
def files():
    for name, fs in filesystems():
        with fs.open("/f", "w+b") as f:
            f.write(b"0123456789")
            eq(ioctl(f, FLUSH), 0)
            for arg, at in (((3, 0), 3), ((4, 1), 7), ((-2, 1), 5), ((-1, 2), 9), ((0, 1), 9)):
                eq((name, ioctl(f, SEEK, arg)), (name, at))
                eq((name, f.tell()), (name, at))
            ioctl(f, SEEK, (6, 0))
            eq(f.read(), b"6789")
            fails(EINVAL, f, GET_BUFFER_SIZE)
            eq(ioctl(f, CLOSE), 0)
            eq(ioctl(f, CLOSE), 0)
        fs.umount()


@case
def file_of_the_unix_port():
    if BOARD:
        check.skip("a board")
    with open("/dev/null", "r+b") as f:
        eq(ioctl(f, GET_FILENO), f.fileno())
        eq(ioctl(f, SEEK, (5, 0)), 0)
        ioctl(f, CLOSE)
        raises(ValueError, ioctl, f, GET_FILENO)
        raises(ValueError, ioctl, f, SEEK, (0, 0))


@case
def socket():
    try:
        from socket import AF_INET, SOCK_DGRAM, socket
    except ImportError:
        check.skip("no sockets")
    s = socket(AF_INET, SOCK_DGRAM)
    eq(ioctl(s, POLL, 5), 4)
    eq(ioctl(s, GET_FILENO), s.fileno())
    fails(EINVAL, s, SEEK, (0, 0))
    eq(ioctl(s, CLOSE), 0)
    eq(ioctl(s, POLL, 5), 32)


@case
def options():
    w = websocket()
    eq(ioctl(w, SET_DATA_OPTS, 2), 1)
    eq(ioctl(w, SET_DATA_OPTS, 1), 2)
    eq(ioctl(w, GET_DATA_OPTS), 0)
    fails(EINVAL, w, GET_OPTS)
    fails(EINVAL, w, SET_OPTS, 1)


@case
def standard_streams():
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if BOARD:
            eq(ioctl(stream, CLOSE), 0)
            true(ioctl(stream, POLL, 1) in (0, 1))
            fails(EINVAL, stream, FLUSH)
        else:
            # Closing one of them would end the test.
            eq(ioctl(stream, FLUSH), 0)


@case
def without_memory():
    r = ring(8)
    b = io.BytesIO(b"abcdef")
    eq(zero_heap(ioctl, r, POLL, 5), 4)
    eq(zero_heap(ioctl, b, FLUSH), 0)
    eq(zero_heap(ioctl, b, SEEK, (-2, 2)), 4)


def import_with(stringio):
    class Other:
        IOBase = io.IOBase
        StringIO = stringio

    before = {name: sys.modules.pop(name, None) for name in ("io", "ioctl")}
    sys.modules["io"] = Other
    try:
        import ioctl as module

        return module
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


@case
def replaced_io():
    # The import learns from a StringIO how seeks work, and must not learn it from another object.
    class OfPython(io.IOBase):
        def ioctl(self, request, arg):
            return 0

        def readinto(self, buf):
            return 0

    class Derived(io.StringIO):
        pass

    for wrong in (OfPython, io.BytesIO, lambda: 5, lambda: None, object):
        raises(ImportError, import_with, wrong, match="io.StringIO")
    s = io.StringIO("abc")
    s.close()
    raises(ValueError, import_with(Derived).ioctl, s, SEEK, (0, 2))


@case
def without_the_module():
    # What a program keeps works on.
    keep = ioctl
    del sys.modules["ioctl"]
    check.collect_garbage()
    junk = [bytearray(64) for _ in range(100)]
    s = io.BytesIO(b"abc")
    eq(keep(s, SEEK, (0, 2)), 3)
    raises(ValueError, keep, s, 77, match="unknown request")
    raises(TypeError, keep, junk, FLUSH, match="stream with ioctl required")


check.end()
