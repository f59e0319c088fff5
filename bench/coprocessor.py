#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How fast calls and data travel between two emulated Picos, with the client on one of them.

It wants `make interpreter TARGET=rpi-pico,unix-x64`, and writes coprocessor.json and the table in
coprocessor/README.md. Two runs agree to the cycle. In coprocessor.json:
  baud          the speed of the line; a byte has ten bits
  call          of remote.add(1, 2): how many a second, and the cycles of the client in one
  rpc, tasks, socket
                {bytes a block: [sent, received], in bytes a second}; tasks: calls of two at a time
The server's sockets are those of a stand-in, which takes and gives data at once.
"""

import json
import sys
from pathlib import Path

FILE = Path(__file__).parent / "coprocessor.json"
TOP = FILE.parents[1]
sys.path[:0] = [str(TOP / "tests"), str(TOP / "tools")]

import tables  # noqa: E402
from runner import pair  # noqa: E402

BAUD = 921600
CALLS = 100
AMOUNT = 32768  # Bytes in one direction.
LINK = f"UART(0, {BAUD}, rxbuf=4096), rx=4096"

COMMON = f"""
import gc
from time import ticks_diff, ticks_us
from controls import cycles, end, say
from machine import UART
AMOUNT = {AMOUNT}

def rate(what, size, f, count=1):
    "Of f, which transfers AMOUNT // count bytes, in blocks of a size."
    gc.collect()
    began = ticks_us()
    for _ in range(count):
        f()
    say(what, size, round(AMOUNT * 1e6 / ticks_diff(ticks_us(), began)))
"""

RPC_CLIENT = f"""
from coprocessor.client import Client
from coprocessor.link import Link
remote = Client(Link({LINK})).remote
add = remote.add
add(1, 2)
gc.collect()
began, counted = ticks_us(), cycles()
for _ in range({CALLS}):
    add(1, 2)
took = ticks_diff(ticks_us(), began)
say("call", round({CALLS} * 1e6 / took), (cycles() - counted & 0x3FFFFFFF) // {CALLS})
thing = remote.thing
for size in 1024, 4096, 16384:
    data = bytearray(size)
    for name in "write", "readinto":
        f = getattr(thing, name)
        f(data)
        rate(name, size, lambda: f(data), AMOUNT // size)

import asyncio
from coprocessor.aio import Async
f = Async(thing)

async def repeat(name):
    data = bytearray(1024)
    for _ in range(AMOUNT // 1024 // 2):
        await getattr(f, name)(data)

async def both(name):
    await asyncio.gather(repeat(name), repeat(name))

for name in "write", "readinto":
    rate("tasks " + name, 1024, lambda: asyncio.run(both(name)))
end()
"""

RPC_SERVER = f"""
from machine import UART
from coprocessor.link import Link
from coprocessor.server import Server

class Thing:
    def write(self, data):
        return len(data)

    def readinto(self, buffer):
        return len(buffer)

def add(a, b):
    return a + b

Server(Link({LINK}), {{"add": add, "thing": Thing()}}).serve()
"""

# The other end of a socket at port 1 takes data, and sends a byte when it has all; at port 2 it
# sends data when it gets a byte.
SOCKET_CLIENT = f"""
import coprocessor
coprocessor.start({LINK})
import socket

def write():
    for _ in range(AMOUNT // size):
        taker.write(data)
    taker.read(1)

def readinto():
    giver.write(b"x")
    for _ in range(AMOUNT // size):
        giver.readinto(data)

taker = socket.socket()
taker.connect(("taker", 1))
giver = socket.socket()
giver.connect(("giver", 2))
for size in 1024, 4096:
    data = bytearray(size)
    for f in write, readinto:
        rate(f.__name__, size, f)
end()
"""

SOCKET_SERVER = f"""
from machine import UART
from coprocessor.netserver import serve
serve({LINK})
"""

STAND_IN = f"""
import errno, io
AF_INET, SOCK_STREAM, SOCK_DGRAM = 2, 1, 2

def getaddrinfo(host, port, *args):
    return [(AF_INET, SOCK_STREAM, 0, "", (host, port))]

class socket(io.IOBase):
    def __init__(self, *args):
        self.got = 0
        self.due = 0

    def setblocking(self, on):
        pass

    def connect(self, address):
        self.port = address[1]

    def ioctl(self, request, arg):
        return arg & 5 if request == 3 else 0

    def send(self, data):
        if self.port == 2:
            self.due += {AMOUNT} * len(data)
        else:
            self.got += len(data)
            if self.got == {AMOUNT}:
                self.got = 0
                self.due += 1
        return len(data)

    def recv(self, n):
        n = min(n, self.due)
        if not n:
            raise OSError(errno.EAGAIN)
        self.due -= n
        return bytes(n)
"""


def rates(lines):
    """{block: [sent, received]}"""
    found = {}
    for what, size, rate in lines:
        found.setdefault(size, [0, 0])[what == "readinto"] = int(rate)
    return found


def measure():
    """What coprocessor.json holds."""
    packages = "coprocessor", "msgpack", "finaliserproxy"
    said = pair.run([COMMON + RPC_CLIENT, RPC_SERVER], packages)[0]
    first, *rest = [line.split() for line in said]
    tasks = [words[1:] for words in rest if words[0] == "tasks"]
    rest = [words for words in rest if words[0] != "tasks"]
    files = {}, {"/lib/socket.py": STAND_IN}
    said = pair.run([COMMON + SOCKET_CLIENT, SOCKET_SERVER], packages, files)[0]
    return {
        "baud": BAUD,
        "call": {"per second": int(first[1]), "cycles": int(first[2])},
        "rpc": rates(rest),
        "tasks": rates(tasks),
        "socket": rates([line.split() for line in said]),
    }


def main():
    found = measure()
    FILE.write_text(json.dumps(found, indent=1) + "\n")
    for name in tables.write():
        print(f"wrote {name}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
