# SPDX-License-Identifier: MIT
# needs: msgpack file
# targets: unix-x64 mps2-an385/armv7m virt-rv32
# Without a time module, or with one that cannot sleep, nothing waits: a stream that would block
# ends the call at once. (The target mps2-an385-notime runs other scripts, too.)
import sys

from check import case, end, eq, raises, small

EAGAIN = 11


class NoTime:
    pass


for name in ("msgpack", "msgpack_full", "time"):
    sys.modules.pop(name, None)
sys.modules["time"] = NoTime
import msgpack  # noqa: E402


class Blocked:
    """Gives or takes some bytes, then would block for ever."""

    def __init__(self, data=b"", takes=0):
        self.data = data
        self.takes = takes
        self.calls = 0

    def read(self, n):
        self.calls += 1
        data, self.data = self.data[:n], self.data[n:]
        return data or None

    def write(self, data):
        self.calls += 1
        n = min(self.takes, len(data))
        self.takes -= n
        return n


@case
def unpack():
    stream = Blocked()
    e = raises(OSError, msgpack.unpack, stream, **({} if small else {"wait": -1}))
    eq((e.args[0], stream.calls), (EAGAIN, 1))


@case
def unpack_in_the_middle():
    stream = Blocked(b"\x93\x01")
    raises(OSError, msgpack.unpack, stream)
    eq(stream.data, b"")


@case
def pack():
    stream = Blocked(takes=3)
    raises(OSError, msgpack.pack, [1, 2, 3, "four"], stream)
    eq(stream.takes, 0)


end()
