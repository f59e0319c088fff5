# SPDX-License-Identifier: MIT
# One end of a line to another process: _net_program.py server FD, or client FD PORT, or
# asyncio FD PORT
#
# The client's part is a program that knows nothing of the co-processor but for its first lines.

import sys

import _end


class Network:
    """A stand-in."""

    def hostname(self):
        return "the server"


def page(port):
    import socket

    s = socket.socket()
    s.connect(socket.getaddrinfo("localhost", port)[0][-1])
    s.write(b"GET /page HTTP/1.0\r\n\r\n")
    line = s.readline()
    while s.readline() != b"\r\n":
        pass
    body = s.read()
    s.close()
    print("page", line.split()[1].decode(), len(body), sum(body))


def post(port):
    import socket

    s = socket.socket()
    s.connect(("127.0.0.1", port))
    data = bytes(range(256)) * 100
    s.write(b"POST /sum HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(data))
    s.write(data)
    answer = s.read()
    s.close()
    print("post", answer.split(b"\r\n\r\n")[1].decode())


def refused():
    import socket

    s = socket.socket()
    try:
        s.connect(("127.0.0.1", 1))
    except OSError as e:
        print("refused", e.errno)
    s.close()


def selects(port):
    import select
    import socket

    s = socket.socket()
    s.connect(("127.0.0.1", port))
    poller = select.poll()
    poller.register(s, select.POLLIN)
    s.write(b"GET /small HTTP/1.0\r\n\r\n")
    got = b""
    while True:
        for _, events in poller.poll(10000):
            part = s.recv(100)
            got += part
        if not part:
            break
    s.close()
    print("selects", got[-5:].decode())


def tasks(port):
    import asyncio

    async def get():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /page HTTP/1.0\r\n\r\n")
        await writer.drain()
        while await reader.readline() != b"\r\n":
            pass
        body = await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        return len(body)

    async def main():
        print("tasks", *await asyncio.gather(get(), get(), get()))

    asyncio.run(main())


def main():
    _end.serve(expose={"network": Network()} if "network" in sys.argv else None)
    import socket as builtin

    import coprocessor

    link = coprocessor.start(_end.stream(), rx=1024, timeout=30000)
    import socket

    assert socket is not builtin and socket.socket is not builtin.socket
    assert "msgpack" not in sys.modules and "coprocessor.client" not in sys.modules
    port = int(sys.argv[3])
    page(port)
    post(port)
    refused()
    if sys.argv[1] == "micropython":
        selects(port)
        tasks(port)
    if "network" in sys.argv:
        import network
        from network import hostname

        print("network", network.hostname(), hostname())
    print("session", link.session)


main()
