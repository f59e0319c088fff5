# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# long: host
#
# Programs on the emulated Pico fetch a page over its own machine.UART, through a server of sockets
# on CPython.

import contextlib
import os
import socket
import sys
import tempfile
import threading
import time
from binascii import crc32

sys.path[:0] = ["tests", "tests/harness", "tests/coprocessor", "."]

from check import case, end, eq, note, true  # noqa: E402
from lib import pico  # noqa: E402
from runner import install  # noqa: E402

from coprocessor.link import Link  # noqa: E402
from coprocessor.netserver import NetServer  # noqa: E402

SIZE = 20000
PAGE = bytes(range(250)) * (SIZE // 250)

MEMORY = """
import gc
from machine import UART
uart = UART(0, 921600, rxbuf=4096)

def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()

used()
before = used()
import coprocessor
import coprocessor.link
link_code = used()
import coprocessor.socket
code = used()
link = coprocessor.start(uart, rx=4096, timeout=30000)
import socket
started = used()
link.connect()
s = socket.socket()
opened = used()
print(link_code - before, code - link_code, started - code, opened - started)
"""

FETCH = """
from binascii import crc32
s.connect(socket.getaddrinfo("localhost", PORT)[0][-1])
s.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
while s.readline() != b"\\r\\n":
    pass
buffer = bytearray(1024)
n = total = 0
while True:
    k = s.readinto(buffer)
    if not k:
        break
    n += k
    total = crc32(memoryview(buffer)[:k], total)
s.close()
print(n, total)
"""

TASKS = """
import asyncio

async def get():
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    await writer.drain()
    body = await reader.read(-1)
    writer.close()
    await writer.wait_closed()
    return len(body) - body.find(b"\\r\\n\\r\\n") - 4

async def main():
    print(await asyncio.gather(get(), get()))

asyncio.run(main())
print(link.session, [i for i in socket._sockets if i])
"""


GARBAGE = """
import coprocessor, gc
from machine import UART
link = coprocessor.start(UART(0, 921600, rxbuf=4096), rx=4096, timeout=30000)
import socket, sys
link.connect()

def forget(n):
    for _ in range(n):
        s = socket.socket()
        s.connect(("127.0.0.1", PORT))
        s.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
        s.read(10)

# More than there may be at a time.
forget(20)
for _ in range(3):
    gc.collect()
    link.wait(lambda: False not in list(socket._sockets))
# The collector may take an old word on the stack for a socket.
print("coprocessor.garbage" in sys.modules, len([s for s in socket._sockets if s]) <= 2)
print(link.session)
"""


def install_package(device, more=()):
    device.run("import os\nos.mkdir('/lib')\nos.mkdir('/lib/coprocessor')\n", 60)
    names = ["__init__", "framing", "line", "link", "socket", *more]
    for files in install.package_files(["coprocessor"]).values():
        for file in files:
            if file.stem in names:
                install.put(device, file, f"/lib/coprocessor/{file.name}")


def web_server(at_end):
    """The port of a server of one page."""
    listener = at_end.enter_context(socket.create_server(("127.0.0.1", 0)))

    def serve(peer):
        with peer:
            request = b""
            while b"\r\n\r\n" not in request:
                request += peer.recv(1000)
            peer.sendall(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n" + PAGE)

    def accept():
        while True:
            try:
                peer = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def run(*sources, with_finaliser=False):
    """(output, error) of programs on a board whose UART 0 leads to a server of sockets."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as at_end:
        port = web_server(at_end)
        path = os.path.join(folder, "uart0")
        done = threading.Event()
        listener = at_end.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen()
        listener.settimeout(60)

        def serve():
            with listener.accept()[0] as stream:
                link = Link(stream, rx=4096)
                server = NetServer(link)
                with contextlib.suppress(OSError):
                    while not done.is_set():
                        got = link.poll()
                        if not server.poll() and not got:
                            time.sleep(0.001)
                server.close()

        thread = threading.Thread(target=serve)
        thread.start()
        at_end.callback(thread.join)
        device = pico.board("--uart0", path)
        at_end.callback(device.stop)
        at_end.callback(done.set)
        device.start()
        install_package(device, ["garbage"] if with_finaliser else [])
        if with_finaliser:
            for file in install.module_files(pico.TARGET, ["finaliserproxy"]):
                install.put(device, file, f"/lib/{file.name}")
        return device.run(f"PORT = {port}\n" + "".join(sources), 500)


@case
def pages():
    output, error = run(MEMORY, FETCH, TASKS)
    eq(error, "")
    memory, fetched, tasks, end_ = output.splitlines()
    link, sockets, started, opened = map(int, memory.split())
    note(
        f"{link} bytes of the Pico's heap for link, {sockets} for socket, {started} for start(), "
        f"{opened} for a socket"
    )
    true(link + sockets < 22000)
    eq(fetched, f"{SIZE} {crc32(PAGE)}")
    eq(tasks, f"[{SIZE}, {SIZE}]")
    eq(end_, "1 []")


@case
def forgotten():
    """With finaliserproxy, sockets that are garbage are closed."""
    output, error = run(GARBAGE, with_finaliser=True)
    eq((output.splitlines(), error), (["True True", "1"], ""))


end()
