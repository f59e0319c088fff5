# SPDX-License-Identifier: MIT
"""Compare streams that can seek with one that cannot."""

from check import eq, same
from msgpack import pack, unpack
from streams import IoSource

# An object that is longer than what is read at once.
STRS = [("key%d" % i) * (i % 7) for i in range(60)]


class Owed(IoSource):
    """The reference: unpack cannot seek, and reads only what is sure to belong to the object."""

    def read(self, n):
        return bytes(self.take(n))

    def tell(self):
        return self.pos

    def seek(self, pos):
        self.pos = pos


def outcome(stream, options):
    try:
        return unpack(stream, **options)
    except BaseException as e:
        return (type(e), e.args)


def compare(data, stream, start=0, options={}):
    """Unpack until an exception, from both."""
    owed = Owed(data)
    owed.seek(start)
    while True:
        want = outcome(owed, options)
        got = outcome(stream, options)
        try:
            same(got, want)
            eq(stream.tell(), owed.tell())
        except AssertionError:
            print(data[:20], len(data), start, options)
            raise
        start = owed.tell()
        if owed.pos >= len(data) or isinstance(want, tuple) and isinstance(want[0], type):
            return


def write_and_read_back(file, value):
    """Pack the value and a byte after it where the file is, and leave it at that byte."""
    start = file.tell()
    pack(value, file)
    end = file.tell()
    file.write(b"\x07")
    file.seek(start)
    same(unpack(file), value)
    eq(file.tell(), end)
    return end
