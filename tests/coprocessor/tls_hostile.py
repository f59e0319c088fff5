# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor
# timeout: 120
#
# A server that keeps no rule answers what the client's TLS asks for.

from _net import Pair, far, number
from _private import private
from _world import Random
from check import case, end, eq, raises, true

from coprocessor import ssl, tls

CONNECT, HANDSHAKE, WRAP, TELL = 3, 7, 20, 21
CONNECTED, ERROR, GRANT, ANSWER = 2, 3, 4, 16
REASON, CERTIFICATE, CIPHER, CIPHERS, CHAIN = range(5)
EIO = 5
EAGAIN = 11
EBADF = 9
EINVAL = 22
ECONNRESET = 104
ETIMEDOUT = 110
BAD_CERTIFICATE = (-0x2700 & 0xFFFF).to_bytes(2, "little")


class Liar:
    """The server's end of a pair. It says {kind: function} of the socket's number and the rest of
    a message: these make lists of messages."""

    def __init__(self, **options):
        self.pair = pair = Pair(**options)
        pair.serve = pair.world.on_wait = self.serve
        self.partial = b""
        self.queue = []
        self.told = {}  # What TELL gets.
        self.asked = []
        self.says = {
            CONNECT: lambda id, rest: [bytes((CONNECTED, id)), bytes((GRANT, id, 0, 4))],
            WRAP: lambda id, rest: [self.answer(id, rest)],
            HANDSHAKE: lambda id, rest: [bytes((CONNECTED, id))],
            TELL: self.tell,
        }
        pair.link_of_server.on(16, self.take)
        pair.link.connect()

    def answer(self, id, rest, data=b"", error=b"\0\0"):
        return bytes((ANSWER, id, rest[0])) + error + data

    def tell(self, id, rest):
        what, at = rest[1], rest[2] | rest[3] << 8
        self.asked.append((what, at))
        told = self.told.get(what, b"")
        if not isinstance(told, bytes):
            return [self.answer(id, rest, told(at))]
        return [self.answer(id, rest, told[at : at + 1024])]

    def take(self, piece, last):
        self.partial += bytes(piece)
        if last:
            message, self.partial = self.partial, b""
            says = self.says.get(message[0])
            if says:
                self.queue += says(message[1], message[2:])

    def serve(self):
        link = self.pair.link_of_server
        while link.up and self.queue and link.send(17, self.queue[0], False):
            self.queue.pop(0)
        link.poll()

    def connected(self):
        near = far.socket()
        near.connect(("1.2.3.4", 5))
        return near


@case
def as_it_should_be():
    """This server can do it."""
    liar = Liar()
    liar.told = {CERTIFICATE: bytes(3000), CIPHER: b"name\0version", CIPHERS: b"a\0b\0c"}
    near = ssl.wrap_socket(liar.connected())
    eq((near.getpeercert(True), near.cipher()), (bytes(3000), ("name", "version")))
    eq(liar.asked, [(1, 0), (1, 1024), (1, 2048), (2, 0)])
    eq(tls.SSLContext(0).get_ciphers(), ["a", "b", "c"])
    eq(near.write(b"data"), 4)
    near.close()


@case
def answers_without_end():
    for n in 1024, 2000, 2043:
        liar = Liar()
        near = ssl.wrap_socket(liar.connected())
        for what, call in (CERTIFICATE, lambda: near.getpeercert(True)), (CIPHER, near.cipher):
            liar.told[what] = lambda at: bytes(n)
            liar.asked = []
            eq(number(call), EIO)
            true(len(liar.asked) <= 16)
        eq(liar.pair.link.session, 1)
    # One that is longer than a message may be ends the session.
    liar.told[CIPHER] = lambda at: bytes(2044)
    eq(number(near.cipher), ECONNRESET)


@case
def texts():
    """Those that are no texts, and reasons that have none."""
    for text, error in (b"\xff\xfe", ValueError), (b"", OSError), (b"no", ValueError):
        liar = Liar()
        liar.says[HANDSHAKE] = lambda id, rest: [bytes((ERROR, id)) + BAD_CERTIFICATE]
        liar.told[REASON] = text
        near = liar.connected()
        raises(error, ssl.wrap_socket, near)
        eq(liar.asked, [(0, 0)])
        near.close()
        eq(number(near.write, b"x"), EBADF)
    for error, text, wanted in (
        (b"\x16\0", b"\xff", ValueError),
        (b"\x16\0", b"", OSError),
        (b"\x05\0", b"text", OSError),
        (b"\xff\xff", b"text" * 100, OSError),
    ):
        liar = Liar()
        liar.says[WRAP] = lambda id, rest: [liar.answer(id, rest, text, error)]
        near = liar.connected()
        raises(wanted, ssl.wrap_socket, near)
        near.close()


@case
def silence():
    """Each wait has an end: the link's timeout, or the socket's for a handshake."""
    for kind, wanted in (WRAP, 2000), (HANDSHAKE, 300), (TELL, 2000):
        liar = Liar()
        del liar.says[kind]
        near = liar.connected()
        near.settimeout(0.3)
        start = liar.pair.world.now
        eq(number(lambda: ssl.wrap_socket(near).cipher()), ETIMEDOUT)
        true(wanted <= liar.pair.world.now - start < wanted + 100)
        near.close()


@case
def ends_that_nobody_asked_for():
    """CONNECTED before the handshake has begun is none of its end."""
    liar = Liar()
    handshake = liar.says.pop(HANDSHAKE)
    near = liar.connected()
    near.setblocking(False)
    near = ssl.wrap_socket(near, do_handshake=False)
    liar.queue += [bytes((CONNECTED, 1))] * 3
    liar.pair.run()
    eq((near.write(b"x"), near.ioctl(3, 5)), (None, 0))
    liar.pair.run()
    eq((near.write(b"x"), near.ioctl(3, 5)), (None, 0))
    liar.queue += handshake(1, b"") * 3
    liar.pair.run()
    eq((near.write(b"x"), near.ioctl(3, 5)), (1, 4))
    near.close()


@case
def a_line_that_takes_nothing():
    """The handshake begins when it can be sent, and is not over before."""
    liar = Liar()
    near = liar.connected()
    near.setblocking(False)
    near = ssl.wrap_socket(near, do_handshake=False)
    link = liar.pair.link
    send = link.send
    link.send = lambda *args: False
    for _ in range(3):
        eq((near.write(b"x"), near.ioctl(3, 5)), (None, 0))
    link.send = send
    eq(near.write(b"x"), None)
    liar.pair.run()
    eq(near.write(b"x"), 1)
    near.close()


def context_with(callback):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_OPTIONAL
    context.verify_callback = callback
    return context


@case
def callbacks():
    """The program's sees what the server has kept, before anything is sent."""
    for does, number_of in (0, None), (7, 7), (-3, -3):
        seen = []

        def callback(cert, depth):
            seen.append((bytes(cert), depth))
            return does * (1 - depth)

        liar = Liar()
        liar.told[CHAIN] = b"\1\x20\3" + bytes(800) + b"\0\xe8\3" + b"x" * 1000
        near = liar.connected()
        wrap = context_with(callback).wrap_socket
        eq(number(wrap, near), number_of)
        eq(seen, [(bytes(800), 1), (b"x" * 1000, 0)])
        # A socket that was refused is closed.
        eq(number(near.write, b"x"), EBADF if does else None)
        near.close()
        # Of one that does not wait, the first use does.
        near = liar.connected()
        near.setblocking(False)
        near = wrap(near, do_handshake_on_connect=False)
        seen.clear()
        near.write(b"")
        while not near.ioctl(3, 4):
            liar.pair.run(1)
        eq(seen, [])
        eq(number(near.write, b"x"), number_of)
        eq(len(seen), 2)
        near.close()
    # Pieces of certificates.
    for told in b"\0", b"\0\1", b"\0\xff\xff", b"\0\xff\xffxy", b"\0\0\0" * 300, b"\0\1\0x\1":
        seen = []
        liar = Liar()
        liar.told[CHAIN] = told
        near = liar.connected()
        try:
            context_with(lambda cert, depth: seen.append(cert)).wrap_socket(near)
        except IndexError:
            pass
        true(sum(len(cert) for cert in seen) <= len(told))
        near.close()


@case
def anything():
    """Random answers raise what they may, and within a time."""
    random = Random(11)
    for _ in range(150):
        liar = Liar(timeout=300)

        def lie(id, rest):
            messages = []
            for _ in range(random.below(3)):
                message = bytes((random.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 16)), id))
                if random.below(2):
                    message += rest[:1] + b"\0\0"
                messages.append(message + random.bytes(random.below(30)))
            return messages

        near = liar.connected()
        for kind in WRAP, HANDSHAKE, TELL:
            if random.below(3):
                liar.says[kind] = lie
        near.settimeout(0.2)
        start = liar.pair.world.now
        try:
            near = context_with(lambda cert, depth: 0).wrap_socket(near)
            near.write(b"x")
            near.cipher()
            near.getpeercert(True)
        except (OSError, ValueError, IndexError):
            pass
        true(liar.pair.world.now - start < 3000)
        try:
            near.close()
        except OSError as e:
            eq(e.args[0], ETIMEDOUT)
        # The client goes on, and has nothing left but what the server does not close.
        true(len([s for s in far._sockets if s]) == 0)
        true(private(near)._count == 0)


end()
