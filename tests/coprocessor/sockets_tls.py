# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 60
#
# TLS of a CPython server for the client's sockets, against Python's own `ssl`.

import socket as real
import ssl as real_ssl
import subprocess
import sys
import threading
from struct import pack

sys.path[:0] = ["."]

from _certificate import certificate  # noqa: E402
from _net import HOST, Pair, connected, far, free_port, listener, number, resolved  # noqa: E402
from _private import private  # noqa: E402
from check import case, end, eq, raises, true  # noqa: E402

from coprocessor import ssl  # noqa: E402

EIO = 5
EINVAL = 22
EMFILE = 24
ECONNREFUSED = 111
BAD_CERTIFICATE = -0x2700


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
        raw.settimeout(5)
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


def verified(**options):
    def wrap(sock):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(options.get("cafile"), options.get("cadata"))
        return context.wrap_socket(sock, server_hostname=options.get("name", "localhost"))

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
    for wrap in verified(), verified(cadata=content(certificate()[0]), name="example.org"):
        pair, near, thread, result, sock = client(wrap)
        near.write(b"secret")
        eq(number(near.read, 1), BAD_CERTIFICATE)
        near.close()
        pair.run()
        thread.join()
        true(isinstance(result[0], OSError))
        sock.close()


@case
def errors():
    Pair()
    near, peer = connected(Pair())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    raises(ValueError, context.wrap_socket, near)
    context.load_verify_locations(cadata=b"no certificate")
    eq(number(lambda: context.wrap_socket(near, server_hostname="localhost")), EIO)
    peer.send(b"x")
    near.ioctl(3, 1)
    private(near)._await(lambda: private(near)._count)
    raises(ValueError, ssl.wrap_socket, near)
    near.close()
    peer.close()
    near = far.socket()
    eq(number(ssl.wrap_socket, near), EINVAL)
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
        raw.settimeout(5)
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
    """Each socket has TLS once, and so many sockets."""
    pair = Pair(tls=2)
    socks = [connected(pair) for _ in range(3)]
    for near, _ in socks[:2]:
        ssl.wrap_socket(near)
        eq(number(ssl.wrap_socket, near), EINVAL)
    eq(number(ssl.wrap_socket, socks[2][0]), EMFILE)
    socks[0][0].close()
    pair.run()
    ssl.wrap_socket(socks[2][0])
    for near, peer in socks:
        near.close()
        peer.close()
    true(pair.is_empty())


@case
def before_it_is_connected():
    """As asyncio does it."""
    pair = Pair()
    sock, address = listener()
    thread, result = echo_server(sock)
    near = far.socket()
    near.setblocking(False)
    number(near.connect, address)
    near = verified(cadata=content(certificate()[0]))(near)
    near.setblocking(True)
    near.settimeout(1000)
    near.write(b"end")
    eq(near.read(3), b"end")
    thread.join()
    eq(result, [3])
    near.close()
    # One that is never connected, and certificates that are none.
    near = far.socket()
    near.setblocking(False)
    number(near.connect, (HOST, free_port()))
    ssl.wrap_socket(near)
    near.settimeout(1000)
    eq(number(near.write, b"x"), ECONNREFUSED)
    near.close()
    near = far.socket()
    near.setblocking(False)
    number(near.connect, address)
    eq(number(verified(cadata=b"no certificate"), near), EIO)
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
    eq(number(lambda: context.wrap_socket(near, server_side=True)), EIO)
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
        bytes((0, 3)) + bytes(8),
        bytes((0, 255)) + bytes(8),
        # Verification without a name.
        bytes((0, 2)) + bytes(8),
        bytes((0, 0)) + bytes(7),
        bytes((0, 0)) + b"\xff\xff" + bytes(6),
        bytes((0, 0)) + b"\2\0\xff\xfe" + bytes(6),
        bytes((1, 0)) + bytes(2) + pack("<H", len(good)) + good + bytes(4),
        bytes((0, 1)) + bytes(6) + pack("<H", 5) + b"-----",
    ):
        near, peer = connected(pair)
        true(number(lambda: far._ask(near, 20, data)) in (EINVAL, EIO))
        near.close()
        peer.close()
    true(pair.is_empty())
    eq(pair.link.session, 1)


end()
