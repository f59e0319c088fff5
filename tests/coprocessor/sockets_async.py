# SPDX-License-Identifier: MIT
# targets: unix-x64
# needs: coprocessor
# timeout: 60
#
# The firmware's own select and asyncio with sockets of the server.

import asyncio
import select
import sys
from errno import ECONNREFUSED, ECONNRESET

from _net import HOST, Pair, connected, far, free_port, number, real, resolved
from check import case, end, eq, true

sys.modules["socket"] = far


async def clock(pair):
    """Time goes on while the tasks of a test wait, and the link is served."""
    while True:
        pair.world.tick(pair.tick)
        pair.link.poll()
        pair.serve()
        await asyncio.sleep(0)


def run(function, **options):
    pair = Pair(**options)
    pair.tick = 1  # Milliseconds.

    async def main():
        task = asyncio.create_task(clock(pair))
        try:
            await asyncio.wait_for(function(pair), 20)
        finally:
            task.cancel()

    asyncio.run(main())
    asyncio.new_event_loop()
    return pair


async def shown(peer, n):
    """What a real socket receives, while other tasks run."""
    data = b""
    peer.setblocking(False)
    while len(data) < n:
        try:
            more = peer.recv(n - len(data))
            if not more:
                break
            data += more
        except OSError:
            await asyncio.sleep(0)
    return data


@case
def polls():
    pair = Pair()
    near, peer = connected(pair)
    poller = select.poll()
    poller.register(near, select.POLLIN)
    eq(poller.poll(0), [])
    pair.run()
    peer.send(b"x")
    pair.run()
    eq(poller.poll(0), [(near, select.POLLIN)])
    poller.modify(near, select.POLLIN | select.POLLOUT)
    eq(poller.poll(0), [(near, select.POLLIN | select.POLLOUT)])
    peer.close()
    near.close()


@case
def client_streams():
    async def test(pair):
        sock = real.socket()
        port = free_port()
        sock.setsockopt(real.SOL_SOCKET, real.SO_REUSEADDR, 1)
        sock.bind(resolved(port))
        sock.listen(1)
        reader, writer = await asyncio.open_connection(HOST, port)
        peer = sock.accept()[0]
        sock.close()
        data = bytes(range(250)) * 20
        writer.write(data)
        await writer.drain()
        eq(await shown(peer, len(data)), data)
        peer.send(b"line\nrest")
        eq(await reader.readline(), b"line\n")
        eq(await reader.readexactly(4), b"rest")
        peer.send(data[:3000])
        eq(await reader.readexactly(3000), data[:3000])
        peer.close()
        eq(await reader.read(), b"")
        writer.close()
        await writer.wait_closed()

    true(run(test).is_empty())


@case
def refused_and_reset():
    async def test(pair):
        reader, writer = await asyncio.open_connection(HOST, free_port())
        try:
            await reader.read(1)
            raise AssertionError
        except OSError as e:
            eq(e.errno, ECONNREFUSED)
        writer.close()
        near, peer = connected(pair)
        near.setblocking(False)
        stream = asyncio.StreamReader(near)
        task = asyncio.create_task(stream.read(1))
        await asyncio.sleep(0)
        pair.link_of_server.reset()
        try:
            await task
            raise AssertionError
        except OSError as e:
            eq(e.errno, ECONNRESET)
        near.close()
        peer.close()

    true(run(test).is_empty())


PING, PONG = 2, 3


def frames(end):
    """The kinds of the frames that an end writes from now on. A line in virtual time takes each at
    once."""
    kinds = []
    write = end.write

    def recording(view):
        kinds.append(view[1] & 15)
        n = write(view)
        eq(n, len(view))
        return n

    end.write = recording
    return kinds


@case
def idle_tasks_send_keep_alives_only():
    async def test(pair):
        peers = []
        tasks = []
        for i in range(5):
            near, peer = connected(pair)
            near.setblocking(False)
            peers.append(peer)
            tasks.append(asyncio.create_task(asyncio.StreamReader(near).readexactly(1)))
        # They get their credit first.
        began = pair.world.now
        while pair.world.now - began < 500:
            await asyncio.sleep(0)
        pair.tick = 20
        kinds = [frames(end) for end in pair.world.ends]
        began = pair.world.now
        while pair.world.now - began < 20000:
            await asyncio.sleep(0)
        sent = kinds[0] + kinds[1]
        eq(set(sent), {PING, PONG})
        # Each side asks after 1.5 s, half the keep-alive time, and answers.
        true(0 < len(sent) <= 20000 // 1500 * 4)
        for peer in peers:
            peer.send(b"x")
        for task in tasks:
            eq(await task, b"x")
            peers.pop().close()

    pair = run(test)
    eq(pair.link.session, 1)


@case
def server_with_parallel_clients():
    count = 10

    async def test(pair):
        port = free_port()
        most = [0, 0]

        async def serve(reader, writer):
            most[0] += 1
            most[1] = max(most)
            line = await reader.readline()
            writer.write(b"you said " + line + b"x" * 1000)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            most[0] -= 1

        server = await asyncio.start_server(serve, HOST, port)
        peers = []
        for i in range(count):
            peer = real.socket()
            # More may wait than the backlog holds, so connect without waiting.
            peer.setblocking(False)
            number(peer.connect, resolved(port))
            peers.append(peer)
            await asyncio.sleep(0)
        for i, peer in enumerate(peers):
            while number(peer.send, b"line %d\n" % i) is not None:
                await asyncio.sleep(0)
        for i, peer in enumerate(peers):
            expected = b"you said line %d\n" % i + b"x" * 1000
            eq(await shown(peer, 2000), expected)
            peer.close()
        true(most[1] > 1)
        server.close()
        await server.wait_closed()

    pair = run(test, sockets=12)
    true(pair.is_empty())


@case
def two_tasks_of_one_socket():
    """One reads and one writes, more than all buffers hold."""

    async def test(pair):
        near, peer = connected(pair)
        near.setblocking(False)
        stream = asyncio.StreamReader(near)
        data = bytes(range(256)) * 40

        async def write():
            stream.write(data)
            await stream.drain()

        async def echo():
            peer.setblocking(False)
            left = len(data)
            while left:
                try:
                    part = peer.recv(700)
                    left -= len(part)
                except OSError:
                    await asyncio.sleep(0)
                    continue
                while part:
                    try:
                        part = part[peer.send(part) :]
                    except OSError:
                        await asyncio.sleep(0)

        tasks = [asyncio.create_task(write()), asyncio.create_task(echo())]
        eq(await stream.readexactly(len(data)), data)
        for task in tasks:
            await task
        near.close()
        peer.close()

    true(run(test, window=512, buffer=512).is_empty())


end()
