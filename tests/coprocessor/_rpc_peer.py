# SPDX-License-Identifier: MIT
# One end of a line to another process: _rpc_peer.py server|client FD COUNT SEED
#
# The client runs what rpc_pairs.py checks, and prints what it found. With a seed, the line has
# errors.

import gc
import sys

from _private import private
from _service import exposed
from _world import Random

from coprocessor.client import Client, RemoteError
from coprocessor.line import Line
from coprocessor.link import Link
from coprocessor.server import Server

EVERY = 10000  # Bytes without an error, on average.


class BadLine(Line):
    """Damages what it reads."""

    def __init__(self, stream, seed):
        super().__init__(stream)
        self.random = Random(seed)
        self.errors = 0
        self.good = self.gap()

    def gap(self):
        return self.random.below(2 * EVERY)

    def read(self, view):
        n = super().read(view)
        if n <= self.good:
            self.good -= n
            return n
        at = self.good
        self.good = self.gap()
        self.errors += 1
        kind = self.random.below(3)
        if kind == 0:
            view[at] ^= 1 << self.random.below(8)
        elif kind == 1 or n == len(view):
            view[at : n - 1] = bytes(view[at + 1 : n])
            n -= 1
        else:
            view[at + 1 : n + 1] = bytes(view[at:n])
            n += 1
        return n


def stream(fd):
    if sys.implementation.name == "cpython":
        from socket import socket

        return socket(fileno=fd)
    return open(fd, "r+b")


def memory():
    """Bytes in use, or on CPython the number of objects."""
    for _ in range(2):
        gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else len(gc.get_objects())


def server(link):
    names = exposed()
    served = Server(link, names)
    private(served)._expose["memory"] = memory
    private(served)._expose["errors"] = lambda: getattr(private(link)._line, "errors", 0)
    private(served)._expose["objects"] = lambda: len(served._registry)
    private(served)._expose["modules"] = lambda: sorted(sys.modules)
    private(served)._expose["tell"] = served.print
    served.serve()


def settle(client, remote):
    """The number of objects that are left on the server when nothing refers to any."""
    left = -1
    for _ in range(30):
        gc.collect()
        left = remote.objects()
        if not left:
            break
        for _ in range(20):
            # Overwrite what is left on the stack.
            remote.echo(1, [2], a=3)
    return left


def operations(client, printed):
    remote = client.remote
    box = remote.Box(1, 2)
    assert list(box) == [1, 2] and len(box) == 2 and 2 in box and box[0] == 1
    box.number = 9
    assert box.number == 9 and bool(box) and str(box) == "box of 2"
    for n in 10, 5000, 65536:
        assert len(box.read(n)) == n and box.write(bytes(n)) == n
    box.number = 30000
    buffer = bytearray(40000)
    assert box.readinto(buffer) == 30000 and buffer[29999] == 29999 & 255
    with box as entered:
        assert entered == box
    for name, cls in (("ValueError", ValueError), ("OSError", OSError), ("Unknown", RemoteError)):
        try:
            box.fail(name, 5, "x")
            raise AssertionError
        except cls as e:
            assert 5 in e.args and client.traceback
    remote.tell("from the server")
    assert "".join(printed) == "from the server\n"
    assert remote.apply(remote.add, 1, 2) == 3
    assert [n for n in remote.generate(3)] == [0, 1, 2]


def soak(remote, count):
    """Calls, one of ten with a new proxy."""
    box = None
    for i in range(count):
        if i % 10 == 0:
            box = remote.Box(i)
            assert box[0] == i
        elif i % 100 == 1:
            assert len(box.read(1000)) == 1000
        elif i % 100 == 2:
            assert box.write(bytes(1000)) == 1000
        else:
            assert remote.add(i, 1) == i + 1


def client(link, count):
    printed = []
    client = Client(link, print=lambda text, end=None: printed.append(text))
    remote = client.remote
    operations(client, printed)
    printed.clear()
    soak(remote, count // 10)
    settle(client, remote)
    before = memory(), remote.memory()
    soak(remote, count)
    left = settle(client, remote)
    after = memory(), remote.memory()
    print("@left", left)
    print("@errors", getattr(private(link)._line, "errors", 0), remote.errors())
    print("@grown", after[0] - before[0], after[1] - before[1])
    print("@modules", *sorted(sys.modules))
    print("@modules", *remote.modules())


def main():
    role, fd, count, seed = sys.argv[1:]
    line = stream(int(fd))
    if int(seed):
        line = BadLine(line, int(seed))
    link = Link(line, rx=4096, timeout=20000)
    if role == "server":
        server(link)
    else:
        client(link, int(count))


main()
