# SPDX-License-Identifier: MIT
# targets: unix-x64-ssl
# needs: coprocessor
# timeout: 60
#
# Requests for TLS that are wrong, on firmware with mbedTLS: each is refused, or ends its socket.

from struct import pack

import _hostile_tls as hostile
from _net import (
    HOST,
    Pair,
    connected,
    far,
    free_port,
    limited_tls,
    listener,
    number,
    received,
)
from _private import private
from _world import Random
from check import case, end, eq, raises, true

from coprocessor import nettls, ssl, tls

HANDSHAKE = 7
EINVAL = 22
BAD_CONFIG = -0x5E80
ECONNRESET = 104
ETIMEDOUT = 110
ECONNREFUSED = 111


def request(flags=0, mode=0, name=b"", cert=b"", key=b"", authorities=b"", ciphers=b""):
    data = bytes((flags, mode))
    for value in name, cert, key, authorities, ciphers:
        data += pack("<H", len(value)) + value
    return data


def wrapped(near, data):
    """The number of the error of a request, or None."""
    return number(far._ask, near, 20, data)


def raised(function, *args):
    try:
        function(*args)
    except OSError as e:
        return e.args


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
        bytes(2) + b"\xff\xff" + bytes(8),
        request(name=b"\xff\xfe"),
        request(1, cert=b"no certificate", key=b"no key"),
        request(authorities=b"no certificate"),
        request(authorities=b"-----BEGIN CERTIFICATE-----"),
        request(authorities=bytes(12000)),
        request(ciphers=b"BAR"),
        request(ciphers=b"\xff\xfe"),
        request(ciphers=b":" * 1000),
    ):
        near, peer = connected(pair)
        true(wrapped(near, data) in (EINVAL, 5, BAD_CONFIG))
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
        data = request(numbers.below(4), numbers.below(3), b"name", *values)
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
        eq(wrapped(near, request(flags=i & 3, name=b"name")), None)
        eq(wrapped(near, request()), EINVAL)
        near.settimeout(0)
        if i % 3:
            # As a client that waits for the handshake, or as one that sends and reads at once.
            message = bytes((HANDSHAKE, private(near)._id))
            true(pair.link.send(16, message, False))
        else:
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
        near = ssl.wrap_socket(near, do_handshake=False)
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
def others_go_on():
    """While the client waits for a handshake whose peer is silent, for the socket's timeout."""
    pair = Pair()
    other, other_peer = connected(pair)
    other.settimeout(0)
    number(other.recv, 1)
    for flags in {}, {"server_side": True}:
        near, peer = connected(pair)
        near.settimeout(0.5)
        other_peer.send(b"x")
        eq(number(lambda: ssl.wrap_socket(near, **flags)), ETIMEDOUT)
        eq(other.recv(1), b"x")
        near.close()
        peer.close()
    other.close()
    other_peer.close()
    true(pair.is_empty())


@case
def what_nobody_asks_for():
    hostile.unasked()


@case
def random_messages():
    hostile.random_messages(5000)


@case
def limits():
    limited_tls(ssl)


@case
def certificates_and_ciphers():
    """What is wrong in them is told with the firmware's words."""
    pair = Pair()
    near, peer = connected(pair)
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    eq(context.verify_mode, tls.CERT_REQUIRED)
    context.verify_mode = tls.CERT_NONE
    true("TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256" in context.get_ciphers())
    context.set_ciphers(["BAR"])
    eq(raised(context.wrap_socket, near), (BAD_CONFIG, "MBEDTLS_ERR_SSL_BAD_CONFIG"))
    for options, text in (
        ({"cadata": b"!"}, "invalid cert"),
        ({"key": b"!", "cert": b"!"}, "invalid key"),
    ):
        raises(ValueError, lambda: ssl.wrap_socket(near, **options), match=text)
    near.close()
    peer.close()
    true(pair.is_empty())


class Wire:
    """A socket that takes and gives so many bytes at a time; 0: none, -1: it fails."""

    def __init__(self, size):
        self.size = size
        self.data = b""

    def moved(self, n):
        if self.size < 0:
            raise OSError(ECONNRESET)
        return min(n, self.size) if self.size else None

    def write(self, data):
        return self.moved(len(data))

    def readinto(self, buffer):
        n = self.moved(min(len(buffer), len(self.data)) if self.size > 0 else len(buffer))
        if n:
            buffer[:n] = self.data[:n]
            self.data = self.data[n:]
        return n


def put(tap, is_out, record):
    """As mbedTLS does, which reads a record's header and then the rest."""
    if is_out:
        while record:
            record = record[tap.write(record) :]
        return
    private(tap)._sock.data = record
    for n in 5, len(record) - 5:
        while n:
            n -= tap.readinto(bytearray(n))


@case
def records():
    """When a handshake is over is known by the records alone."""
    change, shake, data = b"\x14\3\3\0\1x", b"\x16\3\3\0\4abcd", b"\x17\3\3\0\1y"
    large = b"\x16\3\3\x40\0" + bytes(16384)
    client = ((1, shake), (0, shake), (0, large), (1, shake), (1, change), (1, shake))
    client += ((0, shake), (0, change), (0, shake))
    # TLS 1.3 after a HelloRetryRequest, which has the same kinds in another order.
    retried = ((1, shake), (0, shake), (0, change), (1, change), (1, shake), (0, shake))
    retried += ((0, data), (0, data), (1, data))
    for steps in client, retried:
        for size in 1, 3, 7, 20000:
            for is_server in 0, 1:
                tap = nettls.Tap(Wire(size), is_server, 0)
                for i, (is_out, record) in enumerate(steps):
                    eq((i, tap.is_over), (i, False))
                    put(tap, is_out ^ is_server, record)
                eq(tap.is_over, True)
    # A certificate of the client may be data, too.
    tap = nettls.Tap(Wire(100), 1, 2)
    for is_out, record in retried:
        put(tap, is_out ^ 1, record)
    eq(tap.is_over, False)
    # Errors and ends go on to TLS.
    tap = nettls.Tap(Wire(0), 0, 0)
    eq((tap.readinto(bytearray(5)), tap.write(b"x")), (None, None))
    tap = nettls.Tap(Wire(-1), 0, 0)
    eq((tap.readinto(bytearray(5)), tap.write(b"x")), (-104, -104))


end()
