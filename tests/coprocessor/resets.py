# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor msgpack finaliserproxy
# timeout: 1800
#
# Either board is reset, or the line is cut, at each of 200 points of a session of rpc, and of one
# with sockets, in virtual time, and sessions on bad lines: each call returns the right value, or
# fails as documented in time. Afterwards the line works, and no object and no socket is left over.

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

    def run(self):
        """Calls, those of the client's next start, and what must be true afterwards."""
        try:
            self.calls()
        except Died:
            self.counts = {"died": 1}
            self.begin_client()
            # Nothing of the time before disturbs these.
            self.calls()
            eq(sorted(self.counts), ["died", "right"])
        self.left = 0
        for which in self.world.ends:
            which.errors(0)
        self.check()

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
        true(self.world.now - began <= self.most)
        self.counts[what] = self.counts.get(what, 0) + 1
        return got


class Rpc(Session):
    # A call waits for the link, for data to be taken, and for the answer.
    most = 3 * TIMEOUT + 100

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
    # A socket that blocks waits while data come.
    most = 10 * TIMEOUT

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
        real_ones = [sock]
        try:
            near = self.attempt(None, far.socket)
            if near:
                self.use(near, address, real_ones)
                self.attempt(None, near.close)
        finally:
            for sock in real_ones:
                sock.close()

    def use(self, near, address, real_ones):
        self.attempt(None, near.connect, address)
        try:
            real_ones[0].settimeout(0.01)
            peer = real_ones[0].accept()[0]
        except OSError:
            # It was not connected.
            return
        real_ones.append(peer)
        self.attempt(len(DATA), near.write, DATA)
        peer.send(DATA)
        self.attempt(DATA, near.read, len(DATA))

    def check(self):
        for _ in range(3):
            near = self.attempt(None, far.socket)
            if near:
                break
        near.close()
        # What was lost is sent once more after some time.
        self.pair.until(self.pair.is_empty, TIMEOUT // 51)


def server_reset(session):
    session.begin_server()


def client_reset(session):
    raise Died


def cut(ms):
    def event(session):
        session.world.cut_until = session.world.now + ms

    return event


def errors(every):
    def event(session):
        for which in session.world.ends:
            which.errors(every)

    return event


def at_all_points(kind, event, step):
    """{outcome: the number of calls}, at one point of `step` in make test."""
    session = kind()
    session.calls()
    waits = session.waits
    session.check()
    eq(list(session.counts), ["right"])
    true(waits >= POINTS)
    total = {}
    for i in range(0, POINTS, 1 if check.long else step):
        session = kind(waits * i // POINTS + 1, event)
        session.run()
        for what, n in session.counts.items():
            total[what] = total.get(what, 0) + n
    return total


@case
def resets():
    for kind in Rpc, Net:
        total = at_all_points(kind, server_reset, 4)
        true(total["reset"] and "timeout" not in total)
        note("%s, server: %s" % (kind.__name__, sorted(total.items())))
        total = at_all_points(kind, client_reset, 4)
        eq(total["died"], POINTS if check.long else POINTS // 4)
        true("timeout" not in total)
        note("%s, client: %s" % (kind.__name__, sorted(total.items())))


@case
def cuts():
    for kind in Rpc, Net:
        for ms in 50, 500:
            eq(list(at_all_points(kind, cut(ms), 100)), ["right"])
        total = at_all_points(kind, cut(5000), 50)
        # Sockets without a timeout wait until the session ends.
        true(total["timeout" if kind is Rpc else "reset"])
        note("%s, 5 s: %s" % (kind.__name__, sorted(total.items())))


@case
def bad_lines():
    for kind in Rpc, Net:
        for every in 1000, 100:
            total = at_all_points(kind, errors(every), 50)
            note("%s, 1 in %d: %s" % (kind.__name__, every, sorted(total.items())))
            true(total["right"] * 4 >= sum(total.values()) * 3)


end()
