# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor
# timeout: 600
#
# A program that calls another one and waits, in virtual time, while either is reset or the line is
# cut at every point: each call has the right result, or fails with its documented error in time.
# Afterwards the line works.

from errno import ECONNRESET, ETIMEDOUT

from _world import Random, World
import check
from check import case, end, eq, note, true

from coprocessor.link import Link
from coprocessor.mailbox import Mailbox

CALLS = 3
POINTS = 200
TIMEOUT = 4000  # Milliseconds of each function that waits.


class Died(Exception):
    """What a reset of the calling board is for its program."""


class Session:
    """Calls from end 0 to end 1, and something that happens at a point in time."""

    def __init__(self, seed, every, point, event):
        self.random = Random(seed)
        self.world = World(self.random, 11)
        for which in self.world.ends:
            which.errors(every)
        self.links = [None, None]
        self.boxes = [None, None]
        self.begin(0)
        self.begin(1)
        self.point = point
        self.event = event
        self.world.on_wait = self.wait
        self.results = {}

    def begin(self, which):
        stream = self.world.ends[which]
        stream.rx = bytearray()
        self.links[which] = link = Link(
            stream, timeout=TIMEOUT, clock=self.world.clock, random=self.random.bits
        )
        self.boxes[which] = Mailbox(link, 1)

    def wait(self):
        """Goes on while the caller waits."""
        self.links[1].poll()
        while self.boxes[1].any():
            self.links[1].send(1, self.boxes[1].recv(), wait=False)
        if self.point == 0:
            self.event(self)
        self.point -= 1

    def call(self):
        message = self.random.bytes(self.random.below(300))
        began = self.world.now
        try:
            self.links[0].send(1, message)
            # Answers of calls that failed may come first.
            while True:
                got = self.boxes[0].recv()
                if got == message:
                    break
                true(got in self.results)
            result = "right"
        except OSError as e:
            true(e.args[0] in (ECONNRESET, ETIMEDOUT))
            result = e.args[0]
        except Died:
            result = "died"
            self.begin(0)
        true(self.world.now - began <= 2 * TIMEOUT + 50)
        self.results[message] = result
        return result

    def run(self):
        """The results of the calls."""
        found = [self.call() for _ in range(CALLS)]
        # The line is in order again.
        for which in self.world.ends:
            which.errors(0)
            which.cut = False
        self.point = -1
        for _ in range(3):
            if self.call() == "right":
                break
        eq([self.call() for _ in range(2)], ["right"] * 2)
        return found


def server_reset(session):
    session.begin(1)


def caller_reset(session):
    raise Died


def cut(milliseconds):
    def event(session):
        # Both programs go on meanwhile.
        session.world.cut_until = session.world.now + milliseconds

    return event


def at_all_points(event, every):
    counts = {}
    # MicroPython takes three times as long.
    step = 1 if check.long else 4 if check.target == "cpython" else 20
    for point in range(0, POINTS, step):
        for result in Session(point, every, point, event).run():
            counts[result] = counts.get(result, 0) + 1
    return counts


@case
def reset_of_the_server():
    for every in 0, 1000:
        counts = at_all_points(server_reset, every)
        true(counts[ECONNRESET] and ETIMEDOUT not in counts)


@case
def reset_of_the_caller():
    counts = at_all_points(caller_reset, 0)
    true(counts["died"] and ETIMEDOUT not in counts)


@case
def cuts():
    # Short ones delay; long ones end the call.
    eq(list(at_all_points(cut(50), 0)), ["right"])
    eq(list(at_all_points(cut(500), 0)), ["right"])
    counts = at_all_points(cut(5000), 0)
    true(counts[ETIMEDOUT])


@case
def bad_lines():
    for every in 1000, 100:
        counts = at_all_points(lambda session: None, every)
        true(counts["right"] * 20 >= sum(counts.values()) * 19)
        note("an error in %d bytes: %s" % (every, counts))


end()
