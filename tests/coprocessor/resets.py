# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor msgpack finaliserproxy
# timeout: 1800
#
# Either board is reset at each of 200 points of a session of rpc, and of one with sockets, in
# virtual time: each call returns the right value, or fails as documented in time. Afterwards the
# line works, and no object and no socket is left over.

from errno import ECONNRESET, ETIMEDOUT

from _net import Pair as NetPair, far, listener
from _private import private
from _service import Pair
import check
from check import case, collect_garbage, end, eq, note, true

from coprocessor.link import Link
from coprocessor.netserver import NetServer
from coprocessor.rpc import StaleProxy

POINTS = 200
TIMEOUT = 2000
RATE = 11  # Bytes a millisecond, as at 115,200 baud.
DATA = bytes(range(250)) * 4


class Died(Exception):
    """What a reset of the client's board is for its program."""


class Session:
    """Calls, in which something happens while the client waits for the n-th time."""

    def __init__(self, point=0, event=None):
        self.left = point  # Waits until the event; 0: it has happened.
        self.event = event
        self.waits = 0
        self.counts = {}
        self.begin()

    def passed(self):
        self.waits += 1
        if self.left:
            self.left -= 1
            if not self.left:
                self.event(self)

    def attempt(self, expected, function, *args):
        """Its result, or None if it failed as it may."""
        began = self.world.now
        got = None
        try:
            got = function(*args)
            what = "right"
            true(expected is None or got == expected)
        except StaleProxy:
            what = "stale"
        except OSError as e:
            what = {ECONNRESET: "reset", ETIMEDOUT: "timeout"}[e.args[0]]
        except Died:
            what = "died"
            self.begin_client()
        # It waits for the link, and for the answer.
        true(self.world.now - began <= 2 * TIMEOUT + 100)
        self.counts[what] = self.counts.get(what, 0) + 1
        return got


class Rpc(Session):
    def begin(self):
        self.pair = pair = Pair(rx=256, rate=RATE, timeout=TIMEOUT)
        self.world = pair.world
        pair.world.ends[0].wait = self.wait

    def wait(self, ms):
        self.pair.wait_for_server(ms)
        self.passed()

    def begin_client(self):
        self.pair.world.ends[0].rx = bytearray()
        self.pair.start_client()

    def begin_server(self):
        self.pair.world.ends[1].rx = bytearray()
        self.pair.start_server()

    def calls(self):
        remote = self.pair.remote
        attempt = self.attempt
        attempt(3, lambda: remote.add(1, 2))
        box = attempt(None, lambda: remote.Box(1))
        if box is None:
            return
        attempt(2, lambda: box.put(5))
        attempt(len(DATA), lambda: box.write(DATA))
        attempt(bytes([i & 255 for i in range(1000)]), lambda: box.read(1000))
        child = attempt(None, lambda: box.child())
        if child is not None:
            attempt(0, lambda: len(child))

    def check(self):
        """The line works, and nothing is left."""
        self.left = 0
        pair = self.pair
        for _ in range(3):
            if self.attempt(3, lambda: pair.remote.add(1, 2)) == 3:
                break
        eq(pair.remote.add(2, 2), 4)
        eq(private(pair.client)._calls, {})
        for _ in range(20):
            if not len(pair.objects):
                break
            collect_garbage()
            pair.remote.add(1, 2)
            pair.run(20)
        eq(len(pair.objects), 0)


class Net(Session):
    def begin(self):
        self.pair = pair = NetPair()
        self.world = pair.world
        self.world.rate = RATE
        self.world.on_wait = self.wait

    def wait(self):
        self.pair.serve()
        self.passed()

    def new_link(self, which):
        world = self.world
        world.ends[which].rx = bytearray()
        return Link(
            world.ends[which],
            rx=4096,
            clock=world.clock,
            random=world.random.bits,
            timeout=TIMEOUT,
            keepalive=3000,
        )

    def begin_client(self):
        # The new one must not call what was attached to the old one.
        self.pair.link = self.new_link(0)
        far.attach(self.pair.link, 8, 1536)

    def begin_server(self):
        # A board that is reset has no sockets any more.
        self.pair.server.close()
        self.pair.link_of_server = self.new_link(1)
        self.pair.server = NetServer(self.pair.link_of_server)

    def calls(self):
        sock, address = listener()
        attempt = self.attempt
        near = attempt(None, far.socket)
        if near:
            attempt(None, near.connect, address)
            try:
                sock.settimeout(0.01)
                peer = sock.accept()[0]
            except OSError:
                # It was not connected.
                peer = None
            if peer:
                attempt(len(DATA), near.write, DATA)
                peer.send(DATA)
                attempt(DATA, near.read, len(DATA))
                peer.close()
            attempt(None, near.close)
        sock.close()

    def check(self):
        self.left = 0
        for _ in range(3):
            near = self.attempt(None, far.socket)
            if near:
                break
        near.close()
        true(self.pair.is_empty())


def server_reset(session):
    session.begin_server()


def client_reset(session):
    raise Died


def at_all_points(kind):
    session = kind()
    session.calls()
    waits = session.waits
    session.check()
    eq(list(session.counts), ["right"])
    true(waits >= POINTS)
    step = 1 if check.long else 4
    total = {}
    for event in server_reset, client_reset:
        for i in range(0, POINTS, step):
            session = kind(waits * i // POINTS + 1, event)
            session.calls()
            session.check()
            for what, n in session.counts.items():
                total[what] = total.get(what, 0) + n
    note("%s: %s" % (kind.__name__, sorted(total.items())))
    eq(total["died"], len(range(0, POINTS, step)))
    true(total["reset"] and "timeout" not in total)


@case
def rpc():
    at_all_points(Rpc)


@case
def sockets():
    at_all_points(Net)


end()
