# SPDX-License-Identifier: MIT
# targets: unix-x64-ssl
# needs: coprocessor
# timeout: 60
#
# Requests for TLS that are wrong, on firmware with mbedTLS: each is refused, or ends its socket.

from struct import pack

from _net import HOST, Pair, connected, far, free_port, listener, number, received
from _private import private
from _world import Random
from check import case, end, eq, true

from coprocessor import ssl

EINVAL = 22
EMFILE = 24
ECONNRESET = 104
ECONNREFUSED = 111


def request(server_side=0, mode=0, name=b"", cert=b"", key=b"", authorities=b""):
    data = bytes((server_side, mode))
    for value in name, cert, key, authorities:
        data += pack("<H", len(value)) + value
    return data


def wrapped(near, data):
    """The number of the error of a request, or None."""
    return number(far._ask, near, 20, data)


@case
def wrong():
    pair = Pair()
    for data in (
        b"",
        b"\0",
        request(mode=3),
        request(mode=255),
        # Verification without a name.
        request(mode=2),
        request()[:-1],
        bytes(2) + b"\xff\xff" + bytes(6),
        request(name=b"\xff\xfe"),
        request(1, cert=b"no certificate", key=b"no key"),
        request(authorities=b"no certificate"),
        request(authorities=b"-----BEGIN CERTIFICATE-----"),
        request(authorities=bytes(12000)),
    ):
        near, peer = connected(pair)
        true(wrapped(near, data) in (EINVAL, 5))
        # The socket is as it was.
        near.write(b"x")
        pair.run()
        eq(received(peer, 1), b"x")
        near.close()
        peer.close()
    true(pair.is_empty())
    eq(pair.link.session, 1)


@case
def random():
    """Certificates and keys of random bytes, some of which look like ASN.1."""
    numbers = Random(3)
    pair = Pair()
    near, peer = connected(pair)
    for i in range(300):
        values = [
            b"\x30\x82" * numbers.below(2) + numbers.bytes(numbers.below(300)) for _ in "123"
        ]
        data = request(numbers.below(2), numbers.below(3), b"name", *values)
        true(wrapped(near, data) not in (None, ECONNRESET))
    near.close()
    peer.close()
    eq(pair.link.session, 1)


@case
def peers_that_talk_nonsense():
    """A handshake that fails ends the socket, closes it on the server, and nothing else."""
    numbers = Random(4)
    pair = Pair(tls=1)
    for i in range(60):
        near, peer = connected(pair)
        eq(wrapped(near, request(server_side=i & 1, name=b"name")), None)
        eq(wrapped(near, request()), EINVAL)
        near.settimeout(0)
        number(near.read, 1)
        near.write(b"secret")
        pair.run()
        peer.send(b"\x16\x03\x03" * (i >> 1 & 1) + numbers.bytes(1 + numbers.below(100)))
        pair.run()
        is_open = i % 5 and number(near.read, 1) is not None
        if not is_open:
            # It may wait for the rest of a record.
            peer.close()
            pair.run()
        true(number(near.read, 1) is not None)
        near.close()
        true(pair.is_empty())
        if is_open:
            # What the server did not read resets the connection.
            try:
                true(b"secret" not in peer.recv(1000))
            except OSError as e:
                eq(e.args[0], ECONNRESET)
            peer.close()
    eq(pair.link.session, 1)


@case
def before_it_is_connected():
    """As asyncio does it."""
    pair = Pair()
    sock, address = listener()
    for where in address, (HOST, free_port()):
        near = far.socket()
        near.setblocking(False)
        number(near.connect, where)
        ssl.wrap_socket(near)
        near.settimeout(1000)
        if where == address:
            # The first message of a handshake.
            near.settimeout(0)
            pair.run()
            near.write(b"secret")
            pair.run()
            peer = sock.accept()[0]
            eq(received(peer, 3), b"\x16\x03\x03")
            peer.close()
        else:
            eq(number(near.write, b"secret"), ECONNREFUSED)
        near.close()
    true(pair.is_empty())
    sock.close()


@case
def limit():
    pair = Pair(tls=2)
    socks = [connected(pair) for _ in range(3)]
    for near, _ in socks[:2]:
        ssl.wrap_socket(near)
    eq(number(ssl.wrap_socket, socks[2][0]), EMFILE)
    socks[0][0].close()
    pair.run()
    ssl.wrap_socket(socks[2][0])
    for near, peer in socks:
        near.close()
        peer.close()
    true(pair.is_empty())
    eq(len(private(pair.server)._entries), 0)


end()
