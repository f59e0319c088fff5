# SPDX-License-Identifier: MIT
# Two processes that a line joins: the client's runs a program, the server's is the co-processor.

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = ["tests"]

from check import skip  # noqa: E402
from runner import children, install, targets, unix  # noqa: E402

HERE = Path(__file__).resolve().parent
UNIX = targets.select(["unix-x64-small"])[0]
PYTHON = Path("/usr/bin/python3")
LIBRARY = install.tree(UNIX) / "lib/micropython-lib"


@contextlib.contextmanager
def started(program, client, server, *words, path=(), cwd=None):
    """The client's process: `PROGRAM ROLE FD WORDS...`, whose role is micropython or client. The
    other one's role is server."""
    if not UNIX.interpreter.exists():
        skip("there is no build/unix-x64: run make interpreter TARGET=unix-x64")
    with contextlib.ExitStack() as at_end:
        folder = at_end.enter_context(tempfile.TemporaryDirectory())
        lib = install.into_folder(
            UNIX, ["coprocessor", "msgpack", "finaliserproxy"], Path(folder, "lib")
        )
        folders = [*path, HERE, lib, unix.asyncio_folder(UNIX)]
        env = dict(os.environ, PYTHONPATH=f"{HERE}:{HERE.parents[1]}")
        env["MICROPYPATH"] = ":".join(map(str, folders))
        ends = socket.socketpair()
        for stream in ends:
            at_end.enter_context(stream)
            stream.setblocking(False)

        def start(interpreter, role, stream):
            command = [interpreter, HERE / program, role, stream.fileno(), *words]
            process = children.start(
                command,
                env=env,
                cwd=cwd,
                pass_fds=[stream.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            at_end.callback(process.stdin.close)
            at_end.callback(process.stdout.close)
            at_end.callback(children.stop, process)
            return process

        start(server, "server", ends[1])
        yield start(client, "micropython" if client == UNIX.interpreter else "client", ends[0])


def run(program, client, server, *words, **options):
    """The lines that the client prints."""
    with started(program, client, server, *words, **options) as process:
        return process.communicate(timeout=100)[0].decode().splitlines()
