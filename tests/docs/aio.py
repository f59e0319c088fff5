# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The example in natmod/msgpack/aio.md serves, on MicroPython and on CPython.

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgpack
from _documents import BUILD, INTERPRETER, TOP, examples
from check import case, end, eq, skip

sys.path.append(str(TOP / "tests"))
from runner.targets import select  # noqa: E402
from runner.unix import asyncio_folder  # noqa: E402

DOCUMENT = TOP / "natmod/msgpack/aio.md"
(EXAMPLE,) = [e for e in examples(DOCUMENT) if "start_server" in e.code]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connected(port, process):
    while True:
        # The program goes on; when it listens, it can be connected.
        eq(process.poll(), None)
        try:
            return socket.create_connection(("127.0.0.1", port), 60)
        except ConnectionRefusedError:
            time.sleep(0.1)


def answers(port, process):
    """What the server answers to messages whose bytes come one by one."""
    unpacker = msgpack.Unpacker()
    with connected(port, process) as connection:
        data = msgpack.packb([1, "abc"]) + msgpack.packb({"a": None})
        for i in range(len(data)):
            connection.sendall(data[i : i + 1])
        connection.shutdown(socket.SHUT_WR)
        while True:
            data = connection.recv(1000)
            if not data:
                return list(unpacker)
            unpacker.feed(data)


def serves(command, environment):
    port = free_port()
    code = EXAMPLE.code
    eq(code.count("8000"), 1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "example.py")
        file.write_text(code.replace("8000", str(port)))
        with subprocess.Popen([*command, file], env={**os.environ, **environment}) as process:
            try:
                for _ in range(2):
                    wanted = [{"received": [1, "abc"]}, {"received": {"a": None}}]
                    eq(answers(port, process), wanted)
            finally:
                process.kill()


@case
def on_micropython():
    modules = [BUILD / "x64", BUILD / "small/x64"]
    for file in INTERPRETER, *(folder / "msgpack.mpy" for folder in modules):
        if not file.exists():
            skip(f"{file.relative_to(TOP)} has not been built")
    (target,) = select(["unix-x64"])
    for folder in modules:
        path = folder, BUILD / "bytecode", asyncio_folder(target)
        serves([INTERPRETER], {"MICROPYPATH": ":".join(map(str, path))})


@case
def on_cpython():
    serves([sys.executable], {"PYTHONPATH": str(TOP / "natmod/msgpack")})


end()
