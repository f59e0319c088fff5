# SPDX-License-Identifier: MIT
# Programs on the client, which are as they would be on a board with a network:
# _programs.py ROLE FD NAME ARGUMENTS...

import sys
from binascii import crc32

import _end


def requests_get(url):
    """Pages, among them one as chunks of HTTP, which requests refuses."""
    import requests

    response = requests.get(url + "/large")
    print(response.status_code, response.headers["Content-Length"], crc32(response.content))
    try:
        requests.get(url + "/chunks")
    except ValueError as e:
        print(str(e).strip())
    response = requests.get(url + "/none")
    print(response.status_code, response.reason.decode())
    response.close()
    for path in "/json", "/moved/301", "/moved/302", "/moved/308":
        response = requests.get(url + path, timeout=20)
        print(response.status_code, response.reason.decode(), response.text)
        response.close()
    print(requests.get(url + "/json").json()["text"])
    print(requests.head(url + "/large").headers["Content-Length"])
    response = requests.get(url + "/headers", headers={"A": "b"}, auth=("me", "secret"))
    print(*response.json())


def requests_pieces(url):
    """A page that is longer than what a board has of memory."""
    import requests

    response = requests.get(url + "/large")
    n = total = 0
    buffer = bytearray(1000)
    while True:
        k = response.raw.readinto(buffer)
        if not k:
            break
        n += k
        total = crc32(memoryview(buffer)[:k], total)
    response.close()
    print(n, total)


def requests_post(url):
    import requests

    data = bytes(range(256)) * 200
    for body in data, (data[i : i + 3000] for i in range(0, len(data), 3000)):
        print(requests.post(url + "/sum", data=body).text)
    print(requests.post(url + "/sum", json={"a": [1, 2]}).text)
    print(requests.post(url + "/moved/307", data=b"again").text)
    print(requests.put(url + "/sum", data="text").text)


def requests_fails(url):
    """A server that ends too early, or resets the connection, or says nothing, or is not there."""
    import requests

    print(len(requests.get(url + "/early").content))
    try:
        requests.get(url + "/nothing")
    except ValueError as e:
        print(str(e).split("\n")[0])
    for path in "/reset", "/reset/headers", "/silent":
        try:
            print(len(requests.get(url + path, timeout=0.3).content))
        except OSError as e:
            print(path, e.errno)
    try:
        requests.get("http://localhost:1/")
    except OSError as e:
        print("refused", e.errno)
    # Sockets that it has forgotten to close are those of its own exceptions.
    print(requests.get(url + "/json").json()["text"])


def requests_tls(url):
    import requests

    response = requests.get(url + "/large")
    print(response.status_code, crc32(response.content))
    print(requests.post(url + "/sum", data=bytes(30000)).text)


def mip(url, arch, folder):
    import mip

    mip.install("%s/%s/msgpack.mpy" % (url, arch), target=folder)
    mip.install(url + "/none.mpy", target=folder)


def asyncio_tls(port, cert):
    import asyncio
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=cert)

    async def get():
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="localhost"
        )
        writer.write(b"GET /large HTTP/1.0\r\n\r\n")
        await writer.drain()
        while await reader.readline() != b"\r\n":
            pass
        body = await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        return crc32(body)

    async def nobody():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", 1, ssl=context)
            await reader.read(1)
        except OSError as e:
            return e.errno

    async def main():
        print(*await asyncio.gather(get(), get(), nobody()))

    asyncio.run(main())


def tls(port, cert):
    """A page, and a peer with another name."""
    import socket
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cafile=cert)
    with open(cert, "rb") as f:
        data = f.read()
    for name in "localhost", "example.org":
        s = socket.socket()
        s.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        try:
            s = context.wrap_socket(s, server_hostname=name)
            s.write(b"GET /json HTTP/1.0\r\n\r\n")
            print(name, s.cipher()[1], s.getpeercert(True) == data, s.readline())
        except ValueError as e:
            print(name, str(e).strip())
        s.close()


def web_server(port):
    import asyncio

    async def serve(reader, writer):
        method, path, _ = (await reader.readline()).split(b" ")
        n = 0
        while True:
            line = await reader.readline()
            if line in (b"\r\n", b""):
                break
            if line.lower().startswith(b"content-length:"):
                n = int(line.split(b":")[1])
        body = await reader.readexactly(n) if n else path * 2000
        head = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        writer.write(head)
        # A page may be longer than what a board has of memory.
        for i in range(0, len(body), 1000):
            writer.write(body[i : i + 1000])
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main():
        await asyncio.start_server(serve, "0.0.0.0", port, backlog=16)
        print("ready")
        await asyncio.sleep(600)

    asyncio.run(main())


def mqtt(port, keepalive, seconds):
    import time

    from _mqtt import Client

    client = Client("localhost", port, "board", keepalive)
    client.subscribe("down/#", 1)
    print("subscribed")
    client.publish("up/0", b"first")
    client.publish("up/1", b"second", 1)
    client.publish("up/large", bytes(range(256)) * 40, 1)
    for _ in range(3):
        topic, data = client.message()
        print(topic, len(data), crc32(data))
    end = time.time() + seconds
    while time.time() < end:
        client.serve(1)
    client.publish("up/last", b"%d" % (client.pings > 0), 1)
    client.close()


def main():
    _end.serve()
    import coprocessor

    link = coprocessor.start(_end.stream(), rx=4096, timeout=30000)
    name = sys.argv[3]
    globals()[name](*[int(word) if word.isdigit() else word for word in sys.argv[4:]])
    print("session", link.session)


if __name__ == "__main__":
    main()
