# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor
# timeout: 120
#
# Sockets of a client: what each function promises. The line is in virtual time.

import sys
from array import array
from errno import (
    EADDRINUSE,
    EAGAIN,
    EALREADY,
    EBADF,
    ECONNREFUSED,
    ECONNRESET,
    EINPROGRESS,
    EINVAL,
    ENOTCONN,
    ETIMEDOUT,
)

from _private import private
from _net import HOST, Pair, connected, far, free_port, listener, number, real, received, resolved
from check import case, collect_garbage, end, eq, raises, skip, true

EMFILE = 24
EISCONN = 106
EMSGSIZE = 90
EOPNOTSUPP = 95


def pattern(n, first=0):
    return bytes((first + i * 7) & 255 for i in range(n))


@case
def connect_send_receive_close():
    pair = Pair()
    near, peer = connected(pair)
    eq(near.send(b"hello"), 5)
    pair.run()
    eq(peer.recv(10), b"hello")
    peer.send(b"world")
    eq(near.recv(10), b"world")
    peer.send(b"more")
    eq(near.recv(2), b"mo")
    eq(near.recv(2), b"re")
    peer.close()
    eq(near.recv(2), b"")
    eq(near.recv(2), b"")
    near.close()
    near.close()
    true(pair.is_empty())


@case
def end_after_close():
    pair = Pair()
    near, peer = connected(pair)
    near.write(pattern(5000))
    near.close()
    pair.until(pair.is_empty)
    eq(received(peer, 6000), pattern(5000))
    eq(number(near.send, b"x"), EBADF)
    eq(number(near.recv, 1), EBADF)
    true(pair.is_empty())
    peer.close()


@case
def closed_in_the_middle_of_a_message():
    pair = Pair()
    near, peer = connected(pair)
    near.setblocking(False)
    eq(number(near.recv, 1), EAGAIN)
    pair.run()
    # A message of two frames, of which one has arrived.
    peer.send(pattern(510))
    pair.until(lambda: private(near)._count)
    true(private(near)._count < 510)
    near.close()
    pair.until(pair.is_empty)
    peer.close()
    near, peer = connected(pair)
    peer.send(b"hello")
    eq(near.recv(10), b"hello")
    eq(pair.link.session, 1)
    near.close()
    peer.close()


@case
def much_both_ways():
    pair = Pair(window=1000, buffer=700)
    near, peer = connected(pair)
    size = 20000
    data = pattern(size)
    peer.setblocking(False)
    sent = got = written = 0
    back = b""
    into = bytearray(777)
    while got < size or len(back) < size:
        if sent < size:
            try:
                sent += peer.send(data[sent : sent + 3000])
            except OSError as e:
                eq(e.args[0], EAGAIN)
        if got < size:
            n = near.readinto(into, min(size - got, 777))
            eq(bytes(into[:n]), data[got : got + n])
            got += n
        if len(back) < size:
            if written < size:
                written += near.write(data[written : written + 1111])
            pair.run(20)
            try:
                back += peer.recv(5000)
            except OSError as e:
                eq(e.args[0], EAGAIN)
    eq(back, data)
    near.close()
    peer.close()
    true(pair.is_empty())


@case
def read_and_readline():
    pair = Pair(window=64)
    near, peer = connected(pair)
    peer.send(b"GET /\r\n" + b"x" * 100 + b"\n\nrest" + b"y" * 70)
    peer.close()
    file = near.makefile("rb")
    eq(file.readline(), b"GET /\r\n")
    eq(file.readline(), b"x" * 100 + b"\n")
    eq(file.readline(), b"\n")
    eq(file.read(2), b"re")
    eq(file.readline(2), b"st")
    into = bytearray(60)
    eq(near.readinto(into), 60)
    eq(bytes(into), b"y" * 60)
    eq(near.readinto(into), 10)
    eq(near.readinto(into), 0)
    eq((near.read(), near.read(5), near.readline()), (b"", b"", b""))
    near.close()


@case
def writes_a_part():
    pair = Pair()
    near, peer = connected(pair)
    data = bytearray(b"0123456789")
    eq(near.write(data, 4), 4)
    eq(near.write(data, 6, 2), 2)
    eq(near.write(data, 8, 20), 2)
    eq(near.write(data, 20), 10)
    eq((near.write(data, 0), near.write(data, 20, 1)), (0, 0))
    pair.run()
    eq(peer.recv(100), b"01236789" + data)


@case
def negative_lengths():
    pair = Pair(window=64)
    near, peer = connected(pair)
    # As the firmware's streams, all; its sockets have no place for so much.
    data = b"0123456789"
    eq((near.write(data, -1), near.write(data, 4, -1), near.write(data, -4, 2)), (10, 6, 0))
    pair.run()
    eq(peer.recv(100), data + data[4:])
    # More than the window: the count of what is in it stays right.
    for _ in range(3):
        peer.send(pattern(50))
        raises(ValueError, near.recv, -1)
        raises(ValueError, near.recvfrom, -2)
        into = bytearray(50)
        eq(near.readinto(into, -1), 50)
        eq(into, pattern(50))
    peer.close()
    eq(near.read(-2), b"")


@case
def longer_items():
    """What travels are the bytes of a buffer, and they count."""
    pair = Pair(window=3000)
    near, peer = connected(pair)
    numbers = array("H", range(600))
    eq(near.send(numbers[:100]), 200)
    near.sendall(numbers)
    eq(near.write(memoryview(numbers)[:100]), 200)
    pair.run()
    eq(peer.recv(4000), bytes(numbers[:100]) + bytes(numbers) + bytes(numbers[:100]))
    # The bytes of a buffer cannot be set so; nothing is lost.
    peer.send(b"1234")
    raises(ValueError, near.readinto, array("H", [0, 0]))
    eq(near.recv(4), b"1234")


@case
def read_to_the_end():
    pair = Pair(window=100)
    near, peer = connected(pair)
    peer.send(pattern(5000))
    peer.close()
    eq(near.read(), pattern(5000))
    with near:
        pass
    true(pair.is_empty())


@case
def refused():
    pair = Pair()
    near = far.socket()
    eq(number(near.connect, (HOST, free_port())), ECONNREFUSED)
    eq(number(near.recv, 1), ECONNREFUSED)
    near.close()
    true(pair.is_empty())


@case
def not_connected():
    pair = Pair()
    near = far.socket()
    eq(number(near.recv, 1), ENOTCONN)
    eq(number(near.send, b"x"), ENOTCONN)
    eq(number(near.accept), EINVAL)
    near.bind((HOST, free_port()))
    near.listen(1)
    near.settimeout(0.1)
    eq(number(near.recv, 1), ENOTCONN)
    eq(number(near.read, 1), ENOTCONN)
    eq(number(near.send, b"x"), ENOTCONN)
    near.close()
    near, peer = connected(pair)
    eq(number(near.connect, (HOST, 1)), EISCONN)
    near.close()
    peer.close()


@case
def broken_by_the_peer():
    pair = Pair()
    near, peer = connected(pair)
    # Data that nobody reads makes close() a reset.
    near.send(b"unread")
    pair.run()
    peer.close()
    eq(number(near.recv, 1), ECONNRESET)
    near.close()
    true(pair.is_empty())


@case
def without_waiting():
    pair = Pair()
    sock, address = listener()
    near = far.socket()
    near.setblocking(False)
    eq(number(near.connect, address), EINPROGRESS)
    eq(number(near.connect, address), EALREADY)
    eq(number(near.send, b"x"), EAGAIN)
    pair.run()
    eq(near.send(b"x"), 1)
    peer = sock.accept()[0]
    eq(number(near.recv, 5), EAGAIN)
    eq((near.read(5), near.readline(), near.readinto(bytearray(5))), (None, None, None))
    peer.send(b"abc")
    pair.run()
    eq(near.read(5), b"abc")
    peer.send(b"de\nf")
    pair.run()
    eq((near.readline(), near.readline()), (b"de\n", b"f"))
    near.close()
    peer.close()
    sock.close()


@case
def link_takes_nothing():
    pair = Pair()
    near, peer = connected(pair)
    near.setblocking(False)
    pair.run()
    room = private(near)._room
    send = pair.link.send
    pair.link.send = lambda *args: False
    eq((number(near.send, b"x"), near.write(b"y")), (EAGAIN, None))
    eq(private(near)._room, room)
    # What is granted is told later.
    eq(number(near.recv, 1), EAGAIN)
    eq(private(near)._owed, 1536)
    pair.link.send = send
    eq(near.write(b"z"), 1)
    pair.run()
    eq(peer.recv(10), b"z")
    peer.send(b"a")
    near.setblocking(True)
    eq(near.recv(1), b"a")
    near.close()
    peer.close()


@case
def timeouts():
    pair = Pair()
    near, peer = connected(pair)
    near.settimeout(0.5)
    before = pair.world.now
    eq(number(near.recv, 1), ETIMEDOUT)
    true(500 <= pair.world.now - before <= 520)
    near.settimeout(None)
    peer.send(b"x")
    eq(near.recv(1), b"x")
    near.settimeout(0)
    eq(number(near.recv, 1), EAGAIN)
    near.close()
    peer.close()


@case
def full_buffers():
    """The server takes what its buffers hold, and no more, until the peer reads."""
    pair = Pair(buffer=1000)
    near, peer = connected(pair)
    near.setblocking(False)
    sent = 0
    block = pattern(4096)
    # The kernel's buffers take some megabytes.
    while True:
        n = near.write(block)
        if not n:
            pair.run(5)
            n = near.write(block)
            if not n and len(private(pair.server)._entries[private(near)._id].tx) > 500:
                break
        sent += n or 0
        true(len(private(pair.server)._entries[private(near)._id].tx) <= 1000)
    eq(number(near.send, b"x"), EAGAIN)
    near.settimeout(0.1)
    eq(number(near.send, b"x"), ETIMEDOUT)
    # Another socket works.
    other, its_peer = connected(pair)
    other.send(b"y")
    pair.run()
    eq(its_peer.recv(1), b"y")
    got = 0
    while got < sent:
        got += len(peer.recv(65536))
        pair.run(1)
    near.settimeout(None)
    eq(near.send(b"x"), 1)
    for sock in near, peer, other, its_peer:
        sock.close()


@case
def stalled_socket():
    """What a program does not read stays where it is, and other sockets go on."""
    pair = Pair(window=256)
    near, peer = connected(pair)
    other, its_peer = connected(pair)
    peer.send(pattern(3000))
    eq(near.recv(1), pattern(1))
    pair.run(100)
    eq(private(near)._count + private(near)._owed, 256)
    its_peer.send(pattern(3000, 1))
    eq(other.read(3000), pattern(3000, 1))
    eq(near.read(2999), pattern(3000)[1:])
    for sock in near, peer, other, its_peer:
        sock.close()
    true(pair.is_empty())


@case
def idle_line():
    """Open sockets send nothing."""
    pair = Pair()
    socks = [connected(pair) for _ in range(3)]
    for near, peer in socks:
        near.setblocking(False)
        eq(number(near.recv, 1), EAGAIN)
    pair.run(100)
    before = [end.sent for end in pair.world.ends]
    for _ in range(300):
        for near, peer in socks:
            eq(near.ioctl(3, 1), 0)
            eq(near.ioctl(3, 4), 4)
        pair.run(1)
    eq([end.sent for end in pair.world.ends], before)
    for near, peer in socks:
        near.close()
        peer.close()


@case
def accept():
    pair = Pair()
    port = free_port()
    sock = far.socket()
    sock.setsockopt(far.SOL_SOCKET, far.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.listen(2)
    other = far.socket()
    eq(number(other.bind, (HOST, port)), EADDRINUSE)
    other.close()
    sock.setblocking(False)
    eq(number(sock.accept), EAGAIN)
    eq(sock.ioctl(3, 1), 0)
    peers = []
    for i in range(3):
        peer = real.socket()
        peer.settimeout(5)
        peer.connect(resolved(port))
        peer.send(b"from %d" % i)
        peers.append(peer)
    pair.run()
    eq(sock.ioctl(3, 1), 1)
    sock.setblocking(True)
    for i in range(3):
        near, address = sock.accept()
        eq(address[0], HOST)
        eq(near.recv(10), b"from %d" % i)
        near.send(b"to %d" % i)
        pair.run()
        eq(peers[i].recv(10), b"to %d" % i)
        near.close()
        pair.run()
        eq(peers[i].recv(1), b"")
        peers[i].close()
    sock.close()
    true(pair.is_empty())


@case
def datagrams():
    pair = Pair()
    port = free_port(real.SOCK_DGRAM)
    peer = real.socket(real.AF_INET, real.SOCK_DGRAM)
    peer.settimeout(5)
    peer.bind(resolved(port))
    near = far.socket(far.AF_INET, far.SOCK_DGRAM)
    eq(near.sendto(b"question", (HOST, port)), 8)
    pair.run()
    data, address = peer.recvfrom(100)
    eq(data, b"question")
    peer.sendto(b"answer", address)
    eq(near.recvfrom(100), (b"answer", (HOST, port)))
    for n in 0, 1, 300, 1472:
        near.sendto(pattern(n), (HOST, port))
        pair.run(100)
        eq(peer.recvfrom(2000)[0], pattern(n))
        peer.sendto(pattern(n), address)
        eq(near.recvfrom(2000), (pattern(n), (HOST, port)))
    eq(number(near.sendto, bytes(1473), (HOST, port)), EMSGSIZE)
    numbers = memoryview(array("H", range(740)))
    eq(near.sendto(numbers[:736], (HOST, port)), 1472)
    pair.run(100)
    eq(peer.recv(2000), bytes(numbers[:736]))
    eq(number(near.sendto, numbers[:737], (HOST, port)), EMSGSIZE)
    peer.sendto(b"cut", address)
    raises(ValueError, near.recv, -1)
    raises(ValueError, near.recvfrom, -1)
    eq(near.recv(2), b"cu")
    near.connect((HOST, port))
    near.send(b"connected")
    pair.run()
    eq(peer.recv(100), b"connected")
    # Many arrive as the program takes them.
    for i in range(40):
        peer.sendto(pattern(200, i), address)
    pair.run(100)
    true(private(near)._count <= 1536)
    eq([near.recv(1000) for _ in range(40)], [pattern(200, i) for i in range(40)])
    near.settimeout(0.1)
    eq(number(near.recv, 1), ETIMEDOUT)
    near.close()
    peer.close()
    true(pair.is_empty())


@case
def datagrams_to_the_client():
    pair = Pair()
    port = free_port(real.SOCK_DGRAM)
    near = far.socket(far.AF_INET, far.SOCK_DGRAM)
    near.bind((HOST, port))
    peer = real.socket(real.AF_INET, real.SOCK_DGRAM)
    peer.settimeout(5)
    peer.sendto(b"hello", resolved(port))
    near.setblocking(False)
    eq(number(near.recvfrom, 10), EAGAIN)
    pair.run()
    data, address = near.recvfrom(10)
    eq(data, b"hello")
    near.sendto(b"echo", address)
    pair.run()
    eq(peer.recv(10), b"echo")
    near.close()
    peer.close()


@case
def names():
    pair = Pair()
    eq(far.getaddrinfo(HOST, 80), [(2, 1, 0, "", (HOST, 80))])
    eq(
        far.getaddrinfo("0.0.0.0", 5, 0, far.SOCK_DGRAM),
        [(far.AF_INET, far.SOCK_DGRAM, 0, "", ("0.0.0.0", 5))],
    )
    true((2, 1, 0, "", (HOST, 80)) in far.getaddrinfo("localhost", 80))
    true(number(far.getaddrinfo, "no such name.invalid", 1) < 0)
    true(number(far.getaddrinfo, "x" * 300, 1) is not None)
    sock = far.socket()
    true(number(sock.connect, ("no such name.invalid", 1)) is not None)
    sock.close()
    true(pair.is_empty())


@case
def options():
    Pair()
    sock = far.socket()
    sock.setsockopt(far.SOL_SOCKET, far.SO_KEEPALIVE, 1)
    eq(number(sock.setsockopt, far.SOL_SOCKET, 99, 1), EINVAL)
    eq(number(sock.setsockopt, 77, 2, 1), EINVAL)
    sock.close()


@case
def no_tls():
    try:
        import ssl  # noqa: F401

        skip("this interpreter has ssl")
    except ImportError:
        pass
    from coprocessor import ssl as far_ssl

    Pair()
    near, peer = connected(Pair())
    eq(number(far_ssl.wrap_socket, near), EOPNOTSUPP)
    near.close()
    peer.close()


@case
def link_takes_nothing_for_long():
    """What the server has not been told can be said again."""
    pair = Pair(sockets=3)
    near = far.socket()
    pair.run()
    peer, address = listener()
    send = pair.link.send
    pair.link.send = lambda *args: False
    eq(number(near.connect, address), ETIMEDOUT)
    pair.link.send = send
    near.connect(address)
    pair.link.send = lambda *args: False
    eq(number(near.close), ETIMEDOUT)
    pair.link.send = send
    near.close()
    peer.close()
    true(pair.is_empty())


@case
def limits():
    pair = Pair(sockets=3)
    socks = [far.socket() for _ in range(3)]
    eq(number(far.socket), EMFILE)
    # One that is closed can be used again at once.
    for i in range(10):
        socks[i % 3].close()
        socks[i % 3] = far.socket()
    for sock in socks:
        sock.close()
    true(pair.is_empty())
    pair = Pair(sockets=8, **{"buffer": 2048})
    private(pair.server)._limit = 2
    socks = [far.socket() for _ in range(3)]
    pair.run()
    eq(number(socks[2].connect, (HOST, 1)), EMFILE)
    for sock in socks:
        sock.close()
    true(pair.is_empty())


@case
def resets():
    for which in 0, 1:
        pair = Pair()
        near, peer = connected(pair)
        udp = far.socket(far.AF_INET, far.SOCK_DGRAM)
        waits = far.socket()
        waits.bind((HOST, free_port()))
        waits.listen()
        pair.run()
        [pair.link, pair.link_of_server][which].reset()
        before = pair.world.now
        for sock in near, udp:
            eq(number(sock.recv, 1), ECONNRESET)
        true(pair.world.now - before < 1000)
        eq(number(near.send, b"x"), ECONNRESET)
        eq(number(udp.sendto, b"x", (HOST, 1)), ECONNRESET)
        eq(number(waits.accept), ECONNRESET)
        eq(near.ioctl(3, 5), 5 | 8 | 16)
        pair.run()
        eq(peer.recv(1), b"")
        peer.close()
        eq(len(private(pair.server)._entries), 0)
        # The next session works.
        other, its_peer = connected(pair)
        other.send(b"x")
        pair.run()
        eq(its_peer.recv(1), b"x")
        for sock in near, udp, waits, other, its_peer:
            sock.close()
        true(pair.is_empty())


@case
def reset_while_waiting():
    pair = Pair()
    near, peer = connected(pair)
    calls = []

    def serve():
        calls.append(1)
        if len(calls) == 20:
            pair.link_of_server.reset()
        pair.serve()

    pair.world.on_wait = serve
    eq(number(near.recv, 1), ECONNRESET)
    near.close()
    peer.close()


@case
def dead_server():
    pair = Pair()
    near, peer = connected(pair)
    pair.is_serving = False
    # The keep-alive time of the link.
    eq(number(near.recv, 1), ECONNRESET)
    eq(number(far.socket), ETIMEDOUT)
    eq(number(far.getaddrinfo, HOST, 1), ETIMEDOUT)
    peer.close()


@case
def poll_flags():
    pair = Pair()
    near, peer = connected(pair)
    eq(near.ioctl(3, 1), 0)
    pair.run()
    eq(near.ioctl(3, 5), 4)
    peer.send(b"x")
    pair.run()
    eq(near.ioctl(3, 5), 5)
    near.recv(1)
    eq(near.ioctl(3, 1), 0)
    peer.close()
    pair.run()
    eq(near.ioctl(3, 1), 1)
    eq(near.ioctl(99, 0), -EINVAL)
    eq(near.ioctl(4, 0), 0)
    eq(near.ioctl(3, 5), 0x20)
    near = far.socket()
    # A new one is writable and hung up, as the firmware's are.
    eq((near.ioctl(3, 5), near.ioctl(3, 1)), (4 | 16, 16))
    near.setblocking(False)
    eq(number(near.connect, (HOST, free_port())), EINPROGRESS)
    pair.run()
    eq(near.ioctl(3, 4), 4 | 8 | 16)
    eq(number(near.send, b"x"), ECONNREFUSED)
    near.close()


@case
def poll_serves_the_link():
    pair = Pair()
    near, peer = connected(pair)
    near.setblocking(False)
    eq(number(near.recv, 1), EAGAIN)
    pair.run()
    peer.send(b"x")
    # Nothing of the client runs but ioctl.
    for _ in range(50):
        pair.world.tick()
        pair.serve()
        if near.ioctl(3, 1):
            break
    eq(private(near)._count, 1)
    near.close()
    peer.close()


@case
def poll_of_a_ready_socket_serves_the_link():
    pair = Pair()
    near, peer = connected(pair)
    peer.send(b"x")
    eq(near.recv(1), b"x")
    peer.send(b"y")
    pair.until(lambda: near.ioctl(3, 1))
    # For longer than the keep-alive time the program does not take what there is.
    for _ in range(8000):
        pair.world.tick()
        pair.serve()
        eq(near.ioctl(3, 1), 1)
    eq(near.recv(1), b"y")
    eq((pair.link.session, pair.link_of_server.session), (1, 1))
    near.close()
    peer.close()


@case
def late_answer():
    """The answer to a request that was given up is not that of the next one."""
    pair = Pair()
    eq(far.getaddrinfo(HOST, 1)[0][-1], (HOST, 1))
    pair.link.timeout = 100
    poll = pair.server.poll
    for _ in range(2):
        pair.server.poll = lambda: False
        eq(number(far.getaddrinfo, "0.0.0.0", 1), ETIMEDOUT)
        # The answer arrives while the next request waits for its own.
        poll()
    pair.server.poll = poll
    pair.run()
    eq(far.getaddrinfo(HOST, 1)[0][-1], (HOST, 1))


@case
def bad_line():
    pair = Pair(window=600)
    for e in pair.world.ends:
        e.errors(300)
    near, peer = connected(pair)
    near.write(pattern(4000))
    peer.send(pattern(4000, 5))
    eq(near.read(4000), pattern(4000, 5))
    near.close()
    pair.until(pair.is_empty)
    eq(received(peer, 5000), pattern(4000))
    peer.close()


@case
def too_long():
    """What the server would not take is refused here, and other sockets do not notice."""
    pair = Pair()
    near, peer = connected(pair)
    long = "x" * 2100
    raises(ValueError, far.getaddrinfo, long, 80)
    other = far.socket()
    raises(ValueError, other.connect, (long, 80))
    raises(ValueError, other.bind, (long, 80))
    raises(ValueError, other.setsockopt, 0, 35, bytes(2100))
    other.close()
    other = far.socket(far.AF_INET, far.SOCK_DGRAM)
    raises(ValueError, other.sendto, b"x", (long, 80))
    other.close()
    from coprocessor import ssl

    raises(ValueError, ssl.wrap_socket, near, cadata=bytes(13000))
    near.write(b"x")
    pair.run()
    eq(received(peer, 1), b"x")
    eq(pair.link.session, 1)
    near.close()
    peer.close()


@case
def forgotten():
    """Without finaliserproxy; sockets_garbage.py is with it."""
    # Other scripts may want it here.
    module = sys.modules.pop("finaliserproxy", None)
    path = sys.path[:]
    sys.path[:] = []
    pair = Pair()
    sys.path[:] = path
    if module:
        sys.modules["finaliserproxy"] = module

    def forget():
        near, peer = connected(pair)
        near.send(b"x")
        return peer

    peer = forget()
    for _ in range(3):
        collect_garbage()
        pair.run()
    eq(len(private(pair.server)._entries), 1)
    eq(len([s for s in far._sockets if s]), 1)
    eq(received(peer, 1), b"x")
    peer.close()


end()
