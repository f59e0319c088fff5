# SPDX-License-Identifier: MIT
# targets: unix-x64
# long: unix-x64-small
# cpython: yes
# needs: coprocessor msgpack finaliserproxy
# timeout: 900
#
# A peer that sends what it likes: neither side crashes, hangs or keeps more than its limits allow.

import sys
from errno import ECONNRESET
from struct import pack

import check
from _private import private
from _service import Pair
from _world import Random
from check import case, end, eq, note, true
from msgpack import ExtType, packb

from coprocessor.client import RemoteError
from coprocessor.server import _is_interned

IS_MICROPYTHON = sys.implementation.name == "micropython"


class Raw:
    """A peer without rpc on the other end of a client or a server."""

    def __init__(self, which, rx=4096, **options):
        self.pair = pair = Pair(rx=rx, **{("client", "server")[which]: options})
        self.port = (pair.client, pair.server)[which]
        self.which = which
        self.world = pair.world
        other = 1 - which
        self.world.ends[other].tx = bytearray()
        self.link = pair.link(other)
        self.got = []
        self.partial = bytearray()
        self.data = 0  # Bytes on the channels for data.
        for channel in 0, 1:
            self.link.on(channel, self.take)
            self.link.on(channel + 2, self.count)
        for which in 0, 1:
            self.world.ends[which].wait = self.wait
        self.link.resets.append(self.forget)
        self.on_request = None
        self.link.connect()

    def forget(self):
        self.got = []
        self.partial = bytearray()

    def take(self, piece, last):
        self.partial.extend(piece)
        if last:
            self.got.append(bytes(self.partial))
            self.partial = bytearray()

    def count(self, piece, last):
        self.data += len(piece)

    def wait(self, ms):
        self.world.tick()
        self.link.poll()
        self.port.link.poll()
        if self.on_request and self.got:
            self.on_request(self.got.pop(0))

    def send(self, channel, data):
        """Send a message, if the peer takes it in time."""
        while not self.link.send(channel, data, wait=False):
            self.step()

    def step(self):
        self.world.tick()
        self.link.poll()
        if self.which:
            self.port.poll()
        else:
            self.port.link.poll()

    def run(self, ms=60):
        for _ in range(ms):
            self.step()

    def answers(self):
        for _ in range(60):
            if self.got:
                break
            self.step()
        self.run(15)
        got = self.got
        self.got = []
        return got

    def request(self, kind, args, id=0, number=1, data=None):
        payload = args if isinstance(args, bytes) else packb(args)
        length = b"" if data is None else pack("<I", len(data))
        self.send(
            0, pack("<BHI", kind | (0 if data is None else 128), number, id) + length + payload
        )
        if data is not None:
            self.send(2, data)
        if len(payload) > 4000:
            self.run(200)
        return self.answers()


def add_works(raw):
    """Does the server still answer?"""
    for _ in range(300):
        raw.step()
    raw.got = []
    answers = raw.request(1, ["add", None, 1, 2], number=77)
    eq(answers[-1], pack("<BHI", 0, 77, 0) + b"\x03")


@case
def requests_that_are_none():
    raw = Raw(1)
    for payload in (
        b"",
        b"\xc1",
        b"\x05",
        b"\x90",
        b"\x92\xa3add",
        b"\xdd\xff\xff\xff\xff",
        b"\x91" * 16000,
        packb(["_x", 5]),
        packb([None, None]),
        packb([["add"], None]),
        packb({"add": None}),
        packb(["add", None, ExtType(112, b"")]),
        packb(["add", None, ExtType(112, b"\1\0\0\0")]),
        packb(["add", None, ExtType(113, b"\0\0\0\0_x")]),
        packb(["add", None, ExtType(113, b"\0")]),
        packb(["add", None, ExtType(114, b"")]),
        packb(["add", None, ExtType(113, b"\0\0\0\0\xff")]),
    ):
        for kind in (1, 2, 3, 4, 16, 17, 20, 22, 28, 29, 100, 127):
            got = raw.request(kind, payload)
            if len(got) != 1 or got[0][0] != 1:
                raise AssertionError("%d %r: %r" % (kind, payload[:20], got))
    for kwargs in 5, [1], {"_x": 1}, {1: 2}, "ab":
        (got,) = raw.request(1, ["add", kwargs, 1])
        eq(got[0], 1)
    eq(len(raw.pair.objects), 0)
    add_works(raw)


@case
def too_long_requests():
    raw = Raw(1)
    for n in 20000, 65536:
        raw.send(0, pack("<BHI", 1, 5, 0) + bytes(n - 7))
        raw.run(300)
        (got,) = raw.answers()
        eq(got[:3], pack("<BH", 1, 5))
        true(b"MemoryError" in got)
    add_works(raw)
    raw = Raw(1, memory=1000)
    (got,) = raw.request(1, ["last", None, ExtType(114, b"")], data=bytes(1001))
    true(b"MemoryError" in got)
    (got,) = raw.request(1, ["last", None, ExtType(114, b"")], data=bytes(1000))
    eq(raw.data, 1000)
    eq(got, pack("<BHI", 3, 1, 1000))
    (got,) = raw.request(3, ["last", 2000])
    true(b"ValueError" in got)
    add_works(raw)


@case
def more_requests_than_the_server_takes():
    raw = Raw(1, calls=4, memory=3000)
    server = raw.pair.server
    raw.port = server.link  # It runs no request for now.
    for i in range(40):
        if not raw.link.send(0, pack("<BHI", 1, i, 0) + packb(["last", None, i]), wait=False):
            break
        raw.run(20)
    true(len(private(server)._requests) == 4)
    raw.port = server
    raw.run(600)
    numbers = [got[1] for got in raw.answers()]
    eq(numbers, list(range(i if i < 39 else 40)))
    raw.port = server.link
    for i in range(40):
        if not raw.link.send(0, pack("<BHI", 1, i, 0) + bytes(1400), wait=False):
            break
        raw.run(20)
    true(len(private(server)._requests) == 3)
    true(private(server)._size < 3000 + 1500)
    raw.port = server
    raw.run(600)
    eq(private(server)._size, 0)
    raw.got = []
    add_works(raw)


@case
def registry_has_a_limit():
    raw = Raw(1, objects=10)
    for i in range(30):
        raw.request(1, ["Box", None])
    eq(len(raw.pair.objects), 10)
    for i in range(100):
        raw.send(0, pack("<BHIIH", 5, 0, 0, 1 + i, 65535))
    for data in b"", b"\1", b"\1\0\0\0\0", bytes(100), b"\xff" * 1000:
        raw.send(0, pack("<BHI", 5, 0, 0) + data)
    raw.run(300)
    raw.got = []
    add_works(raw)


@case
def names_have_a_limit():
    # MicroPython interns the names of attributes and keywords, and keeps them.
    raw = Raw(1, names=20)
    for i in range(60):
        for kind, args in (
            (2, ["n%d" % i]),
            (4, ["m%d" % i, 1]),
            (1, ["k%d" % i, None]),
            (3, ["r%d" % i, 5]),
        ):
            (got,) = raw.request(kind, args, raw.pair.objects.add(raw.pair.expose["box"]))
            eq(got[0], 1)
        (got,) = raw.request(1, ["add", {"w%d" % i: 1}, 1])
        eq(got[0], 1)
    true(b"MemoryError" in got)
    eq(len(private(raw.pair.server)._names), 20)
    (got,) = raw.request(2, ["x" * 65], raw.pair.objects.add(raw.pair.expose["box"]))
    true(b"AttributeError" in got)
    # The exposed names are none of these.
    add_works(raw)
    made = [letter + str(i) for letter in "nmkrw" for i in range(60)]
    if IS_MICROPYTHON:
        # No more of those that were refused take memory now.
        true(len([name for name in made if _is_interned(name)]) == 20)
    # What an object has is within reach in the same session if it takes no memory; on CPython a
    # client that comes again gets its names back.
    for _ in range(3):
        raw.link.reset()
        raw.run(300)
        box = raw.pair.objects.add(raw.pair.expose["box"])
        for name in "number", "limit", "values", "swallows", "entered":
            (got,) = raw.request(2, [name], box)
            eq(got[0], 0)
        (got,) = raw.request(1, ["put", {"twice": True}, 1], box)
        eq(got[0], 0)
        (got,) = raw.request(2, ["new%d" % 1], box)
        eq(b"MemoryError" in got, IS_MICROPYTHON)


@case
def names_that_are_there():
    """They are beyond no limit on MicroPython, which has them already."""
    raw = Raw(1, names=0)
    box = raw.pair.objects.add(raw.pair.expose["box"])
    for name in "number", "limit":
        (got,) = raw.request(2, [name], box)
        eq(got[0] == 0, IS_MICROPYTHON)
    (got,) = raw.request(2, ["other%d" % 1], box)
    true(b"MemoryError" in got)


@case
def data_without_a_request():
    raw = Raw(1)
    for n in 1, 300, 65536:
        raw.send(2, bytes(n))
    raw.run(500)
    eq(private(raw.port)._left, 0)
    add_works(raw)
    session = raw.port.link.session
    # Data that is announced while other data is still to come.
    for _ in range(2):
        raw.send(0, pack("<BHII", 129, 1, 0, 5000) + b"\x90")
    raw.run(300)
    true(raw.port.link.session > session)
    add_works(raw)
    for length in 0, 65537, 0xFFFFFFFF:
        session = raw.port.link.session
        raw.send(0, pack("<BHII", 129, 1, 0, length) + b"\x90")
        raw.run(300)
        true(raw.port.link.session > session)
    for data in b"", b"\1", bytes(6), pack("<BHI", 129, 1, 0):
        session = raw.port.link.session
        raw.send(0, data)
        raw.run(300)
        true(raw.port.link.session > session)
    add_works(raw)


def answered(raw, answer, function=None):
    """What a client's call gives or raises when `answer(number)` tells (channel, message)s."""

    def on_request(request):
        if len(request) < 7 or request[0] & 127 == 5:
            return
        for channel, data in answer(request[1] | request[2] << 8):
            raw.link.send(channel, data, wait=False)

    raw.on_request = on_request
    raw.pair.client.link.timeout = 150
    try:
        return (function or raw.pair.remote._ask)(1, "add", None)
    except Exception as e:
        return e


def head(kind, number, length=0):
    return pack("<BHI", kind, number, length)


@case
def answers_that_are_none():
    raw = Raw(0)

    def kind_of(kind, payload, length=0):
        return type(answered(raw, lambda n: [(1, head(kind, n, length) + payload)]))

    eq(kind_of(0, b"\x05"), int)
    eq(answered(raw, lambda n: [(1, head(0, n) + b"\x05"), (1, head(0, n) + b"\x06")]), 5)
    for payload in b"", b"\xc1", b"\xdc", b"\x91" * 300, b"\x05\x05":
        true(issubclass(kind_of(0, payload), Exception))
        true(issubclass(kind_of(1, payload), Exception))
    for value in (
        5,
        [],
        [1, 2, 3],
        ["ValueError", 5, ""],
        [None, [], ""],
        ["_x", [], ""],
        ["print", [], ""],
        ["__import__", ["os"], ""],
        ["SystemExit", [], ""],
        ["KeyboardInterrupt", [], ""],
        ["RemoteError", [], 5],
        # CPython's raise something else than TypeError for these arguments.
        ["ExceptionGroup", ["x", []], ""],
        ["UnicodeDecodeError", [], ""],
    ):
        eq(kind_of(1, packb(value)), RemoteError)
    eq(kind_of(1, packb(["OSError", [5], ""])), OSError)
    # Text for the console that is none.
    eq(kind_of(4, b"\xff\xfe"), OSError)
    eq(raw.pair.printed[-1], "?")
    eq(kind_of(0, packb(1)), int)


@case
def answers_with_too_much():
    raw = Raw(0, proxies=8)
    client = raw.pair.client
    many = [ExtType(112, pack("<I", 1 + i)) for i in range(1000)]

    def answer(n):
        return [(1, head(128, n) + packb(many))]

    eq(type(answered(raw, answer)), MemoryError)
    # They are released, every one.
    raw.on_request = None
    raw.got = []
    private(client)._flush()
    for _ in range(40):
        raw.run(20)
        private(client)._flush()
    check.collect_garbage()
    for _ in range(10):
        private(client)._flush()
        raw.run(20)
    ids = set()
    for got in raw.got:
        if got[0] == 5:
            for at in range(7, len(got), 6):
                ids.add(got[at] | got[at + 1] << 8)
    true(len(ids) >= 990)
    # Slots far away, and generations that change.
    for id in 0xFFFF, 0x3FFFFFFF, 0x10001, 0:
        got = answered(raw, lambda n: [(1, head(128, n) + packb(ExtType(112, pack("<I", id))))])
        del got
    for data in b"", b"12345", b"\1\0\0\x40", b"\xff\xff\xff\xff":
        session = client.link.session
        got = answered(raw, lambda n: [(1, head(128, n) + packb(ExtType(112, data)))])
        true(isinstance(got, ValueError))
        # What else it refers to cannot be released.
        true(client.link.session > session)
        raw.run(300)
    true(private(client)._live <= 8)
    # A long message.
    session = client.link.session
    got = answered(raw, lambda n: [(1, head(0, n) + bytes(30000))])
    eq(type(got), MemoryError)
    eq(client.link.session, session)
    got = answered(raw, lambda n: [(1, head(128, n) + bytes(30000))])
    eq(got.args[0], ECONNRESET)
    true(client.link.session > session)
    raw.run(300)
    eq(answered(raw, lambda n: [(1, head(0, n) + b"\x05")]), 5)


@case
def answers_that_nobody_waits_for():
    """Each with objects for which the client has no proxies left."""
    raw = Raw(0, proxies=8)
    client = raw.pair.client
    many = packb([ExtType(112, pack("<I", 1 + i)) for i in range(2000)])
    for i in range(10):
        raw.run(10)
        if raw.link.up:
            raw.link.send(1, head(128, 5000 + i) + many, wait=False)
        raw.run(60)
        true(len(private(client)._excess) <= 4800)
    raw.run(300)
    eq(answered(raw, lambda n: [(1, head(0, n) + b"\x05")]), 5)


@case
def data_that_nobody_wants():
    raw = Raw(0)
    client = raw.pair.client
    for n in 1, 300, 20000:
        raw.link.send(3, bytes(n), wait=False)
        raw.run(200)
    eq(answered(raw, lambda n: [(1, head(0, n) + b"\x05")]), 5)
    # Announced for a call that is unknown, longer than the buffer, longer than allowed.
    got = answered(
        raw, lambda n: [(1, head(3, n + 1, 4)), (3, b"1234"), (1, head(0, n) + b"\x05")]
    )
    eq(got, 5)

    def readinto(*args):
        return client.call(raw.pair.remote, "readinto", buffer)

    buffer = bytearray(10)
    got = answered(raw, lambda n: [(1, head(3, n, 11)), (3, b"x" * 11)], readinto)
    eq(type(got), MemoryError)
    eq(buffer, bytes(10))
    got = answered(raw, lambda n: [(1, head(3, n, 10)), (3, b"x" * 4), (3, b"y" * 6)], readinto)
    eq(got, 10)
    eq(buffer, b"xxxxyyyyyy")
    got = answered(raw, lambda n: [(1, head(3, n, 70000)), (3, b"x" * 65536), (3, bytes(4464))])
    eq(type(got), MemoryError)
    raw.run(300)
    eq(answered(raw, lambda n: [(1, head(0, n) + b"\x05")]), 5)


class Piece:
    """Takes more memory than there is."""

    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        raise MemoryError


@case
def pieces_without_memory():
    """The session ends: what follows such a piece would be taken for a message."""
    for which in 0, 1:
        raw = Raw(which)
        session = raw.port.link.session
        private(raw.port)._take(Piece(b"1234567"), False)
        eq(raw.port.link.session, session + 1)
        eq(private(raw.port)._message, None)
    # And if there is none for what a request needs besides.
    server = raw.pair.server
    raw.run()
    session = server.link.session

    class Full(list):
        def append(self, item):
            raise MemoryError

    private(server)._requests = Full()
    private(server)._take(memoryview(head(1, 1) + packb(["add", None, 1, 2])), True)
    eq(server.link.session, session + 1)
    private(server)._requests = []
    raw.run(300)
    add_works(raw)


@case
def answers_without_memory():
    raw = Raw(1)
    server = raw.pair.server
    held = []
    if IS_MICROPYTHON:

        def fills():
            """An answer that can be packed, but for which there is no second such piece."""
            answer = "x" * 13000
            try:
                while True:
                    held.append(bytearray(13500))
            except MemoryError:
                held.pop()
            return answer

        private(server)._expose["fills"] = fills
        try:
            raw.send(0, head(1, 1) + packb(["fills", None]))
            got = raw.answers()
        finally:
            held.clear()
        eq(got[0][:1], b"\1")
        true(b"MemoryError" in got[0])
        add_works(raw)

    # None for the message of the answer, or for what arrives: the session ends, not the server.
    class Stop(Exception):
        pass

    def failing(function, *others):
        errors = [MemoryError()] + list(others)

        def fail(*args):
            if errors:
                raise errors.pop(0)
            return function(*args)

        return fail

    def poll():
        while server.link.session == session:
            raw.step()

    def serve():
        try:
            server.serve()
        except Stop:
            pass

    for name in "send", "wait", "poll":
        session = server.link.session
        raw.send(0, head(1, 1) + packb(["add", None, 1, 2]))
        function = getattr(server.link, name)
        if name == "wait":
            server.link.wait = failing(function, Stop())
            serve()
        else:
            setattr(server.link, name, failing(function))
            poll()
        setattr(server.link, name, function)
        eq(server.link.session, session + 1)
        add_works(raw)


def mutate(random, data):
    data = bytearray(data)
    for _ in range(1 + random.below(3)):
        kind = random.below(4)
        at = random.below(len(data) + 1)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << random.below(8)
        elif kind == 1 and at < len(data):
            data[at] = random.choice(b"\0\1\x7f\x80\x90\xc0\xc1\xc7\xd6\xdc\xdd\xff")
        elif kind == 2:
            data = data[:at]
        else:
            data = data[:at] + random.bytes(1 + random.below(6)) + data[at:]
    return bytes(data)


def give(random, port, message):
    """Give a message, perhaps damaged, to the handler at once: the link's tests are others."""
    if random.below(4):
        message = mutate(random, message)
    cut = random.below(len(message) + 1)
    if cut:
        private(port)._take(memoryview(message)[:cut], False)
    private(port)._take(memoryview(message)[cut:], True)


def rounds():
    return 5000 if check.long else 1000


@case
def fuzz_the_server():
    random = Random(1)
    raw = Raw(1, objects=20, memory=2000)
    server = raw.pair.server
    seeds = [
        head(1, 1) + packb(["add", None, 1, 2]),
        head(1, 1) + packb(["echo", {"a": 1}, [1, {"b": b"12"}], None]),
        head(1, 1) + packb(["Box", None, 1, 2]),
        head(1, 1) + packb(["apply", None, ExtType(113, b"\0\0\0\0add"), 1]),
        head(1, 1) + packb(["last", None, ExtType(112, b"\1\0\0\0")]),
        head(1, 1) + packb(["last", None, bytes(300)]),
        head(2, 1) + packb(["shared"]),
        head(2, 1) + packb(["add"]),
        head(2, 1) + packb(["list"]),
        head(3, 1) + packb(["last", 20]),
        pack("<BHII", 129, 1, 0, 9) + packb(["last", None, ExtType(114, b"")]),
        pack("<BHIIH", 5, 0, 0, 1, 1),
    ] + [head(kind, 1, 1) + packb([1, 2]) for kind in range(16, 29)]
    outcomes = set()
    for i in range(rounds()):
        message = random.choice(seeds)
        if private(server._registry)._slots and random.below(2):
            # The id of an object that there is.
            slot = random.choice(list(private(server._registry)._slots.values()))
            id = slot | private(server._registry)._generations[slot] << 16
            message = message[:3] + pack("<I", id) + message[7:]
        give(random, server, message)
        for _ in range(random.below(3)):
            n = random.choice((private(server)._left, random.below(300)))
            private(server)._fill(memoryview(random.bytes(min(n, 3000))), True)
        while private(server)._requests:
            server.poll()
        true(private(server)._size <= 2000 + 16384 and len(server._registry) <= 20)
        if raw.got:
            outcomes.add(raw.got[-1][0] & 127)
            raw.got = []
        raw.step()
    eq(outcomes, {0, 1, 2, 3})
    server.link.reset()
    eq(len(server._registry), 0)
    raw.run(300)
    add_works(raw)


@case
def fuzz_the_client():
    random = Random(2)
    raw = Raw(0, proxies=8)
    client = raw.pair.client
    seeds = [
        head(0, 0) + packb([1, {"a": [b"12", None]}]),
        head(128, 0) + packb([ExtType(112, b"\1\0\0\0"), ExtType(112, b"\2\0\5\0")]),
        head(1, 0) + packb(["ValueError", [1, "a"], "text"]),
        head(129, 0) + packb(["KeyError", [ExtType(112, b"\3\0\0\0")], "text"]),
        head(2, 0),
        head(3, 0, 9),
        head(4, 0) + b"text",
    ]
    outcomes = set()
    for i in range(rounds()):
        into = bytearray(20) if random.below(3) == 0 else None
        call = [-1, None, into and memoryview(into), client.link.session]
        number = 5 if random.below(4) else 6
        private(client)._calls[5] = call
        message = random.choice(seeds)
        message = message[:1] + pack("<H", number) + message[3:]
        give(random, client, message)
        for _ in range(random.below(3)):
            private(client)._fill(memoryview(random.bytes(random.below(30))), True)
        private(client)._calls.pop(5, None)
        if private(client)._whose is call:
            private(client)._into = private(client)._whose = None
        if call[0] != -1:
            try:
                private(client)._result(call)
                outcomes.add("value")
            except Exception as e:
                outcomes.add(type(e).__name__)
        true(private(client)._live <= 8)
        raw.step()
        raw.got = []
    for name in "value", "ValueError", "KeyError", "OSError", "RemoteError", "MemoryError":
        true(name in outcomes)
    note("%d messages to each side, %d outcomes" % (rounds(), len(outcomes)))
    client.link.reset()
    raw.run(400)
    eq(answered(raw, lambda n: [(1, head(0, n) + b"\x05")]), 5)


end()
