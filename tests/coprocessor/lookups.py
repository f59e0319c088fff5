# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor
# timeout: 120
#
# What goes on while the server looks up a name, with a stand-in for getaddrinfo. On MicroPython it
# takes five seconds of virtual time, during which the server does nothing. On CPython it runs in a
# thread, for as long as a test wants.

import sys

from _net import HOST, Pair, Sockets, connected, far, listener, number, received
from _private import private
from check import case, end, eq, true

from coprocessor import lookup

is_cpython = sys.implementation.name == "cpython"
EAI_NONAME = -2
TIMEOUT = 20000


def slow(pair, asked):
    """Takes five seconds, in which only the client runs. Its link is served by what waits."""

    def getaddrinfo(host, port):
        if host != HOST:
            asked.append(host)
            for _ in range(5000):
                pair.world.tick()
                pair.link.poll()
            if host == "nowhere":
                raise OSError(EAI_NONAME)
        return real_getaddrinfo(HOST, port)

    real_getaddrinfo = lookup._socket.getaddrinfo
    return getaddrinfo


def keeps_the_session():
    for keepalive in 10000, 6000:
        pair = Pair(timeout=TIMEOUT, keepalive=keepalive)
        near, peer = connected(pair)
        near.send(b"before")
        asked = []
        with Sockets(slow(pair, asked)):
            eq(far.getaddrinfo("somewhere", 80)[0][-1], (HOST, 80))
            eq(number(far.getaddrinfo, "nowhere", 80), EAI_NONAME)
            # One after the other, and a connection by name.
            sock, address = listener()
            other = far.socket()
            other.connect(("somewhere", address[1]))
        eq(asked, ["somewhere", "nowhere", "somewhere"])
        eq(pair.link.session, 1)
        near.send(b" after")
        pair.run()
        eq(received(peer, 12), b"before after")
        peer.send(b"answer")
        eq(near.read(6), b"answer")
        for each in near, other:
            each.close()
        true(pair.is_empty())
        peer.close()
        sock.close()


def ends_the_session():
    """Longer than the keep-alive: the call raises, and the next one works."""
    pair = Pair(timeout=TIMEOUT, keepalive=3000)
    near, peer = connected(pair)
    asked = []
    with Sockets(slow(pair, asked)):
        # ECONNRESET
        eq(number(far.getaddrinfo, "somewhere", 80), 104)
    eq(far.getaddrinfo(HOST, 80)[0][-1], (HOST, 80))
    eq(received(peer, 1), b"")
    near, peer = connected(pair)
    near.close()
    true(pair.is_empty())


class Gate:
    """getaddrinfo that waits until it is opened."""

    def __init__(self):
        import threading

        self.asked = []
        self.missed = 0
        self.open = threading.Event()
        self.real = lookup._socket.getaddrinfo

    def __call__(self, host, port):
        if host != HOST:
            self.asked.append(host)
            # If nothing goes on meanwhile, nobody opens it.
            if not self.open.wait(20):
                self.missed += 1
            if host == "nowhere":
                raise OSError(EAI_NONAME, "no such name")
        return self.real(HOST, port)


def others_go_on():
    pair = Pair(timeout=TIMEOUT)
    pair.waits_for_names = False
    near, peer = connected(pair)
    gate = Gate()
    sock, address = listener()
    with Sockets(gate):
        for host, is_found in ("somewhere", True), ("nowhere", False):
            gate.open.clear()
            waits = far.socket()
            waits.settimeout(0)
            number(waits.connect, (host, address[1]))
            # A socket that is open, and a new one by number.
            for _ in range(20):
                near.send(b"question")
                pair.run(10)
                eq(received(peer, 8), b"question")
                peer.send(bytes(500))
                eq(near.read(500), bytes(500))
            other, other_peer = connected(pair)
            other.close()
            other_peer.close()
            eq(gate.asked[-1], host)
            gate.open.set()
            pair.waits_for_names = True
            pair.run()
            pair.waits_for_names = False
            if is_found:
                waits.send(b"x")
                pair.run()
                eq(received(sock.accept()[0], 1), b"x")
            else:
                eq(number(waits.send, b"x"), EAI_NONAME)
            waits.close()
    eq(gate.missed, 0)
    near.close()
    pair.waits_for_names = True
    true(pair.is_empty())
    eq(pair.link.session, 1)


def one_thread():
    """However many names a client asks for, and however often it begins again."""
    import threading

    pair = Pair(timeout=TIMEOUT)
    pair.waits_for_names = False
    gate = Gate()
    before = threading.active_count()
    with Sockets(gate):
        for i in range(20):
            pair.until(lambda: pair.link.up)
            for tag in range(5):
                host = b"host%d" % (i * 10 + tag)
                pair.link.send(16, bytes((19, 0, tag)) + host, False)
            pair.run(10)
            eq(threading.active_count(), before + 1)
            if i % 2:
                pair.link.reset()
        eq(len(gate.asked), 1)
        gate.open.set()
        pair.waits_for_names = True
        pair.until(lambda: pair.link.up)
        eq(far.getaddrinfo("somewhere", 80)[0][-1], (HOST, 80))


def what_is_forgotten():
    """What a lookup of an earlier session has found is no answer in this one."""
    pair = Pair(timeout=TIMEOUT)
    lookups = private(private(pair.server)._lookups)
    pair.waits_for_names = False
    gate = Gate()
    with Sockets(gate):
        pair.link.connect()
        pair.link.send(16, bytes((19, 0, 1)) + b"nowhere", False)
        pair.run()
        eq(gate.asked, ["nowhere"])
        pair.link.reset()
        pair.run()
        gate.open.set()
        while lookups._is_busy:
            pass
        pair.waits_for_names = True
        eq(number(far.getaddrinfo, "nowhere", 80), EAI_NONAME)
        eq(gate.asked, ["nowhere", "nowhere"])


if is_cpython:
    case(others_go_on)
    case(one_thread)
    case(what_is_forgotten)
else:
    case(keeps_the_session)
    case(ends_the_session)

end()
