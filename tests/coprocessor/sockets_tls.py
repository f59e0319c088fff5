# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# TLS of a CPython server for the client's sockets, against Python's own `ssl`.

import functools
import io
import socket as real
import ssl as real_ssl
import subprocess
import sys
import threading
from struct import pack

sys.path[:0] = ["."]

import _hostile_tls as hostile  # noqa: E402
from _certificate import certificate  # noqa: E402
from _net import HOST, Pair, connected, far, free_port, limited_tls, listener  # noqa: E402
from _net import number, resolved  # noqa: E402
from _private import private  # noqa: E402
from check import case, end, eq, raises, true  # noqa: E402

from coprocessor import ssl, tls  # noqa: E402

EIO = 5
EBADF = 9
EAGAIN = 11
EINVAL = 22
EOPNOTSUPP = 95
ECONNRESET = 104
ENOTCONN = 107
ETIMEDOUT = 110
ECONNREFUSED = 111
# mbedTLS's.
BAD_CERTIFICATE = -0x2700
BAD_CONFIG = -0x5E80
END = -0x7280


def content(file):
    with open(file, "rb") as f:
        return f.read()


def in_thread(function):
    result = []

    def run():
        try:
            result.append(function())
        except OSError as e:
            result.append(e)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, result


def echo_server(sock):
    """In a thread: echoes what a peer says, until "end"."""
    context = real_ssl.SSLContext(real_ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate())

    def run():
        raw = sock.accept()[0]
        raw.settimeout(30)
        with context.wrap_socket(raw, server_side=True) as peer:
            total = 0
            while True:
                data = peer.recv(1000)
                total += len(data)
                peer.sendall(data)
                if not data or data.endswith(b"end"):
                    return total

    return in_thread(run)


def client(wrap):
    """The client's socket with TLS, the server's thread and its result."""
    certificate()
    pair = Pair()
    sock, address = listener()
    thread, result = echo_server(sock)
    near = far.socket()
    near.connect(address)
    near = wrap(near)
    return pair, near, thread, result, sock


def end_of(near, thread):
    """The last that the two sides say."""
    near.write(b"end")
    eq(near.read(3), b"end")
    thread.join()
    near.close()


def verified(cafile=None, cadata=None, name="localhost", waits=True, mode=ssl.CERT_REQUIRED):
    def wrap(sock):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_mode = mode
        context.load_verify_locations(cafile, cadata)
        return context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=waits)

    return wrap


@case
def talk():
    data = bytes(range(256)) * 60
    for wrap in (
        ssl.wrap_socket,
        lambda sock: verified(cadata=content(certificate()[0]))(sock),
        lambda sock: verified(cafile=certificate()[0])(sock),
    ):
        pair, near, thread, result, sock = client(wrap)
        got = b""
        at = 0
        near.settimeout(0)
        for _ in range(20000):
            if at < len(data):
                at += near.write(data[at : at + 2000]) or 0
            got += near.read(1000) or b""
            pair.run(1)
            if len(got) == len(data):
                break
        eq(got, data)
        near.settimeout(10)
        near.write(b"end")
        eq(near.read(3), b"end")
        # The end of TLS is that of the socket.
        eq(near.read(), b"")
        thread.join()
        eq(result, [len(data) + 3])
        near.close()
        true(pair.is_empty())
        sock.close()


@case
def wrong_certificate():
    """wrap_socket raises the server's text, and later calls its number."""
    pem = content(certificate()[0])
    for options, text in (
        ({}, "self-signed certificate"),
        # For a client of CPython's it is the same as CERT_REQUIRED.
        ({"mode": ssl.CERT_OPTIONAL}, "self-signed certificate"),
        ({"cadata": pem, "name": "example.org"}, "not valid for 'example.org'"),
    ):
        pair, near, thread, result, sock = client(lambda sock: sock)
        raises(ValueError, verified(**options), near, match=text)
        for call in (near.read, 1), (near.write, b"secret"):
            eq(number(*call), BAD_CERTIFICATE)
        # A connection that has failed has no certificate.
        eq(number(lambda: tls._told(near, 1)), BAD_CERTIFICATE)
        near.close()
        pair.run()
        thread.join()
        true(isinstance(result[0], OSError))
        sock.close()
        # Likewise in the first use, without waiting for the handshake.
        pair, near, thread, result, sock = client(verified(**options, waits=False))
        raises(ValueError, near.write, b"secret", match=text)
        eq(number(near.write, b"secret"), BAD_CERTIFICATE)
        near.close()
        pair.run()
        thread.join()
        true(isinstance(result[0], OSError))
        sock.close()
        true(pair.is_empty())


class Knowing:
    def __init__(self, sock, n):
        self.close = sock.close
        self.n = n

    def told(self, what):
        return bytes(self.n)


@case
def what_is_known_of_a_handshake():
    cert = certificate()[0]
    der = real_ssl.PEM_cert_to_DER_cert(content(cert).decode())
    pair, near, thread, result, sock = client(verified(cafile=cert))
    eq(near.getpeercert(True), der)
    raises(NotImplementedError, near.getpeercert)
    name, version = near.cipher()
    true(name in tls.SSLContext(ssl.PROTOCOL_TLS_CLIENT).get_ciphers())
    eq(version, "TLSv1.3")
    near.do_handshake()
    end_of(near, thread)
    # A certificate that takes several messages, and before there is one.
    near, peer = connected(pair)
    near = ssl.wrap_socket(near, do_handshake=False)
    eq(near.getpeercert(True), None)
    eq(number(near.cipher), ENOTCONN)
    entry = private(pair.server)._entries[near._id]
    entry.sock = Knowing(entry.sock, 5000)
    eq(near.getpeercert(True), bytes(5000))
    entry.sock = Knowing(entry.sock, 1024)
    eq(near.getpeercert(True), bytes(1024))
    entry.sock = Knowing(entry.sock, 60000)
    eq(number(near.getpeercert, True), EIO)
    near.close()
    peer.close()
    sock.close()
    true(pair.is_empty())


@case
def ciphers():
    Pair()
    context = tls.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    eq(context.verify_mode, ssl.CERT_REQUIRED)
    eq(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).verify_mode, ssl.CERT_NONE)
    context.verify_mode = ssl.CERT_NONE
    name = "ECDHE-ECDSA-AES128-GCM-SHA256"
    true(name in context.get_ciphers())
    context.set_ciphers([name])
    raises(TypeError, context.set_ciphers, name)
    pair, near, thread, result, sock = client(context.wrap_socket)
    end_of(near, thread)
    sock.close()
    near, peer = connected(pair)
    context.set_ciphers(["BAR"])
    eq(number(context.wrap_socket, near), BAD_CONFIG)
    context.verify_callback = lambda cert, depth: 0
    context.set_ciphers([name])
    eq(number(context.wrap_socket, near), EOPNOTSUPP)
    near.close()
    peer.close()
    true(pair.is_empty())


def after(pair, ms, function):
    """Call it while the client waits."""
    at = pair.world.now + ms
    serve = pair.serve

    def serve_until_then():
        if pair.world.now >= at:
            pair.serve = pair.world.on_wait = serve
            function()
        serve()

    pair.serve = pair.world.on_wait = serve_until_then


def leave(peer):
    """Close the connection, and do not reset it."""
    peer.recv(1000)
    peer.close()


@case
def waits_for_the_handshake():
    """Within the socket's timeout, and without an end for one that does not block. Other sockets
    go on."""
    pair = Pair()
    near, peer = connected(pair)
    other, other_peer = connected(pair)
    other.settimeout(0)
    number(other.recv, 1)
    for seconds in 0.2, 5:
        near, peer = connected(pair)
        near.settimeout(seconds)
        start = pair.world.now
        other_peer.send(b"x")
        eq(number(ssl.wrap_socket, near), ETIMEDOUT)
        true(0 <= pair.world.now - start - seconds * 1000 < 100)
        eq(other.recv(1), b"x")
        near.close()
        peer.close()
    # One that does not block.
    for what in "session", "peer":
        near, peer = connected(pair)
        near.settimeout(0)
        after(
            pair,
            30000,
            pair.link_of_server.reset if what == "session" else functools.partial(leave, peer),
        )
        eq(number(ssl.wrap_socket, near), ECONNRESET if what == "session" else END)
        near.close()
        peer.close()
        true(what == "peer" or pair.is_empty())
    other_peer.close()
    true(pair.is_empty())


@case
def does_not_wait():
    """The first use begins the handshake. Nothing is written before it is over."""
    pair, near, thread, result, sock = client(lambda sock: sock)
    near.settimeout(0)
    near = verified(cafile=certificate()[0], waits=False)(near)
    # Polling for output does not begin it, as in firmware; asyncio relies on that.
    for _ in range(20):
        eq(near.ioctl(3, 4), 4)
        pair.run(1)
    eq((near.write(b"data"), near.read(1), near.readinto(bytearray(1))), (None, None, None))
    eq((number(near.send, b"x"), number(near.recv, 1)), (EAGAIN, EAGAIN))
    eq(near.ioctl(3, 5), 0)
    while not near.ioctl(3, 4):
        pair.run(1)
    eq(near.write(b"end"), 3)
    while not near.ioctl(3, 1):
        pair.run(1)
    eq(near.recv(10), b"end")
    thread.join()
    eq(result, [3])
    near.close()
    eq(near.ioctl(3, 5), 0x20)
    eq(number(near.write, b"x"), EBADF)
    true(pair.is_empty())
    # Polling for input begins it.
    sock.close()
    wrap = functools.partial(ssl.wrap_socket, do_handshake=False)
    pair, near, thread, result, sock = client(wrap)
    eq(near.ioctl(3, 1), 0)
    while not near.ioctl(3, 4):
        pair.run(1)
    end_of(near, thread)
    sock.close()


@case
def resets_at_any_time():
    """Either side is reset in the course of a handshake: nothing is left."""
    certificate()
    for ms in range(0, 40, 3):
        for side in "link", "link_of_server":
            pair, near, thread, result, sock = client(lambda sock: sock)
            after(pair, ms, getattr(pair, side).reset)
            wrap = verified(cafile=certificate()[0])
            try:
                near = wrap(near)
                pair.run(60)
                near.write(b"end")
                true(False)
            except OSError as e:
                eq(e.args[0], ECONNRESET)
            near.close()
            true(pair.is_empty())
            thread.join()
            # Another one works.
            thread, result = echo_server(sock)
            near = far.socket()
            near.connect(sock.getsockname())
            near = wrap(near)
            end_of(near, thread)
            sock.close()


@case
def streams_of_others():
    """TLS is the server's, so it is for the server's sockets."""
    Pair()
    eq(number(ssl.wrap_socket, io.BytesIO()), EOPNOTSUPP)
    stream = io.BytesIO()
    near = ssl.wrap_socket(stream, do_handshake=False)
    eq(number(near.write, b"x"), EOPNOTSUPP)
    for request, arg in (3, 1), (3, 4), (4, 0):
        eq(number(near.ioctl, request, arg), EOPNOTSUPP)
    near.close()
    true(stream.closed)


@case
def errors():
    Pair()
    near, peer = connected(Pair())
    context = tls.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    raises(ValueError, context.wrap_socket, near, match="requires server_hostname")
    wrap = verified(cadata=b"no certificate")
    raises(ValueError, wrap, near, match="invalid cert")
    wrap = functools.partial(ssl.wrap_socket, cert=b"no certificate", key=b"no key")
    raises(ValueError, wrap, near, match="invalid cert or key")
    peer.send(b"x")
    near.ioctl(3, 1)
    private(near)._await(lambda: private(near)._count)
    raises(ValueError, ssl.wrap_socket, near)
    near.close()
    peer.close()
    near = far.socket()
    eq(number(ssl.wrap_socket, near), ENOTCONN)
    near.close()


@case
def accepted():
    pair = Pair()
    cert, key = certificate()
    port = free_port()
    sock = far.socket()
    sock.setsockopt(far.SOL_SOCKET, far.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.listen()
    context = real_ssl.create_default_context(cafile=cert)

    def run():
        raw = real.socket()
        raw.settimeout(30)
        raw.connect(resolved(port))
        with context.wrap_socket(raw, server_hostname="localhost") as peer:
            peer.sendall(b"hello\n")
            return peer.recv(100)

    thread, result = in_thread(run)
    near = sock.accept()[0]
    # The peer begins at once; nothing of that is taken for the program's data.
    pair.run(100)
    context_here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context_here.load_cert_chain(cert, key)
    near = context_here.wrap_socket(near, server_side=True)
    near.settimeout(2000)
    eq(near.readline(), b"hello\n")
    near.write(b"welcome")
    pair.run()
    thread.join()
    eq(result, [b"welcome"])
    near.close()
    sock.close()
    true(pair.is_empty())


@case
def limits():
    limited_tls(ssl)


@case
def before_it_is_connected():
    """As asyncio does it."""
    pair = Pair()
    sock, address = listener()
    thread, result = echo_server(sock)
    near = far.socket()
    near.setblocking(False)
    number(near.connect, address)
    near = verified(cadata=content(certificate()[0]), waits=False)(near)
    near.setblocking(True)
    near.settimeout(1000)
    near.write(b"end")
    eq(near.read(3), b"end")
    thread.join()
    eq(result, [3])
    near.close()
    # One that is not connecting, either.
    thread, result = echo_server(sock)
    raw = far.socket()
    near = verified(cadata=content(certificate()[0]), waits=False)(raw)
    eq((number(near.write, b"end"), near.ioctl(3, 5)), (ENOTCONN, raw.ioctl(3, 5)))
    raw.connect(address)
    end_of(near, thread)
    # One that is never connected, and certificates that are none.
    near = far.socket()
    near.setblocking(False)
    number(near.connect, (HOST, free_port()))
    near = ssl.wrap_socket(near, do_handshake=False)
    near.settimeout(1000)
    eq(number(near.write, b"x"), ECONNREFUSED)
    near.close()
    near = far.socket()
    near.setblocking(False)
    number(near.connect, address)
    raises(ValueError, verified(cadata=b"no certificate"), near, match="invalid cert")
    near.close()
    true(pair.is_empty())
    sock.close()


@case
def key_with_a_password():
    """The server does not ask for it at its console."""
    cert, key = certificate()
    command = f"openssl ec -in {key} -aes128 -passout pass:secret -out {key}_encrypted"
    subprocess.run(command.split(), check=True, capture_output=True)
    near, peer = connected(Pair())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, f"{key}_encrypted")
    wrap = functools.partial(context.wrap_socket, server_side=True)
    raises(ValueError, wrap, near, match="invalid cert or key")
    near.close()
    peer.close()


@case
def wrong_requests():
    """A client that keeps no rule."""
    pair = Pair()
    good = content(certificate()[0])
    for data in (
        b"",
        b"\0",
        b"\0\0",
        bytes((0, 3)) + bytes(10),
        bytes((0, 255)) + bytes(10),
        # Verification without a name.
        bytes((0, 2)) + bytes(10),
        bytes((0, 0)) + bytes(9),
        bytes((0, 0)) + b"\xff\xff" + bytes(8),
        bytes((0, 0)) + b"\2\0\xff\xfe" + bytes(8),
        bytes((1, 0)) + bytes(2) + pack("<H", len(good)) + good + bytes(6),
        bytes((0, 1)) + bytes(6) + pack("<H", 5) + b"-----" + bytes(2),
        bytes((0, 0)) + bytes(8) + pack("<H", 2) + b"\xff\xfe",
    ):
        near, peer = connected(pair)
        true(number(lambda: far._ask(near, 20, data)) in (EINVAL, EIO))
        near.close()
        peer.close()
    true(pair.is_empty())
    eq(pair.link.session, 1)


@case
def what_nobody_asks_for():
    hostile.unasked()


@case
def random_messages():
    hostile.random_messages(1000)


end()
