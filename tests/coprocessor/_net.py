# SPDX-License-Identifier: MIT
# A client and a server of sockets in one process: the line is in virtual time, the server's
# sockets and those of the world outside are real ones, at 127.0.0.1.

import socket as real
import time

from _private import private
from _world import Random, World
from check import eq, true

from coprocessor import lookup
from coprocessor import socket as far
from coprocessor.link import Link
from coprocessor.netserver import NetServer

TIMEOUT = 2000
HOST = "127.0.0.1"


class Pair:
    def __init__(self, sockets=8, window=1536, timeout=TIMEOUT, keepalive=3000, **options):
        random = Random(1)
        self.world = world = World(random)
        links = []
        for end in world.ends:
            end.rx_size = 4096
            links.append(
                Link(
                    end,
                    rx=4096,
                    clock=world.clock,
                    random=random.bits,
                    timeout=timeout,
                    keepalive=keepalive,
                )
            )
        self.link, self.link_of_server = links
        far.attach(self.link, sockets, window)
        self.server = NetServer(links[1], **options)
        self.is_serving = self.waits_for_names = True
        world.on_wait = self.serve

    def serve(self):
        if self.is_serving:
            self.link_of_server.poll()
            self.server.poll()
            # On CPython a thread looks up names, for which virtual time waits.
            while self.waits_for_names and private(private(self.server)._lookups)._is_busy:
                time.sleep(0.001)

    def run(self, ms=50):
        """Both sides for some time."""
        for _ in range(ms):
            self.link.poll()
            self.world.tick()
            self.serve()

    def until(self, ready, ms=TIMEOUT):
        for _ in range(ms):
            if ready():
                return
            self.run(1)
        raise AssertionError("it does not happen")

    def is_empty(self):
        """Is nothing left over, on either side?"""
        self.run()
        server = self.server
        return not (
            private(server)._entries
            or private(server)._lingering
            or [s for s in far._sockets if s is not None]
        )


class Sockets:
    """The server's module `socket` with another getaddrinfo."""

    def __init__(self, getaddrinfo):
        self.real = lookup._socket
        self.getaddrinfo = getaddrinfo

    def __getattr__(self, name):
        return getattr(self.real, name)

    def __enter__(self):
        lookup._socket = self
        return self

    def __exit__(self, *args):
        lookup._socket = self.real


def resolved(port):
    return real.getaddrinfo(HOST, port)[0][-1]


def free_port(kind=real.SOCK_STREAM, next_port=[21000]):
    """A port that nobody uses."""
    while True:
        next_port[0] += 1
        sock = real.socket(real.AF_INET, kind)
        try:
            sock.bind(resolved(next_port[0]))
            return next_port[0]
        except OSError:
            pass
        finally:
            sock.close()


def listener():
    """A real listening socket, and its address."""
    port = free_port()
    sock = real.socket()
    sock.setsockopt(real.SOL_SOCKET, real.SO_REUSEADDR, 1)
    sock.bind(resolved(port))
    sock.listen(5)
    sock.settimeout(5)
    return sock, (HOST, port)


def connected(pair):
    """A socket of the client, and the real one at the other end."""
    sock, address = listener()
    near = far.socket()
    near.connect(address)
    peer = sock.accept()[0]
    # A test that fails does not hang.
    peer.settimeout(5)
    sock.close()
    return near, peer


def limited_tls(ssl):
    """A case for both kinds of servers: a socket has TLS once, and so many sockets have."""
    pair = Pair(tls=2)
    socks = [connected(pair) for _ in range(3)]

    def wrap(i):
        ssl.wrap_socket(socks[i][0], do_handshake=False)

    for i in 0, 1:
        wrap(i)
        eq(number(wrap, i), 22)  # EINVAL
    eq(number(wrap, 2), 24)  # EMFILE
    socks[0][0].close()
    pair.run()
    wrap(2)
    for near, peer in socks:
        near.close()
        peer.close()
    true(pair.is_empty())


def number(function, *args):
    """The number of the OSError that it raises."""
    try:
        function(*args)
    except OSError as e:
        return e.args[0]
    return None


def received(sock, n):
    """Exactly n bytes of a real socket."""
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            break
        data += more
    return data
