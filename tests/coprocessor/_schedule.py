# SPDX-License-Identifier: MIT
# Random schedules of two links: what may happen to a line and to the programs at its ends.

from _private import private
from _world import Random, World

from coprocessor.link import Link
from coprocessor.mailbox import Mailbox

CHANNELS = 1, 200
CONTROL = 40  # Bytes of frames without data that may come when a receive buffer is full.
QUIET = 60000  # Milliseconds after which a line without errors must have delivered everything.


class Program:
    """Sends messages that tell what they are, and checks those that arrive."""

    def __init__(self, world, end, random, options):
        self.world = world
        self.end = end
        self.random = random
        self.options = options
        self.peer = None
        self.begin()

    def begin(self):
        """Begin anew, as after a reset of the board."""
        self.end.rx = bytearray()
        self.end.tx = bytearray()
        self.link = Link(self.end, clock=self.world.clock, random=self.random.bits, **self.options)
        self.boxes = [Mailbox(self.link, channel, 300) for channel in CHANNELS]
        self.link.resets.append(self.forget)
        self.forget()

    def forget(self):
        self.sent = [0] * len(CHANNELS)
        self.received = [0] * len(CHANNELS)

    def name(self, number, index, mine=True):
        """The beginning of a message, which no other has: sessions, channel and number."""
        link = self.link
        a, b = (
            (private(link)._me, private(link)._peer)
            if mine
            else (private(link)._peer, private(link)._me)
        )
        return b"%d %d %d %d " % (a, b, CHANNELS[index], number)

    def send(self, size):
        index = self.random.below(len(CHANNELS))
        if not private(self.link)._has_place():
            return
        name = self.name(self.sent[index], index)
        data = name + body(name, size)
        session = self.link.session
        # A message of a session that ended at once is dropped.
        if self.link.send(CHANNELS[index], data, wait=False) and self.link.session == session:
            self.sent[index] += 1

    def receive(self):
        for index, box in enumerate(self.boxes):
            while box.any():
                got = box.recv()
                name = self.name(self.received[index], index, False)
                if got != name + body(name, len(got) - len(name)):
                    raise AssertionError("got %r, expected %r..." % (got[:80], name))
                self.received[index] += 1

    def serve(self):
        self.link.poll()
        if len(private(self.link)._flight) > 32:
            raise AssertionError("%d pieces are kept" % len(private(self.link)._flight))
        self.receive()


def body(name, size):
    return (name * (size // len(name) + 1))[:size]


class Schedule:
    """One random schedule; `run` raises AssertionError if a link breaks a promise."""

    def __init__(self, seed):
        self.random = random = Random(seed)
        self.world = world = World(random, random.choice((1, 11, 92)))
        self.every = random.choice((0, 0, 1000, 100))
        self.programs = []
        for end in world.ends:
            options = {
                "rx": random.choice((64, 65, 150, 256, 1000, 4096)),
                "frame": random.choice((16, 50, 256)),
            }
            end.rx_size = options["rx"]
            end.tx_size = random.choice((1, 30, 300))
            end.errors(self.every)
            self.programs.append(Program(world, end, random, options))
        for i in 0, 1:
            self.programs[i].peer = self.programs[1 - i]
        self.size = random.choice((1, 30, 300, 1500))
        self.is_rough = random.below(2)  # Resets, cuts, long absences.
        self.is_full = False  # May bytes be lost because no credit is known yet?

    def run(self, steps=60):
        random = self.random
        if random.below(3) == 0:
            # Garbage before the first hello.
            for end in self.world.ends:
                end.rx.extend(random.bytes(random.below(end.rx_size)))
            self.is_full = True
        absent = [0, 0]
        for _ in range(steps):
            self.world.tick(1 + random.below(12))
            for i in 0, 1:
                if absent[i] > 0:
                    absent[i] -= 1
                    continue
                program = self.programs[i]
                if random.below(4) == 0:
                    program.send(random.below(self.size))
                if random.below(30) == 0:
                    absent[i] = random.below(20)
                program.serve()
            if self.is_rough and random.below(10) == 0:
                self.event()
        self.calm()

    def event(self):
        random = self.random
        program = random.choice(self.programs)
        what = random.below(6)
        if what == 0:
            program.begin()
        elif what == 1:
            program.link.reset()
        elif what == 2:
            program.end.cut = True
        elif what == 3:
            self.world.tick(random.below(3000))
        else:
            for end in self.world.ends:
                end.cut = False

    def calm(self):
        """Without errors, all that the links have taken arrives, and nothing is left over."""
        for end in self.world.ends:
            end.errors(0)
            end.cut = False
        end = self.world.now + QUIET
        while not all(self.is_done(p) for p in self.programs):
            self.world.tick(3)
            for program in self.programs:
                if not any(program.sent):
                    program.send(0)
                program.serve()
            if self.world.now > end:
                raise AssertionError("no end: %s" % [state(p) for p in self.programs])
        if not self.is_rough and any(program.link.session != 1 for program in self.programs):
            raise AssertionError("the session ended")
        if not (self.every or self.is_rough or self.is_full):
            lost = max(end.lost for end in self.world.ends)
            if lost > CONTROL:
                raise AssertionError("%d bytes more than the receive buffer holds" % lost)

    def is_done(self, program):
        link = program.link
        is_idle = link.up and not private(link)._flight and not private(link)._queue
        return is_idle and any(program.sent) and program.sent == program.peer.received


def state(program):
    link = program.link
    names = "up _una _next _end _resend _out _probing _round _expected _gap _size _rto".split()
    return program.sent, program.received, [(name, getattr(link, name)) for name in names]
