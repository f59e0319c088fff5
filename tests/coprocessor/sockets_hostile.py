# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor
# timeout: 120
#
# A client that keeps no rule meets the server of sockets, and such a server meets the client.

from _private import private
import errno

from _net import (
    HOST,
    Pair,
    Sockets,
    connected,
    far,
    free_port,
    listener,
    number,
    real,
    received,
    resolved,
)
from _world import Random
from check import case, end, eq, true

from coprocessor import netserver

OPEN, CLOSE, CONNECT, GRANT, DATA, SENDTO, BIND, LISTEN, OPTION, RESOLVE = (
    1,
    2,
    3,
    4,
    5,
    6,
    16,
    17,
    18,
    19,
)
HANDSHAKE, TELL = 7, 21
CLOSED, CONNECTED, ERROR, END, INCOMING, DATAGRAM, ANSWER = 1, 2, 3, 6, 7, 8, 16


class Client:
    """The client's end of a pair, that sends what it likes."""

    def __init__(self, **options):
        self.pair = Pair(**options)
        self.got = []
        self.partial = b""
        self.pair.link.on(17, self.take)
        self.pair.link.resets.append(self.forget)
        self.pair.link.connect()

    def forget(self):
        self.partial = b""

    def take(self, piece, last):
        self.partial += bytes(piece)
        if last:
            self.got.append(self.partial)
            self.partial = b""

    def send(self, *parts):
        message = b"".join([bytes((p,)) if isinstance(p, int) else p for p in parts])
        self.pair.link.wait(lambda: self.pair.link.send(16, message, False))
        self.pair.run(20)

    def kinds(self):
        got = [message[0] for message in self.got]
        self.got = []
        return got


def to(port):
    return port.to_bytes(2, "little") + HOST.encode()


@case
def too_many_sockets():
    client = Client(sockets=8)
    server = client.pair.server
    private(server)._limit = 5
    for i in range(1, 256):
        client.send(OPEN, i, 1 + i % 2, 0)
        true(private(server)._count() <= 5)
    eq(client.kinds().count(ERROR), 250)
    for i in range(1, 256):
        client.send(CLOSE, i)
    eq(client.kinds(), [CLOSED] * 255)
    eq(private(server)._count(), 0)


@case
def connections_beyond_the_limit():
    pair = Pair()
    private(pair.server)._limit = 2
    port = free_port()
    sock = far.socket()
    sock.bind((HOST, port))
    sock.listen()
    peers = [real.socket() for _ in range(3)]
    for peer in peers:
        peer.connect(resolved(port))
    for _ in range(3):
        near = sock.accept()[0]
        pair.run()
        eq(private(pair.server)._count(), 2)
        near.close()
    sock.close()
    for peer in peers:
        peer.close()


@case
def more_than_is_granted():
    client = Client(buffer=100)
    sock, address = listener()
    client.send(OPEN, 1, 1, 0)
    client.send(CONNECT, 1, to(address[1]))
    peer = sock.accept()[0]
    eq(client.kinds(), [CONNECTED, GRANT])
    session = client.pair.link.session
    client.send(DATA, 1, bytes(101))
    client.pair.run(20)
    true(client.pair.link.session != session)
    eq(private(client.pair.server)._count(), 0)
    eq(peer.recv(1), b"")
    sock.close()


@case
def before_it_is_connected():
    client = Client()
    client.send(OPEN, 1, 1, 0)
    client.send(DATA, 1, bytes(1000))
    eq(len(private(client.pair.server)._entries[1].tx), 0)


class Full:
    """A socket whose peer reads nothing."""

    def __init__(self, sock):
        self.close = sock.close

    def send(self, data):
        raise OSError(11)


@case
def closed_ones_that_still_send():
    """Sockets that are closed while their peers read nothing count, until their time is over."""
    client = Client(buffer=1000)
    server = client.pair.server
    private(server)._limit = 4
    sock, address = listener()
    for i in range(1, 4):
        client.send(OPEN, i, 1, 0)
        client.send(CONNECT, i, to(address[1]))
        private(server)._entries[i].sock = Full(private(server)._entries[i].sock)
        client.send(DATA, i, bytes(1000))
        client.send(CLOSE, i)
    eq((len(private(server)._lingering), private(server)._count()), (3, 3))
    client.kinds()
    client.send(OPEN, 4, 1, 0)
    client.send(OPEN, 5, 1, 0)
    eq(client.kinds(), [ERROR])
    client.pair.until(lambda: not private(server)._lingering, 11000)
    eq(private(server)._count(), 1)
    sock.close()


class Slow:
    """Lets a link send nothing."""

    def __init__(self, pair):
        self.link = pair.link_of_server
        self.send = self.link.send

    def __enter__(self):
        self.link.send = lambda *args: False

    def __exit__(self, *args):
        self.link.send = self.send


class Failing:
    """A socket that raises something."""

    def __init__(self, sock, error, *names):
        self.sock = sock
        self.close = sock.close
        self.error = error
        self.names = names

    def __getattr__(self, name):
        if name in self.names:
            return self.fail
        return getattr(self.sock, name)

    def fail(self, *args):
        raise self.error


@case
def exceptions_of_other_kinds():
    """They end a socket, and not the server."""
    for error, expected in (MemoryError(), 12), (ValueError(), 22):
        for name in "recv", "send":
            pair = Pair()
            near, peer = connected(pair)
            other, other_peer = connected(pair)
            entry = private(pair.server)._entries[1]
            entry.sock = Failing(entry.sock, error, name)
            near.write(b"x")
            eq(number(near.read, 1), expected)
            other.write(b"x")
            pair.run()
            eq(received(other_peer, 1), b"x")
            near.close()
            other.close()
            true(pair.is_empty())
            # It has been closed.
            eq(received(peer, 2), b"x" if name == "recv" else b"")
            for each in peer, other_peer:
                each.close()
    # Of one that is closed, but still sends.
    client = Client()
    server = client.pair.server
    sock, address = listener()
    client.send(OPEN, 1, 1, 0)
    client.send(CONNECT, 1, to(address[1]))
    entry = private(server)._entries[1]
    entry.sock = Full(entry.sock)
    client.send(DATA, 1, b"x")
    client.send(CLOSE, 1)
    entry.sock = Failing(entry.sock, MemoryError(), "send")
    client.pair.run()
    eq(private(server)._count(), 0)
    sock.close()


@case
def servers_without_memory():
    """The session ends, and the server does not."""

    class Stream:
        reads = 0

        def readinto(self, buffer):
            self.reads += 1
            if self.reads < 3:
                raise MemoryError
            raise OSError(5)

        def write(self, data):
            return len(data)

    stream = Stream()
    eq(number(netserver.serve, stream), 5)
    eq(stream.reads, 3)


@case
def kinds_of_sockets():
    """A client gets none that writes packets by itself."""
    client = Client()
    for kind in 0, 3, 5, 10, 255:
        client.send(OPEN, 1, kind, 0)
        eq(client.got.pop(), bytes((ERROR, 1, 22, 0)))
    eq(private(client.pair.server)._count(), 0)


@case
def credit_without_end():
    client = Client()
    client.send(OPEN, 1, 2, 0)
    entry = private(client.pair.server)._entries[1]
    for _ in range(10):
        client.send(GRANT, 1, b"\xff\x7f")
        true(entry.credit <= 0xFFFF)
    eq(client.kinds(), [ERROR])


@case
def grants_that_are_not_read():
    """A client sends what is granted, but lets the server send nothing."""
    client = Client(buffer=64)
    pair = client.pair
    server = private(pair.server)
    sock, address = listener()
    client.send(OPEN, 1, 1, 0)
    client.send(CONNECT, 1, to(address[1]))
    peer = sock.accept()[0]
    eq(client.kinds(), [CONNECTED, GRANT])
    entry = server._entries[1]
    with Slow(pair):
        for _ in range(100):
            if entry.room >= 32:
                client.send(DATA, 1, bytes(32))
                received(peer, 32)
            pair.run(2)
            true(len(server._replies) < 40)
    pair.run(100)
    sock.close()
    peer.close()


@case
def connections_that_fail():
    """What accept raises for a peer that gives up ends no socket that listens."""
    pair = Pair()
    port = free_port()
    sock = far.socket()
    sock.setsockopt(far.SOL_SOCKET, far.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.listen()
    entry = private(pair.server)._entries[1]
    well = entry.sock
    for name in "ECONNABORTED", "ENOBUFS", "ENOMEM":
        entry.sock = Failing(well, OSError(getattr(errno, name, 103)), "accept")
        pair.run()
    entry.sock = well
    peer = real.socket()
    peer.connect(resolved(port))
    sock.accept()[0].close()
    peer.close()
    sock.close()


@case
def datagrams_that_never_fit():
    """They are dropped, and others arrive."""
    pair = Pair(window=200)
    sock = far.socket(far.AF_INET, far.SOCK_DGRAM)
    port = free_port(real.SOCK_DGRAM)
    sock.bind((HOST, port))
    sock.settimeout(0)
    number(sock.recv, 1)
    pair.run()
    peer = real.socket(real.AF_INET, real.SOCK_DGRAM)
    # Each takes 30 bytes of the window besides, for its address and more.
    for n in 500, 1472, 150, 120, 0, 300, 5:
        peer.sendto(bytes(n), resolved(port))
    got = []
    for _ in range(20):
        pair.run(20)
        try:
            got.append(len(sock.recv(2000)))
        except OSError:
            pass
    eq(got, [150, 120, 0, 5])
    sock.close()
    peer.close()


@case
def datagrams_that_fail():
    """What a peer makes recvfrom raise ends no socket."""
    pair = Pair()
    sock = far.socket(far.AF_INET, far.SOCK_DGRAM)
    sock.settimeout(0)
    number(sock.recv, 1)
    pair.run()
    entry = private(pair.server)._entries[1]
    well = entry.sock
    for e in errno.ECONNREFUSED, errno.ECONNRESET, errno.EIO:
        entry.sock = Failing(well, OSError(e), "recvfrom")
        pair.run()
    entry.sock = well
    eq(number(sock.recv, 1), errno.EAGAIN)
    # One that cannot be sent is told of, once.
    entry.sock = Failing(well, OSError(errno.EHOSTUNREACH), "sendto")
    sock.sendto(b"x", (HOST, 1))
    pair.run()
    eq(number(sock.sendto, b"x", (HOST, 1)), 113)
    entry.sock = well
    port = free_port(real.SOCK_DGRAM)
    peer = real.socket(real.AF_INET, real.SOCK_DGRAM)
    peer.bind(resolved(port))
    sock.sendto(b"well", (HOST, port))
    pair.run()
    eq(peer.recv(100), b"well")
    sock.close()
    peer.close()


@case
def requests_without_end():
    client = Client()
    server = client.pair.server
    link = client.pair.link
    with Slow(client.pair):
        for i in range(200):
            link.send(16, bytes((RESOLVE, 0, i)) + b"127.0.0.1" + bytes(1000 * (i & 1)), False)
            client.pair.run(3)
            true(private(server)._waiting < 4096 + 2048)
            true(len(private(server)._replies) < 30)
    client.pair.run(300)
    true(len(client.got) > 10)


@case
def wrong_messages():
    """Of every kind, cut at every place."""
    client = Client()
    link = client.pair.link
    port = free_port()
    for message in (
        bytes((OPEN, 1, 1, 0)),
        bytes((CONNECT, 2)) + to(port),
        bytes((GRANT, 3, 1, 1)),
        bytes((SENDTO, 4, 11)) + to(port) + b"data",
        bytes((BIND, 5, 1)) + to(port),
        bytes((LISTEN, 6, 1, 1)),
        bytes((OPTION, 7, 1, 1, 0, 2, 0, 1, 0, 0, 0)),
        bytes((RESOLVE, 0, 1)) + b"\xff\xfe",
        bytes((HANDSHAKE, 4, 1)),
        bytes((TELL, 4, 1, 0, 0, 0, 0)),
        bytes((TELL, 0, 1, 3, 0, 0, 0)),
        bytes((OPEN, 8, 7, 9)),
        bytes((OPEN, 0, 1, 0)),
        bytes((99, 1, 1, 1)),
        bytes((0, 0)),
        bytes(3000),
        b"\x01" * 3000,
    ):
        for n in range(min(len(message), 40), -1, -1):
            for kind in 1, 2:
                client.pair.until(lambda: link.up)
                client.send(OPEN, message[1], kind, 0)
                client.pair.until(lambda: link.up)
                client.send(message[:n] if n < 40 else message)
                client.pair.until(lambda: link.up)
                client.send(CLOSE, message[1])
    link.reset()
    client.pair.run()
    eq(private(client.pair.server)._count(), 0)


@case
def random_messages_to_the_server():
    random = Random(5)
    client = Client(buffer=300)
    server = client.pair.server
    private(server)._limit = 5
    link = client.pair.link
    sock, address = listener()
    numbers = [to(address[1]), to(free_port()), b"", b"\1\0", b"\0\1"]
    kinds = OPEN, OPEN, CLOSE, CONNECT, GRANT, DATA, SENDTO, BIND, LISTEN, OPTION, 77

    def getaddrinfo(host, port):
        # No name of these is asked for in the world.
        if host.strip("0123456789."):
            raise OSError(-2)
        return real.getaddrinfo(host, port)

    with Sockets(getaddrinfo):
        for _ in range(3000):
            message = bytes((random.choice(kinds), random.below(8)))
            for _ in range(random.below(3)):
                message += bytes((random.below(12),)) + random.choice(numbers)
            if link.up:
                link.send(16, message + bytes(random.below(20)), False)
            client.pair.run(1 + random.below(3))
            client.got = []
            true(private(server)._count() <= 5)
            true(len(private(server)._replies) < 40)
            true(all(len(e.tx) <= 300 for e in private(server)._entries.values()))
    server.close()
    sock.close()


class Server:
    """The server's end of a pair, that sends what it likes."""

    def __init__(self, **options):
        self.pair = pair = Pair(**options)
        pair.serve = pair.world.on_wait = self.serve
        self.answers = []
        pair.link_of_server.on(16, None)
        pair.link.connect()

    def serve(self):
        link = self.pair.link_of_server
        if link.up and self.answers:
            if link.send(17, self.answers[0], False):
                self.answers.pop(0)
        link.poll()

    def says(self, *messages):
        self.answers.extend(messages)
        self.pair.run(30)


@case
def too_much_data():
    for what in "tcp", "udp":
        server = Server(window=100)
        pair = server.pair
        sock = far.socket(far.AF_INET, far.SOCK_DGRAM if what == "udp" else far.SOCK_STREAM)
        server.says(bytes((CONNECTED, 1)))
        sock.setblocking(False)
        number(sock.recv, 1)
        pair.run()
        session = pair.link.session
        if what == "tcp":
            server.says(bytes((DATA, 1)) + bytes(100))
            eq((private(sock)._count, pair.link.session), (100, session))
            server.says(bytes((DATA, 1)) + bytes(1))
        else:
            server.says(bytes((DATAGRAM, 1, 2, 1, 1)) + bytes(79))
            eq((private(sock)._count, pair.link.session), (100, session))
            server.says(bytes((DATAGRAM, 1, 2, 1, 1)))
        true(pair.link.session != session)
        sock.close()


@case
def data_before_it_is_read():
    server = Server()
    sock = far.socket()
    session = server.pair.link.session
    server.says(bytes((CONNECTED, 1)), bytes((DATA, 1, 1)))
    true(server.pair.link.session != session)
    sock.close()


@case
def closed_without_being_asked():
    """The number of an open socket is not given to another one."""
    server = Server()
    sock = far.socket()
    session = server.pair.link.session
    server.says(bytes((CLOSED, 1)))
    true(server.pair.link.session != session)
    eq(number(sock.send, b"x"), 104)
    sock.close()


@case
def data_of_which_some_comes_late():
    """A socket is closed when half of a message has arrived: the rest is dropped."""
    server = Server()
    pair = server.pair
    sock = far.socket()
    server.says(bytes((CONNECTED, 1)))
    sock.setblocking(False)
    number(sock.recv, 1)
    pair.run()
    session = pair.link.session
    pair.link_of_server.send(17, bytes((DATA, 1)) + bytes(510), False)
    pair.until(lambda: private(sock)._count)
    true(private(sock)._count < 510)
    sock.close()
    pair.run()
    eq(pair.link.session, session)


@case
def addresses_without_end():
    server = Server()
    link = server.pair.link
    server.answers.append(bytes((ANSWER, 0, far._tag + 1 & 255, 0, 0)) + b"\0" * 2000)
    eq(len(far.getaddrinfo("name", 1)), 8)
    eq(link.session, 1)


@case
def connections_without_end():
    server = Server()
    link = server.pair.link
    server.answers.append(bytes((ANSWER, 1, far._tag + 1 & 255, 0, 0)))
    sock = far.socket()
    sock.listen()
    session = link.session
    server.says(bytes((INCOMING, 1, 1, 1)) + b"1.2.3.4")
    eq((len(private(sock)._queue), link.session), (1, session))
    server.says(bytes((INCOMING, 1, 1, 1)) + b"1.2.3.4")
    true(link.session != session)
    eq(len(private(sock)._queue), 1)
    sock.close()


@case
def random_messages_to_the_client():
    random = Random(7)
    server = Server(window=200)
    pair = server.pair
    link = pair.link
    link.timeout = 60
    kinds = CLOSED, CONNECTED, ERROR, GRANT, DATA, END, INCOMING, DATAGRAM, ANSWER, 99
    socks = []
    done = {}
    for _ in range(3000):
        message = bytes((random.choice(kinds), random.below(6)))
        message += bytes((random.choice((far._tag, far._tag + 1 & 255, 3)),))
        message += bytes((random.below(3), 0)) + random.bytes(random.below(30))
        if random.below(300) == 0:
            message += bytes(3000)
        server.answers.append(message[: random.below(40) + 1])
        pair.run(2)
        what = random.below(9)
        sock = random.choice(socks) if socks else None
        try:
            if what == 0 and len(socks) < 6:
                kind = random.choice((far.SOCK_STREAM, far.SOCK_DGRAM))
                socks.append(far.socket(far.AF_INET, kind))
                socks[-1].settimeout(0.02)
            elif not sock:
                continue
            elif what == 1:
                sock.close()
                socks.remove(sock)
            elif what == 2:
                sock.connect((HOST, 1))
            elif what == 3:
                sock.recv(100)
            elif what == 4:
                sock.send(b"data")
            elif what == 5:
                sock.listen()
            elif what == 6:
                socks.append(sock.accept()[0])
            elif what == 7:
                sock.ioctl(3, 5)
            else:
                far.getaddrinfo("name", 1)
            done[what] = done.get(what, 0) + 1
        except (OSError, ValueError):
            pass
        for sock in socks:
            true(private(sock)._count <= 200)
            true(len(private(sock)._queue) <= 200 // 16)
    true(len(done) > 5)
    for sock in socks:
        number(sock.close)


end()
