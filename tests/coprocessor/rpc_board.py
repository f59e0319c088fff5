# SPDX-License-Identifier: MIT
# targets: rpi-pico-small
# long: rpi-pico-small
# needs: coprocessor msgpack finaliserproxy
# timeout: 300
#
# What differs on boards: os.dupterm, and a collector that scans less.

import gc
import sys

from check import case, end, eq, true


from coprocessor.client import Client
from coprocessor.link import Link
from coprocessor.server import Server


class End:
    """One end of a line in memory, which tells the time, too."""

    now = 0

    def __init__(self):
        self.rx = bytearray()

    def read(self, view):
        n = min(len(view), len(self.rx))
        view[:n] = self.rx[:n]
        self.rx = self.rx[n:]
        return n

    def write(self, view):
        self.peer.rx.extend(view)
        return len(view)

    def wait(self, ms):
        End.now += 1
        self.serve()


def clock():
    return End.now


class Box:
    def says(self, *words):
        print(*words)

    def child(self):
        return Box()


a, b = End(), End()
a.peer, b.peer = b, a
printed = []
links = [Link(end, rx=4096, clock=clock) for end in (a, b)]
client = Client(links[0], print=lambda text, end=None: printed.append(text))
server = Server(links[1], {"box": Box(), "add": lambda x, y: x + y})
a.serve = server.poll
b.serve = links[0].poll
remote = client.remote


@case
def calls():
    eq(remote.add(1, 2), 3)


@case
def prints():
    remote.box.says("heard", 5)
    eq("".join(printed).replace("\r", ""), "heard 5\n")
    remote.box.says("x" * 1000)
    eq("".join(printed).replace("\r", ""), "heard 5\n" + "x" * 1000 + "\n")
    print("outside")
    true("outside" not in "".join(printed))


@case
def releases():
    box = remote.box
    for _ in range(150):
        box.child()
    for _ in range(3):
        gc.collect()
        for _ in range(20):
            a.wait(1)
    true(len(server._registry) < 30)
    true("msgpack_full" not in sys.modules)


end()
