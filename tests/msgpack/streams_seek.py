# SPDX-License-Identifier: MIT
# needs: msgpack
# wants: floats big-ints
# timeout: 300
# not: rpi-pico
# long: mps2-an385/armv6m repeats unix-asan-small virt-rv32 xtensa*
# From a stream that can seek, unpack reads ahead and seeks back. Result, exception and position
# must be those of a stream of Python code with the same bytes, which cannot seek, so that unpack
# reads from it only what the object needs.
import gc
import io
from io import BytesIO

import check
import micropython
import msgpack
from check import case, eq, full_case, raises, same, true
from msgpack import ExtType, packb, unpack
from native import BOARD, RamDisk, filesystems
from seekable import STRS, Owed, compare, outcome, write_and_read_back
from vectors import documents, hx

TAILS = (b"", b"\x2a", bytes(range(256)) * 3)


GOOD = [data for data, _ in documents()] + [
    packb(value)
    for value in (
        {s: i for i, s in enumerate(STRS)},
        [{"a": s, "b": [s, i]} for i, s in enumerate(STRS)],
        [b"x" * 50] * 20,
        ["x" * n for n in range(55, 75)],
        [b"y" * n for n in (1, 3000, 1, 200, 64, 65, 300, 1)],
        [ExtType(5, b"z" * n) for n in range(0, 130, 7)],
        list(range(0, 70000, 333)),
        [1.5] * 130,
        {(1, 2): 3, "k": [None] * 60},
        ["x" * 61, {}],
        ["x" * 62],
    )
]
# Each is an error, at several distances from the first byte.
BAD = [
    (hx("c1"), {}),
    (hx("92 a1ff 01"), {}),
    (hx("92 a440ff4040 01"), {}),
    (hx("d929") + b"\x80" * 41, {}),
    (hx("82 90 01 02 03"), {}),
    (hx("82 01 02 03 04"), {"strict_map_key": True}),
    (hx("92 d9 05") + b"abcde" + hx("01"), {"max_str_len": 4}),
    (hx("92 c4 05") + b"abcde" + hx("01"), {"max_bin_len": 4}),
    (hx("92 95 01 02 03 04 05 06"), {"max_array_len": 4}),
    (hx("92 82 01 02 03 04 05"), {"max_map_len": 1}),
    (hx("92 c7 05 09") + b"abcde" + hx("01"), {"max_ext_len": 4}),
    (hx("93 91 91 91 91 01 02 03"), {"max_depth": 3}),
    (hx("92 c7 05 ff") + b"abcde" + hx("01"), {}),
    (hx("92 d7 ff ffffffffffffffff 01"), {}),
    (hx("93 ddffffffff 01 02"), {}),
    (hx("dfffffffff 01 02"), {}),
    (hx("92 c6ffffffff 01 02"), {}),
    (hx("92 dbffffffff") + b"x" * 700, {}),
]


def long_errors():
    for data, options in BAD:
        yield data, options
        for before in (1, 13, 59, 60, 61, 62, 63, 64, 65, 190, 253, 400):
            # In an array, after so many bytes, and before an element of each kind.
            yield hx("dc") + bytes(
                (before + 4 >> 8, before + 4 & 255)
            ) + b"\x07" * before + data + hx("a3616263 c403010203 81 01 02"), options


@case
def values():
    for data in GOOD:
        for tail in TAILS:
            compare(data + tail, BytesIO(data + tail))
    compare(b"".join(GOOD), BytesIO(b"".join(GOOD)))


@case
def in_the_middle():
    for data in GOOD:
        s = BytesIO()
        s.write(b"\xc1\x05" + data + b"\x2b")
        s.seek(2)
        compare(b"\xc1\x05" + data + b"\x2b", s, 2)


@case
def errors():
    for data, options in long_errors():
        for tail in TAILS:
            compare(data + tail, BytesIO(data + tail), 0, options)


@case
def truncated():
    for data in GOOD:
        for n in range(0, len(data), 1 if len(data) < 100 else len(data) // 40):
            compare(data[:n], BytesIO(data[:n]))
    for data, options in BAD:
        for n in range(len(data)):
            compare(data[:n], BytesIO(data[:n]), 0, options)


class Boom(Exception):
    pass


class Hooks:
    """At each call the position is noted; at one of them something happens."""

    def __init__(self, stream, at, what):
        self.stream = stream
        self.at = at
        self.what = what
        self.seen = []

    def __call__(self, *args):
        s = self.stream
        self.seen.append(s.tell())
        if len(self.seen) == self.at:
            if self.what == "read":
                self.seen.append(s.read(3))
            elif self.what == "seek":
                s.seek(s.tell() - 1)
            elif self.what == "start":
                s.seek(0)
            elif self.what == "unpack":
                self.seen.append(outcome(s, {}))
            else:
                raise self.what
        return len(self.seen)


def with_hooks(kind, data, at, what):
    s = kind(data)
    hook = Hooks(s, at, what)
    options = {"ext_hook": hook, "list_hook": hook, "object_hook": hook}
    result = outcome(s, options)
    return result, s.tell(), hook.seen


@case
def hooks_use_the_stream():
    message = hx("95 d40161 81 a16b 92 d40262 90 91 80 82 a161 d40363 a162 05 92 d503 6465 c40178")
    events = ("", "read", "seek", "start", "unpack", Boom("x"), KeyboardInterrupt("x"))
    for data in (message, b"\x93" + b"\xd9\x40" + b"x" * 64 + message + message):
        for what in events:
            for at in range(1, 20):
                for tail in TAILS[1:]:
                    got = with_hooks(BytesIO, data + tail, at, what)
                    want = with_hooks(Owed, data + tail, at, what)
                    if got != want:
                        raise AssertionError((what, at, got, want))


@case
def one_hook():
    for name in ("ext_hook", "list_hook", "object_hook", "object_pairs_hook"):
        for tail in TAILS:
            data = hx("94 d40161 81a16b01 9101 02") + tail
            results = []
            for s in BytesIO(data), Owed(data):
                hook = Hooks(s, 1, "read")
                results.append((outcome(s, {name: hook}), s.tell(), hook.seen))
            eq(results[0], results[1])


@full_case("position after MemoryError")
def heap_locked():
    # MemoryError at some point of the object, or none if it needs no heap.
    for data in GOOD:
        for tail in TAILS:
            s = BytesIO(data + tail)
            micropython.heap_lock()
            try:
                unpack(s)
            except MemoryError:
                pass
            finally:
                micropython.heap_unlock()
            eq(s.tell(), len(data))


@case
def closed():
    for s in BytesIO(b"\x92\x01\x02"), BytesIO():
        s.close()
        raises(ValueError, unpack, s)


class Plain(BytesIO):
    pass


class OwnReadinto(BytesIO):
    def readinto(self, buf):
        n = super().readinto(memoryview(buf)[:1])
        self.calls.append(len(buf))
        return n


class OwnSeek(BytesIO):
    def seek(self, *args):
        raise Boom

    def tell(self):
        raise Boom


@case
def subclasses():
    data = packb(STRS)
    for tail in TAILS:
        compare(data + tail, Plain(data + tail))
        # The native methods count, as in reading.
        s = OwnSeek(data + tail)
        same(unpack(s), STRS)
        eq(super(OwnSeek, s).tell(), len(data))
    # A method of Python code must be asked for no more than what is owed.
    s = OwnReadinto(data + b"\x2a")
    s.calls = []
    same(unpack(s), STRS)
    owed = Owed(data, 1)
    same(unpack(owed), STRS)
    eq(len(s.calls), owed.calls)
    eq(s.calls[0], 1)
    eq(s.tell(), len(data))


@case
def text_streams():
    # These are read as bytes.
    for data in (b"\x05abc", packb([1] * 100) + b"x", packb(["abc"] * 100) + b"xy"):
        try:
            s = io.StringIO(data.decode())
        except UnicodeError:
            s = io.StringIO()
            s.write("\x05")
            s.seek(0)
            data = b"\x05"
        compare(data, s)


@case
def beyond_the_end():
    s = BytesIO(b"\x01")
    s.seek(100)
    raises(EOFError, unpack, s)
    eq(s.tell(), 100)


@case
def keeps_no_buffer():
    # After the call the stream has no memory of the bytes after the object.
    s = BytesIO(packb(STRS) + b"\x01" + b"\x02" * 99)
    unpack(s)
    at = s.tell()
    s.write(b"\x03")
    s.seek(at)
    eq((unpack(s), unpack(s)), (3, 2))


def in_file(fs, data, mode="rb"):
    with fs.open("/f", "wb") as f:
        f.write(data)
    return fs.open("/f", mode)


def small(step):
    """Some of the messages: (data, options)."""
    for i, data in enumerate(GOOD):
        if i % step == 0 or len(data) > 300:
            yield data, {}
    for i, (data, options) in enumerate(long_errors()):
        if i % (2 * step + 1) == 0:
            yield data, options


@case
def files():
    for name, fs in filesystems():
        for i, (data, options) in enumerate(small(3)):
            for tail in TAILS[i % 2 :]:
                with in_file(fs, data + tail, ("rb", "r", "r+b")[i % 3]) as f:
                    compare(data + tail, f, 0, options)
        # Over borders of blocks and clusters, which a seek back may have to cross.
        data = packb("x" * 40) * 100 + packb(list(range(2000))) + packb("y" * 1500) * 3 + b"\x01"
        with in_file(fs, data) as f:
            compare(data, f)
        with in_file(fs, data) as f:
            for start in (0, 42, 42 * 50):
                f.seek(start)
                compare(data, f, start)
        fs.umount()


@case
def file_being_written():
    for name, fs in filesystems():
        with fs.open("/f", "w+b") as f:
            for value in (1, STRS, "x" * 100):
                write_and_read_back(f, value)
            f.seek(0, 2)
            raises(EOFError, unpack, f)
        with fs.open("/f", "rb") as f:
            same([unpack(f) for _ in range(4)], [1, STRS, "x" * 100, 7])
            raises(EOFError, unpack, f)
        fs.umount()


@case
def files_closed_or_for_writing():
    for name, fs in filesystems():
        f = in_file(fs, b"\x92\x01\x02")
        f.close()
        raises((ValueError, OSError), unpack, f)
        if name != "VfsLfs1" and name != "VfsLfs2":
            # LittleFS asserts that the file is open for reading, and resets the board.
            with fs.open("/f", "wb") as f:
                raises(OSError, unpack, f)
        fs.umount()


class BadDisk(RamDisk):
    """Fails from its n-th read on."""

    def __init__(self, *args):
        super().__init__(*args)
        self.left = 1 << 29
        self.error = None

    def readblocks(self, n, buf, offset=0):
        self.left -= 1
        if self.left < 0:
            raise self.error
        super().readblocks(n, buf, offset)


@case
def device_fails():
    # An exception of the device propagates, and the position is undefined. Otherwise nothing is
    # lost.
    import vfs

    data = packb([list(range(300)), "x" * 700, STRS])
    value = msgpack.unpackb(data)
    for name in ("VfsFat", "VfsLfs2", "VfsLfs1"):
        cls = getattr(vfs, name, None)
        if cls is None:
            continue
        for error in (OSError(5), Boom("x"), KeyboardInterrupt("x")):
            failed = 0
            for n in range(100):
                disk = BadDisk(64)
                cls.mkfs(disk)
                fs = cls(disk)
                f = in_file(fs, data + b"\x2a")
                disk.error = error
                disk.left = n
                try:
                    got = unpack(f)
                except BaseException as e:
                    if e is not error and not (isinstance(e, OSError)):
                        raise AssertionError((name, n, e))
                    failed += 1
                    got = None
                disk.left = 1 << 29
                if got is not None:
                    same(got, value)
                    eq(f.tell(), len(data))
                    break
            true(failed > 2)
            gc.collect()


@case
def files_of_the_unix_port():
    if BOARD:
        check.skip("a board")
    import os

    path = check.folder + "msgpack_test.tmp"
    try:
        for data, options in small(2):
            for tail in TAILS:
                with open(path, "wb") as f:
                    f.write(data + tail)
                for mode in ("rb", "r", "r+b", "a+b"):
                    with open(path, mode) as f:
                        f.seek(0)
                        compare(data + tail, f, 0, options)
        with open(path, "wb") as f:
            raises(OSError, unpack, f)
        raises(ValueError, unpack, f)
        # Positions of more than 32 bits, and around them.
        for start in ((1 << 31) - 30, (1 << 32) - 30, (1 << 32) - 1, 1 << 32, (1 << 35) + 5):
            with open(path, "w+b") as f:
                # With words of 32 bits, tell and seek return the lowest bits only.
                while start > 0:
                    f.seek(min(start, 1 << 30), 1)
                    start -= min(start, 1 << 30)
                values = [STRS, [5] * 300, 1]
                data = b"".join([packb(value) for value in values])
                f.write(data + b"\xc1")
                f.seek(-1, 1)
                end = f.tell()
                f.seek(-len(data), 1)
                same([unpack(f) for _ in range(3)], values)
                eq(f.tell(), end)
    finally:
        os.remove(path)


@full_case("max_…_len")
def devices_of_the_unix_port():
    # Pipes refuse to seek, and some devices that do not refuse have no position.
    if BOARD:
        check.skip("a board")
    import os

    with open("/dev/zero", "rb") as f:
        eq([unpack(f) for _ in range(3)], [0, 0, 0])
    with open("/dev/null", "rb") as f:
        raises(EOFError, unpack, f)
    try:
        f = open("/dev/urandom", "rb")
    except OSError:
        check.skip("no /dev/urandom")
    allowed = (ValueError, TypeError, MemoryError, OverflowError, msgpack.UnpackException)
    # After an error that these do not exclude, up to 4 GB would be skipped.
    limits = {
        "max_str_len": 0,
        "max_ext_len": 0,
        "max_map_len": 0,
        "max_bin_len": 40,
        "max_array_len": 40,
    }
    for _ in range(300):
        got = outcome(f, limits)
        if isinstance(got, tuple) and isinstance(got[0], type):
            true(issubclass(got[0], allowed))
    f.close()
    path = check.folder + "msgpack_test.fifo"
    if not hasattr(os, "system") or os.system("mkfifo '%s'" % path) != 0:
        check.skip("no os.system, or no mkfifo")
    try:
        os.system("(printf '\\223\\001\\002\\003\\245abcde\\005') > '%s' &" % path)
        with open(path, "rb") as f:
            eq([unpack(f) for _ in range(3)], [[1, 2, 3], "abcde", 5])
            raises(EOFError, unpack, f)
    finally:
        os.remove(path)


check.end()
