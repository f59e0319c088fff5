# SPDX-License-Identifier: MIT
# Streams that are written in Python: what their ioctl gets, and what comes of what it returns.
# needs: ioctl
# wants: long-ints
# also: mps2-an385-notime

import io

import check
from check import case, eq, raises, true
from ioctl import CLOSE, FLUSH, POLL, SEEK, ioctl
from native import Python as Stream


@case
def what_it_gets():
    s = Stream(5)
    eq((ioctl(s, POLL, 7), s.got), (5, (POLL, 7)))
    eq((ioctl(s, CLOSE), s.got), (5, (CLOSE, 0)))
    eq((ioctl(s, FLUSH, True), s.got), (5, (FLUSH, 1)))
    s.got = None
    raises(ValueError, ioctl, s, 5, 0)
    raises(ValueError, ioctl, s, 12, 0)
    raises(TypeError, ioctl, s, POLL, None)
    eq(s.got, None)


@case
def results():
    for n in (0, 1, 5, 1 << 16, (1 << 30) - 1, True, False):
        got = ioctl(Stream(n), POLL)
        eq((got, type(got)), (int(n), int))
    for n in (1, 5, 22, 1 << 16, (1 << 29)):
        eq(raises(OSError, ioctl, Stream(-n), POLL).errno, n)
    for answer in (None, "0", b"\0", (), [], {}, object()):
        raises(TypeError, ioctl, Stream(answer), POLL)


@case
def exceptions():
    for error in (OSError(5), ValueError("x"), KeyboardInterrupt(), SystemExit(), MemoryError()):
        try:
            ioctl(Stream(error), POLL)
        except BaseException as e:
            true(e is error)
        else:
            raise AssertionError("lost")


@case
def without_a_method():
    class Bare(io.IOBase):
        pass

    raises(AttributeError, ioctl, Bare(), FLUSH)

    class Few(io.IOBase):
        def ioctl(self):
            return 0

    raises(TypeError, ioctl, Few(), FLUSH)

    class Own:
        def ioctl(self, request, arg):
            raise KeyboardInterrupt

    raises(TypeError, ioctl, Own(), FLUSH)


@case
def of_the_class():
    class Base(io.IOBase):
        pass

    class Mixin:
        def ioctl(self, request, arg):
            return 77

    class Both(Mixin, Base):
        pass

    class Other(Base, Mixin):
        pass

    eq([ioctl(cls(), FLUSH) for cls in (Both, Other)], [77, 77])


@case
def seek():
    # The struct's address, as from the firmware: offset and whence, and the position back.
    try:
        from uctypes import bytearray_at
    except ImportError:
        check.skip("no uctypes")

    class File(io.IOBase):
        def __init__(self):
            self.pos = 100

        def ioctl(self, request, arg):
            eq(request, SEEK)
            # On the unix port the offset has 64 bits.
            size = 8 if "unix" in check.target else 4
            seek = bytearray_at(arg, size + 4)
            # Offsets are small here, so the lowest bytes and the sign say all.
            offset = int.from_bytes(seek[:2], "little")
            if seek[size - 1] & 0x80:
                offset -= 1 << 16
            self.whence = int.from_bytes(seek[size:], "little")
            self.pos = offset + (0, self.pos, 200)[self.whence]
            seek[:size] = self.pos.to_bytes(size, "little")
            return 0

    f = File()
    eq((ioctl(f, SEEK, (7, 0)), f.pos, f.whence), (7, 7, 0))
    eq((ioctl(f, SEEK, (5, 1)), f.pos, f.whence), (12, 12, 1))
    eq((ioctl(f, SEEK, (-2, 1)), f.pos, f.whence), (10, 10, 1))
    eq((ioctl(f, SEEK, (-20, 2)), f.pos, f.whence), (180, 180, 2))


@case
def seek_without_an_answer():
    # The position is what the struct says afterwards, whatever ioctl returns.
    eq(ioctl(Stream(55), SEEK, (7, 0)), 7)
    eq(raises(OSError, ioctl, Stream(-29), SEEK, (7, 0)).errno, 29)


@case
def nested():
    inner = io.BytesIO(b"abcdef")

    class Wrapper(io.IOBase):
        def ioctl(self, request, arg):
            return ioctl(inner, SEEK, (arg, 0))

    eq((ioctl(Wrapper(), POLL, 4), inner.tell()), (4, 4))


check.end()
