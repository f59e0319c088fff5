# SPDX-License-Identifier: MIT
# targets: unix-x64
# long: unix-x64-small
# needs: coprocessor msgpack finaliserproxy
# timeout: 60
#
# With finaliserproxy, sockets that the program has forgotten are closed. sockets.py is without it.

import gc
import select

from _net import HOST, Pair, connected, far, free_port, number, real, received, resolved
from _private import private
from check import case, collect_garbage, end, eq, true


def collect(pair):
    for _ in range(3):
        collect_garbage()
        pair.run()


def opened(pair):
    return len(private(pair.server)._entries)


def forget(pair, count):
    """The real ends of connections whose near ends are garbage."""

    def one():
        near, peer = connected(pair)
        near.send(b"x")
        return peer

    return [one() for _ in range(count)]


@case
def forgotten():
    pair = Pair()
    kept, kept_peer = connected(pair)
    peers = forget(pair, 7)
    eq(opened(pair), 8)
    collect(pair)
    # The collector takes old words on the stack for pointers.
    true(1 <= opened(pair) <= 3)
    eq(len([s for s in far._sockets if s]), opened(pair))
    closed = 0
    for peer in peers:
        peer.setblocking(False)
        eq(peer.recv(1), b"x")
        try:
            eq(peer.recv(1), b"")
            closed += 1
        except OSError:
            pass
        peer.close()
    eq(closed, 8 - opened(pair))
    # The others do not notice.
    kept.send(b"question")
    pair.run()
    eq(received(kept_peer, 8), b"question")
    kept_peer.send(b"answer")
    eq(kept.read(6), b"answer")
    eq(pair.link.session, 1)
    kept.close()
    kept_peer.close()


@case
def more_than_there_may_be():
    """Garbage is collected when no number is free."""
    pair = Pair()
    for _ in range(10):
        for peer in forget(pair, 5):
            peer.close()
    eq(pair.link.session, 1)
    kept = [far.socket() for _ in range(5)]
    true(opened(pair) <= 8)
    for sock in kept:
        sock.close()
    # If all of them are in use, there is an error.
    collect(pair)
    kept = []
    for _ in range(9):
        try:
            kept.append(far.socket())
        except OSError as e:
            eq(e.args[0], 24)
    true(6 <= len(kept) <= 8)
    for sock in kept:
        sock.close()


@case
def busy_link():
    """A new socket waits until the server can be told of those that are garbage."""
    pair = Pair()
    peers = forget(pair, 8)
    send = pair.link.send
    refused = []

    def busy(channel, data, wait=True):
        if data[0] == 2 and len(refused) < 30:
            refused.append(data)
            return False
        return send(channel, data, wait)

    pair.link.send = busy
    far.socket().close()
    eq(len(refused), 30)
    for peer in peers:
        peer.close()


@case
def data_for_the_dead():
    pair = Pair(buffer=100)
    peers = forget(pair, 4)
    for sock in far._sockets:
        if sock:
            # The window is granted.
            sock.ioctl(3, 1)
    sock = None
    pair.run()
    collect_garbage()
    for peer in peers:
        peer.setblocking(False)
        number(peer.send, bytes(3000))
    collect(pair)
    eq(pair.link.session, 1)
    true(opened(pair) <= 1)
    for peer in peers:
        peer.close()


@case
def after_a_reset():
    """What was collected in one session closes nothing in the next one."""
    pair = Pair()
    peers = forget(pair, 5)
    link = pair.link
    send = link.send
    link.send = lambda *args: False
    collect_garbage()
    link.poll()
    dead = private(far._sockets)._dead
    true(len(dead) >= 3)
    link.send = send
    link.reset()
    pair.until(lambda: link.up)
    socks = [connected(pair) for _ in range(5)]
    collect(pair)
    eq(len(dead), 0)
    for near, peer in socks:
        near.send(b"x")
        pair.run()
        eq(received(peer, 1), b"x")
        near.close()
        peer.close()
    for peer in peers:
        peer.close()
    true(pair.is_empty())


@case
def what_is_in_use():
    """A poller, or a method, is enough to keep a socket."""
    pair = Pair()
    poller = select.poll()

    def prepare():
        polled, polled_peer = connected(pair)
        poller.register(polled, select.POLLIN)
        near, peer = connected(pair)
        return polled_peer, peer, near.write, near.close

    polled_peer, peer, write, close = prepare()
    collect(pair)
    write(b"x")
    pair.run()
    eq(received(peer, 1), b"x")
    # The first time, it grants its window.
    eq(poller.poll(0), [])
    pair.run()
    polled_peer.send(b"y")
    pair.run()
    ((polled, flags),) = poller.poll(0)
    eq(polled.recv(1), b"y")
    poller.unregister(polled)
    close()
    polled.close()
    true(pair.is_empty())
    for each in polled_peer, peer:
        each.close()


@case
def servers():
    """A listening socket, and a connection that nobody has accepted."""
    pair = Pair()
    port = free_port()
    peers = []

    def listen():
        sock = far.socket()
        sock.setsockopt(far.SOL_SOCKET, far.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        sock.listen()
        for _ in range(2):
            peers.append(real.socket())
            peers[-1].connect(resolved(port))
        pair.run()
        near = sock.accept()[0]
        near.send(b"x")
        pair.run()

    listen()
    eq(received(peers[0], 1), b"x")
    collect(pair)
    # Frames of other calls are now where its own was.
    true(opened(pair) <= 1)
    for peer in peers:
        peer.close()
    gc.collect()


@case
def closed_by_the_program():
    pair = Pair()
    for _ in range(20):
        near, peer = connected(pair)
        near.close()
        peer.close()
    near = None
    collect(pair)
    true(pair.is_empty())
    eq(pair.link.session, 1)


end()
