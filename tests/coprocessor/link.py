# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor
#
# What a link promises, in virtual time: each promise by itself.

from array import array
from errno import ECONNRESET, ETIMEDOUT

from _private import private
from _world import Random, World
from check import case, end, eq, raises, true

from coprocessor.link import Link
from coprocessor.mailbox import Mailbox


class Pair:
    """Two links; the second one is served while the first one waits."""

    def __init__(self, rx=256, rate=92, seed=1, **options):
        self.random = Random(seed)
        self.world = World(self.random, rate)
        self.links = []
        self.boxes = []
        self.ends = self.world.ends
        for which in 0, 1:
            self.ends[which].rx_size = rx
            self.links.append(self.link(which, rx=rx, **options))
            self.boxes.append(Mailbox(self.links[which], 1))
        self.a, self.b = self.links
        self.world.on_wait = self.serve

    def link(self, which, **options):
        options.setdefault("random", self.random.bits)
        return Link(self.ends[which], clock=self.world.clock, **options)

    def serve(self):
        self.b.poll()

    def run(self, ms):
        for _ in range(ms):
            self.world.tick()
            for link in self.links:
                link.poll()

    def written(self, which):
        """A list of what the end writes from now on."""
        chunks = []
        write = self.ends[which].write

        def spy(view):
            n = write(view)
            chunks.append(bytes(view[:n]))
            return n

        self.ends[which].write = spy
        return chunks


def fails(number, function, *args, **options):
    eq(raises(OSError, function, *args, **options).args[0], number)


@case
def messages_of_all_sizes():
    pair = Pair()
    for size in (0, 1, 100, 101, 102, 4096, 65536):
        message = pair.random.bytes(size)
        pair.a.send(1, message)
        pair.run(30 + size // 40)
        eq(pair.boxes[1].recv(), message)
    numbers = array("H", range(800))
    pair.a.send(1, numbers)
    pair.run(60)
    eq(pair.boxes[1].recv(), bytes(numbers))
    raises(ValueError, pair.a.send, 1, bytes(65537))
    raises(ValueError, pair.a.send, 256, b"")
    raises(ValueError, pair.link, 0, rx=63)
    raises(ValueError, pair.link, 0, frame=15)
    eq(pair.a.session, 1)


@case
def sequence_numbers_wrap():
    pair = Pair(4096)
    message = pair.random.bytes(30000)
    for i in range(8):
        # The second end takes what arrives while the first one sends.
        pair.a.send(1, message)
        pair.run(400)
        eq(pair.boxes[1].recv(), message)


@case
def data_that_changes():
    pair = Pair()
    data = bytearray(b"x" * 1000)
    pair.a.send(1, data)
    # It has arrived.
    data[:] = b"y" * 1000
    eq(pair.boxes[1].recv(), b"x" * 1000)
    pair.a.send(1, memoryview(data)[:3], wait=False)
    data[:] = b"z" * 1000
    pair.run(100)
    eq(pair.boxes[1].recv(), b"yyy")


@case
def no_pause_while_there_is_more_to_send():
    pair = Pair(4096)
    pair.run(50)
    end_ = pair.ends[0]
    end_.tx_size = 65536
    wait = end_.wait
    left = []

    def spy(ms):
        # The line has taken all that it was given, and the peer has place for the message.
        if ms > 1:
            left.append(len(private(pair.a)._queue))
        wait(ms)

    end_.wait = spy
    pair.a.send(1, bytearray(3000))
    eq(len(pair.boxes[1].recv()), 3000)
    true(left)
    eq(sum(left), 0)


@case
def queued_only():
    """With wait=None, nothing is sent until something serves the link."""
    pair = Pair()
    pair.a.connect()
    sent = pair.ends[0].sent
    true(pair.a.send(1, b"x" * 300, None))
    eq(pair.ends[0].sent, sent)
    pair.a.send(1, b"next")
    pair.run(100)
    eq(pair.boxes[1].recv(), b"x" * 300)
    eq(pair.boxes[1].recv(), b"next")
    while pair.a.send(1, b"", None):
        pass
    eq(pair.a.send(1, b"", None), False)


@case
def handlers():
    pair = Pair()
    pieces = []
    pair.b.on(7, lambda view, last: pieces.append((bytes(view), last)))
    pair.a.send(7, b"a" * 150)
    pair.a.send(7, b"")
    pair.a.send(8, b"nobody wants it")
    pair.run(50)
    eq(b"".join(data for data, _ in pieces), b"a" * 150)
    eq([last for _, last in pieces], [False, True, True])

    def wrong(view, last):
        pieces.append(bytes(view))
        raise KeyError("mine")

    pieces.clear()
    pair.b.on(7, wrong)
    pair.a.send(7, b"b")
    raises(KeyError, pair.run, 50)
    # It is not delivered again, and the link goes on.
    pair.a.send(1, b"c")
    pair.run(2000)
    eq((pieces, pair.boxes[1].recv()), ([b"b"], b"c"))


@case
def handlers_do_not_wait():
    pair = Pair()
    seen = []

    def answer(view, last):
        for function in (
            lambda: pair.b.poll(),
            lambda: pair.b.send(1, b""),
            lambda: pair.b.connect(),
        ):
            raises(RuntimeError, function)
        seen.append(pair.b.send(1, bytes(view), wait=False))

    pair.b.on(7, answer)
    pair.a.send(7, b"question")
    eq(pair.boxes[0].recv(), b"question")
    eq(seen, [True])


@case
def refusal():
    pair = Pair()
    refuse = [True]
    seen = []

    def take(view, last):
        if refuse[0]:
            return False
        seen.append(bytes(view))

    pair.b.on(7, take)
    pair.a.send(7, b"later")
    pair.a.send(1, b"after it")
    pair.run(3000)
    eq((seen, pair.boxes[1].any()), ([], 0))
    refuse[0] = False
    pair.b.resume()
    pair.run(20)
    eq((seen, pair.boxes[1].recv()), ([b"later"], b"after it"))
    # Without resume it takes longer.
    refuse[0] = True
    pair.a.send(7, b"again")
    pair.run(100)
    refuse[0] = False
    pair.run(2000)
    eq((seen, pair.a.session, pair.b.session), ([b"later", b"again"], 1, 1))


@case
def mailbox_keeps_little():
    pair = Pair()
    sent = 0
    for _ in range(2000):
        pair.world.tick()
        pair.b.poll()
        if pair.a.send(1, b"", wait=False):
            sent += 1
    true(pair.boxes[1].any() <= 4096 // 32 and pair.boxes[1].any() < sent)
    # As soon as there is a place again, the rest comes.
    for _ in range(sent):
        if not pair.boxes[1].any():
            pair.run(30)
        eq(pair.boxes[1].recv(), b"")


@case
def timeouts():
    pair = Pair(timeout=700)
    pair.world.on_wait = None
    begin = pair.world.now
    fails(ETIMEDOUT, pair.a.connect)
    true(700 <= pair.world.now - begin < 750)
    fails(ETIMEDOUT, pair.a.send, 1, b"", timeout=50)
    eq(pair.a.send(1, b"", wait=False), False)
    fails(ETIMEDOUT, pair.boxes[0].recv, timeout=50)
    pair.world.on_wait = pair.serve
    pair.a.connect()
    # The other side is silent: a message that has begun ends the session.
    pair.world.on_wait = None
    fails(ETIMEDOUT, pair.a.send, 1, bytes(5000), timeout=300)
    eq((pair.a.session, pair.a.up), (2, False))
    pair.world.on_wait = pair.serve
    pair.a.send(1, b"works")
    pair.run(20)
    eq(pair.boxes[1].recv(), b"works")


@case
def message_that_has_not_begun_is_taken_back():
    pair = Pair()
    pair.a.connect()
    pair.world.on_wait = None
    while pair.a.send(1, bytes(200), wait=False):
        pass
    private(pair.a)._queue.pop()
    fails(ETIMEDOUT, pair.a.send, 1, b"never", timeout=100)
    eq(pair.a.session, 1)
    pair.world.on_wait = pair.serve
    pair.a.send(1, b"last")
    pair.run(200)
    got = []
    while pair.boxes[1].any():
        got.append(pair.boxes[1].recv())
    true(b"never" not in got)
    eq(got[-1], b"last")


@case
def absence_loses_nothing():
    pair = Pair()
    pair.a.connect()
    pair.a.send(1, b"x" * 200)
    for _ in range(9900):
        pair.world.tick()
        pair.a.poll()
    pair.run(50)
    eq((pair.boxes[1].recv(), pair.a.session, pair.b.session), (b"x" * 200, 1, 1))
    # Both are away for longer than a session lives.
    pair.world.tick(25000)
    pair.b.send(1, b"y", wait=False)
    pair.run(50)
    eq((pair.boxes[0].recv(), pair.a.session, pair.b.session), (b"y", 1, 1))


@case
def silence_ends_the_session():
    pair = Pair(keepalive=3000)
    pair.a.connect()
    begin = pair.world.now
    pair.world.on_wait = None
    fails(ECONNRESET, pair.boxes[0].recv, timeout=60000)
    true(3000 <= pair.world.now - begin < 3100)
    # The peer notices when it comes back, and both go on.
    pair.run(50)
    eq((pair.a.session, pair.b.session, pair.a.up, pair.b.up), (2, 2, True, True))


@case
def idle_line():
    pair = Pair(keepalive=4000)
    pair.a.connect()
    pair.run(3000)
    before = [end.sent for end in pair.ends]
    pair.run(20000)
    # Ten times, a PING and a PONG.
    true(all(end.sent - was <= 13 * 11 for end, was in zip(pair.ends, before)))
    eq((pair.a.session, pair.a.up), (1, True))


@case
def reset_of_the_peer():
    for same_numbers in False, True:
        pair = Pair()
        resets = []
        pair.a.resets.append(lambda: resets.append(pair.a.session))
        pair.a.connect()
        pair.run(20)
        random = iter([private(pair.b)._me] * 4)
        pair.a.send(1, b"lost" * 10)
        number = {"random": lambda: next(random) ^ 1} if same_numbers else {}
        pair.b = pair.links[1] = pair.link(1, **number)
        if same_numbers:
            eq(private(pair.b)._me, private(pair.a)._peer)
        box = Mailbox(pair.b, 1)
        begin = pair.world.now
        fails(ECONNRESET, pair.boxes[0].recv, timeout=1000)
        true(pair.world.now - begin < 100)
        eq(resets, [2])
        pair.a.send(1, b"new")
        pair.run(50)
        eq((box.any(), box.recv(), pair.a.session), (1, b"new", 2))


@case
def sending_at_a_reset():
    pair = Pair()
    pair.a.connect()
    pair.world.on_wait = lambda: pair.world.now % 40 or pair.b.reset()
    fails(ECONNRESET, pair.a.send, 1, bytes(5000))


@case
def echo_is_no_peer():
    pair = Pair(timeout=2000)
    pair.ends[0].peer = pair.ends[0]
    fails(ETIMEDOUT, pair.a.connect)


@case
def both_draw_the_same_number():
    pair = Pair()
    numbers = iter([7, 7])
    for which in 0, 1:
        pair.links[which] = pair.link(which, random=lambda: next(numbers, 0) or pair.random.bits())
    pair.a, pair.b = pair.links
    pair.a.connect()
    pair.run(20)
    eq((pair.a.up, pair.b.up), (True, True))


@case
def frames_of_another_session():
    pair = Pair()
    chunks = pair.written(0)
    pair.a.connect()
    pair.run(20)
    chunks.clear()
    pair.a.send(1, b"once")
    pair.run(20)
    data = b"".join(chunks)
    eq(pair.boxes[1].recv(), b"once")
    # The same again is a duplicate.
    pair.ends[1].rx.extend(data)
    pair.run(20)
    eq(pair.boxes[1].any(), 0)
    pair.a.reset()
    pair.run(50)
    true(pair.a.up and pair.b.up)
    pair.ends[1].rx.extend(data)
    pair.run(300)
    eq(pair.boxes[1].any(), 0)
    eq(len(pair.ends[1].rx), 0)
    eq((pair.a.session, pair.b.session), (2, 2))


@case
def lost_frame_is_sent_again_at_once():
    pair = Pair(4096)
    pair.a.connect()
    pair.run(20)
    begin = pair.world.now
    write = pair.ends[0].write
    pair.ends[0].write = len
    pair.a.send(1, b"1" * 100, wait=False)
    pair.ends[0].write = write
    pair.a.send(1, b"2" * 100, wait=False)
    pair.world.on_wait = pair.serve
    while not pair.boxes[1].any():
        pair.run(1)
    true(pair.world.now - begin < 20)
    eq(pair.boxes[1].recv(), b"1" * 100)


@case
def beginning_of_a_frame_that_never_ends():
    pair = Pair()
    pair.a.connect()
    pair.run(20)
    # The length says 250.
    pair.ends[1].rx.extend(b"\xa5\x00\x01\xfa\x00")
    begin = pair.world.now
    pair.a.send(1, b"x")
    while not pair.boxes[1].any():
        pair.run(1)
    true(pair.world.now - begin < 70)


@case
def bad_line_with_large_buffers():
    pair = Pair(4096)
    for pair_end in pair.ends:
        pair_end.errors(100)
    for i in range(10):
        message = pair.random.bytes(1000)
        pair.a.send(1, message)
        while not pair.boxes[1].any():
            pair.run(1)
        eq(pair.boxes[1].recv(), message)
    eq(pair.a.session, 1)


@case
def line_rate():
    for rx, least in ((256, 50), (1024, 80), (4096, 85)):
        pair = Pair(rx)
        pair.a.connect()
        pair.run(20)
        begin = pair.world.now
        total = 0
        while total < 100000:
            pair.world.tick()
            pair.b.poll()
            while pair.boxes[1].any():
                total += len(pair.boxes[1].recv())
            pair.a.send(1, bytes(1000), wait=False)
        rate = total * 100 // ((pair.world.now - begin) * 92)
        true(rate >= least or print("rx", rx, "rate", rate))


@case
def another_thread():
    try:
        from _thread import start_new_thread
    except ImportError:
        return
    pair = Pair()
    seen = []

    def run():
        try:
            pair.a.poll()
        except RuntimeError:
            seen.append("refused")
        pair.a.own()
        pair.a.poll()
        seen.append("owned")

    start_new_thread(run, ())
    import time

    while len(seen) < 2:
        time.sleep(0.01)
    eq(seen, ["refused", "owned"])
    raises(RuntimeError, pair.a.poll)


end()
