# SPDX-License-Identifier: MIT
# A client that keeps no rule meets the TLS of a server, whichever that has.

from struct import pack

from _net import HOST, Pair, connected, far, listener, number
from _private import private
from _world import Random
from check import eq, true

OPEN, CLOSE, CONNECT, GRANT, DATA, HANDSHAKE, WRAP, TELL = 1, 2, 3, 4, 5, 7, 20, 21
ENOTCONN = 107
EINVAL = 22


def unasked():
    """What a socket without TLS, or before its handshake, is asked for."""
    pair = Pair()
    near, peer = connected(pair)
    for what in range(7):
        if what != 3:
            eq(number(far._ask, near, TELL, bytes((what, 0, 0))), EINVAL)
    for data in b"", b"\0", b"\3\0", b"\3":
        eq(number(far._ask, near, TELL, data), EINVAL)
    eq(far._ask(None, TELL, b"\3\xff\xff"), b"")
    eq(far._ask(near, WRAP, bytes(12)), b"")
    for what, error in (1, None), (2, ENOTCONN), (4, ENOTCONN), (99, ENOTCONN):
        eq(number(far._ask, near, TELL, bytes((what, 0, 0))), error)
    eq(far._ask(near, TELL, b"\1\xff\xff"), b"")
    near.close()
    peer.close()
    # A handshake without TLS ends the socket.
    near, peer = connected(pair)
    true(pair.link.send(16, bytes((HANDSHAKE, private(near)._id)), False))
    pair.run()
    eq(number(near.write, b"x"), EINVAL)
    near.close()
    peer.close()
    true(pair.is_empty())


def likely(entry, random):
    """A message that gets a socket further."""
    if not entry:
        return OPEN
    if entry.has_tls:
        return random.choice((HANDSHAKE, HANDSHAKE, TELL, GRANT, CLOSE))
    return {0: CONNECT, 2: WRAP, 4: CLOSE}.get(entry.state, TELL)


def random_messages(rounds):
    random = Random(7)
    pair = Pair(tls=2, buffer=300, sockets=8)
    server = private(pair.server)
    link = pair.link
    link.on(17, None)
    sock, address = listener()
    sock.settimeout(0)
    to = pack("<H", address[1]) + HOST.encode()
    peers = []
    seen = set()
    bodies = {
        OPEN: lambda: b"\1\0",
        CONNECT: lambda: to,
        GRANT: lambda: b"\x40\0",
        DATA: lambda: b"secret",
        WRAP: lambda: bytes((1, random.below(4), random.below(3))) + b"\1\0x" + bytes(8),
        TELL: lambda: bytes((1, random.below(6), 0, random.choice((0, 4, 255)))),
    }
    for _ in range(rounds):
        if link.up:
            kind = random.choice((OPEN, CLOSE, CONNECT, GRANT, DATA, HANDSHAKE, WRAP, TELL))
            id = 1 + random.below(6)
            if random.below(5):
                kind = likely(server._entries.get(id), random)
            body = bodies.get(kind, bytes)()
            if not random.below(5):
                body = body[: random.below(len(body) + 1)]
            link.send(16, bytes((kind, id)) + body, False)
        pair.run(1 + random.below(3))
        try:
            peers.append(sock.accept()[0])
        except OSError:
            pass
        if peers and not random.below(25):
            peer = peers.pop(random.below(len(peers)))
            try:
                peer.send(b"\x16\x03\x03" * random.below(2) + random.bytes(random.below(60)))
            except OSError:
                pass
            peer.close()
        tls = [entry for entry in server._entries.values() if entry.wrap or entry.has_tls]
        true(len(tls) <= 2)
        for entry in tls:
            seen.add((entry.has_tls, entry.is_shaking, entry.state))
        true(pair.server and len(server._entries) <= 8 and len(server._replies) < 40)
    # Some got through: they are in a handshake.
    true((True, True, 2) in seen and (True, True, 4) in seen)
    pair.server.close()
    for peer in peers:
        peer.close()
    sock.close()
