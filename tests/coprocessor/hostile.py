# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor
#
# A peer that keeps no rule: frames with valid CRCs and random contents, and bytes that look like
# frames. The link raises nothing, keeps little, writes little, and works with the next peer.

from binascii import crc32
from struct import pack

from _private import private
from _world import Random, World
from check import case, end, eq, rounds, true

from coprocessor.link import Link
from coprocessor.mailbox import Mailbox

LIMIT = 2000  # Of a mailbox.


class Piece:
    """Takes more memory than there is."""

    def __len__(self):
        return 5

    def __iter__(self):
        raise MemoryError

    def extend(self, data):
        raise MemoryError


MINE = 12345  # The peer's number.


class Attack:
    def __init__(self, seed):
        self.random = Random(seed)
        self.world = World(self.random)
        self.world.rate = 1000
        for which in self.world.ends:
            which.rx_size = which.tx_size = 4096
        self.link = Link(
            self.world.ends[0], rx=4096, clock=self.world.clock, random=self.random.bits
        )
        self.boxes = [Mailbox(self.link, channel, LIMIT) for channel in (0, 1)]
        self.seed = None  # Of the link's session.
        self.most = 0

    def hello(self, rx=4096, frame=256, number=MINE, flags=0):
        data = pack("<BBHHII", 1, 0, rx, frame, number, private(self.link)._me)
        self.write(4 | flags, 0, 0, 0, data)

    def adopt_session(self):
        """Know the seed of the link's session."""
        self.seed = private(self.link)._seed_in

    def write(self, kind, channel, seq, ack, payload):
        """Write a frame as the peer would."""
        data = pack("<BBHHH", kind, channel, len(payload), seq, ack) + payload
        seed = 0 if kind & 15 == 4 else self.seed
        self.world.ends[1].write(b"\xa5" + data + pack("<I", crc32(data, seed)))

    def frame(self):
        random = self.random
        link = self.link
        small = random.below(4) - 1
        kind = random.choice((0, 0, 0, 1, 2, 3, random.below(16))) | random.below(16) << 4
        channel = random.below(3)
        numbers = (
            private(link)._expected,
            private(link)._expected + small,
            private(link)._round + small,
            random.bits(),
        )
        seq = random.choice(numbers) & 0xFFFF
        ack = (
            random.choice((private(link)._una, private(link)._end + small, random.bits())) & 0xFFFF
        )
        size = random.choice((0, 1, 14, 256, 300, random.below(300)))
        if kind & 15 == 4:
            kind, size = 4 | kind & 0x20, 14
        self.write(kind, channel, seq, ack, random.bytes(size))

    def run(self, steps):
        random = self.random
        for step in range(steps):
            if step % 40 == 0:
                self.hello(random.choice((64, 4096, 65535)), random.choice((16, 256, 65535)))
            what = random.below(10)
            if what == 0:
                self.world.ends[1].tx.extend(b"\xa5" * random.below(300))
            elif what == 1:
                self.world.ends[1].tx.extend(random.bytes(random.below(300)))
            elif what < 9:
                self.adopt_session()
                if self.seed is not None:
                    self.frame()
            self.world.tick(random.choice((1, 1, 1, 200)))
            if random.below(3) == 0:
                self.link.send(1, random.bytes(random.below(2000)), wait=False)
            before = self.world.ends[0].sent
            self.link.poll()
            self.check(self.world.ends[0].sent - before)

    def check(self, written):
        link = self.link
        true(len(private(link)._flight) <= 32 and len(private(link)._queue) <= 8)
        true(written <= 6 * 269)
        for box in self.boxes:
            # The messages of this peer end soon.
            true(private(box)._size <= LIMIT + 2600 and len(private(box)._partial or b"") <= 65536)
            if self.random.below(50) == 0:
                while box.any():
                    box.recv()

    def next_peer(self):
        """A link takes the place of the peer."""
        other = Link(self.world.ends[1], rx=4096, clock=self.world.clock, random=self.random.bits)
        box = Mailbox(other, 9)
        self.world.on_wait = other.poll
        for _ in range(100):
            self.world.tick(10)
            other.poll()
            self.link.poll()
        true(self.link.up and other.up)
        self.link.send(9, b"fine")
        for _ in range(100):
            self.world.tick(1)
            other.poll()
            self.link.poll()
        eq(box.recv(), b"fine")


@case
def attacks():
    for seed in range(rounds(40)):
        attack = Attack(seed)
        attack.run(200)
        attack.next_peer()


@case
def bad_hellos():
    attack = Attack(1)
    link = attack.link
    for options in {"rx": 63}, {"frame": 15}, {"number": 0}, {"number": private(link)._me}:
        attack.hello(**options)
        attack.world.tick(5)
        link.poll()
        eq(link.up, False)
    me = private(link)._me
    for version, length in (2, 14), (1, 13), (1, 15):
        data = pack("<BBHHIIB", version, 0, 4096, 256, MINE, me, 0)[:length]
        attack.write(4, 0, 0, 0, data)
        attack.world.tick(5)
        link.poll()
        eq((link.up, private(link)._peer), (False, 0))
    attack.hello()
    attack.world.tick(5)
    link.poll()
    eq(link.up, True)


@case
def acknowledgement_of_what_was_not_sent():
    attack = Attack(3)
    link = attack.link
    attack.hello()
    attack.world.tick(5)
    link.poll()
    attack.adopt_session()
    link.send(1, b"12345", wait=False)
    for ack, left in (7, 1), (0x8000, 1), (3, 1), (6, 0):
        attack.write(1, 0, 0, ack, b"")
        attack.world.tick(5)
        link.poll()
        eq((ack, len(private(link)._flight)), (ack, left))


@case
def nothing_is_ever_taken():
    # Each answer halves the pieces that are sent again.
    attack = Attack(4)
    link = attack.link
    attack.hello(65535)
    attack.world.tick(5)
    link.poll()
    attack.adopt_session()
    for _ in range(8):
        link.send(1, bytes(1000), wait=False)
    most = 0
    for _ in range(20):
        for _ in range(40):
            attack.world.tick(10)
            link.poll()
            most = max(most, len(private(link)._flight))
        true(private(link)._probing)
        attack.write(3, 0, private(link)._round, private(link)._una, b"")
    eq(private(link)._size, 16)
    true(16 < most <= 32 or print(most))


@case
def message_without_an_end():
    attack = Attack(2)
    attack.hello()
    attack.world.tick(5)
    attack.link.poll()
    attack.adopt_session()
    for _ in range(70000 // 256):
        attack.write(0, 1, private(attack.link)._expected, 0, bytes(256))
        attack.world.tick(2)
        attack.link.poll()
        attack.check(0)
    # That was too much.
    eq(attack.link.session, 2)


@case
def pieces_without_memory():
    """The session ends, as what follows would be taken for a message without them."""
    for partial in None, Piece():
        attack = Attack(4)
        box = private(attack.boxes[0])
        box._partial = partial
        box._take(Piece(), False)
        eq(attack.link.session, 2)
        box._take(memoryview(b"a whole one"), True)
        eq(attack.boxes[0].recv(), b"a whole one")


end()
