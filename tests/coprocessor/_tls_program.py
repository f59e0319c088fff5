# SPDX-License-Identifier: MIT
# The client's end of a line to a server whose firmware has TLS:
#
#   _tls_program.py FD FOLDER PORT WHAT
#
# FOLDER has the certificates; WHAT is a function here. Prints what a test expects.

import asyncio
import sys

import coprocessor

link = coprocessor.start(open(int(sys.argv[1]), "r+b"), rx=4096, timeout=60000, keepalive=60000)

import socket  # noqa: E402
import ssl  # noqa: E402

FOLDER = sys.argv[2]
PORT = int(sys.argv[3])
DATA = bytes(range(256)) * 60


def connected():
    s = socket.socket()
    s.connect(("127.0.0.1", PORT))
    return s


def context_for(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations("%s/%s.der" % (FOLDER, name))
    return context


def echoes(s):
    """Sends and receives at once, as the peer's buffers are limited."""
    got = b""
    at = 0
    s.setblocking(False)
    while len(got) < len(DATA):
        if at < len(DATA):
            at += s.write(DATA[at : at + 2000]) or 0
        got += s.read(1000) or b""
        link.poll()
    s.setblocking(True)
    return got == DATA


def failure(name, host, waits):
    """The errors of a connection that must not come about: of the handshake, and later ones."""
    s = connected()
    context = context_for(name)
    errors = []
    for function in (
        lambda s: context.wrap_socket(s, server_hostname=host, do_handshake_on_connect=waits),
        lambda s: s.write(b"secret") and s.read(1),
        lambda s: s.read(1),
    ):
        try:
            s = function(s)
        except (OSError, ValueError) as e:
            errors.append(str(e.args[0]).strip())
    s.close()
    return errors


def talk():
    s = context_for("authority").wrap_socket(connected(), server_hostname="localhost")
    with open(FOLDER + "/server.der", "rb") as f:
        print(s.getpeercert(True) == f.read(), s.cipher()[1])
    print(echoes(s))
    s.write(b"end")
    # The peer ends TLS, which ends the stream.
    print(s.read(3), s.read())
    s.close()


def greetings():
    for _ in range(10):
        s = context_for("authority").wrap_socket(connected(), server_hostname="localhost")
        print(s.read(7))
        s.close()


def page():
    s = context_for("authority").wrap_socket(connected(), server_hostname="localhost")
    s.write(b"GET / HTTP/1.0\r\n\r\n")
    line = s.readline()
    s.close()
    print(line)


def refusals():
    for waits in True, False:
        print("wrong authority", *failure("other", "localhost", waits))
        print("wrong name", *failure("authority", "example.org", waits))
    s = connected()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=b"no certificate")
    try:
        context.wrap_socket(s, server_hostname="localhost")
    except ValueError as e:
        print("no certificate:", e)
    s.close()
    # Without verification, or in spite of it, and that the server is still there.
    context = context_for("other")
    context.verify_mode = ssl.CERT_OPTIONAL
    for wrap in ssl.wrap_socket, lambda s: context.wrap_socket(s, server_hostname="localhost"):
        s = wrap(connected())
        s.write(b"end")
        print(s.read(3))
        s.close()
    print("session", link.session)


def tasks():
    async def get():
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", PORT, ssl=context_for("authority"), server_hostname="localhost"
        )
        writer.write(b"end")
        await writer.drain()
        data = await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        return data

    async def main():
        print(*await asyncio.gather(get(), get()))

    asyncio.run(main())


def accept():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", PORT))
    listener.listen()
    print("listening")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER + "/server.der", FOLDER + "/server_key.der")
    for _ in range(3):
        s, _ = listener.accept()
        try:
            s = context.wrap_socket(s, server_side=True)
            print(s.readline())
            s.write(b"welcome")
        except OSError as e:
            # The peer's alert, or that it has closed the connection while TLS was writing.
            print("error", e.errno in (-30592, 32, 104))
        s.close()


globals()[sys.argv[4]]()
