# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Links between processes, of MicroPython's unix port and of CPython: over sockets, terminals and a
# bad line.

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import tty

sys.path[:0] = ["tests", "."]

from _process import ECHOES, ROUNDS  # noqa: E402
from _world import End, Random, World  # noqa: E402
from check import case, end, eq, skip, true  # noqa: E402
from runner import children, install, targets  # noqa: E402

UNIX = targets.select(["unix-x64"])[0]
HERE = os.path.dirname(__file__)
PYTHON = sys.executable


def program(interpreter, what, fd):
    """A process that has the end of a line."""
    os.set_blocking(fd, False)
    os.set_inheritable(fd, True)
    env = dict(os.environ, PYTHONPATH=f"{HERE}:.")
    if interpreter == UNIX:
        if not UNIX.interpreter.exists():
            skip("there is no build/unix-x64: run make interpreter TARGET=unix-x64")
        env["MICROPYPATH"] = f"{HERE}:{packages()}"
        interpreter = UNIX.interpreter
    command = [interpreter, f"{HERE}/_process.py", what, fd]
    return children.start(
        command, pass_fds=[fd], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def packages(folder=tempfile.TemporaryDirectory()):
    """A folder with the bytecode, which a build cannot change."""
    for name, files in install.package_files(["coprocessor"]).items():
        to = f"{folder.name}/{name}"
        if not os.path.exists(to):
            os.mkdir(to)
            for file in files:
                shutil.copy(file, to)
    return folder.name


def called(client, server, near, far):
    """(right echoes, sessions that ended) of a client with a server at the other end."""
    processes = [program(server, "serve", far), program(client, "call", near)]
    try:
        output = processes[1].communicate(timeout=120)[0].decode()
        return tuple(map(int, output.split())) if output[:1].isdigit() else output
    finally:
        for process in processes:
            children.stop(process)
            process.stdout.close()


class BadLine:
    """Two ends whose bytes pass this process, with errors."""

    def __init__(self, every):
        self.random = Random(every)
        self.pairs = [socket.socketpair() for _ in range(2)]
        self.ends = [self.pairs[i][0].fileno() for i in (0, 1)]
        self.damaged = 0
        for i in 0, 1:
            source, target = self.pairs[i][1], self.pairs[1 - i][1]
            threading.Thread(
                target=self.carry, args=(source, target, every, i), daemon=True
            ).start()

    def carry(self, source, target, every, seed):
        wire = End(World(Random(seed)))
        wire.errors(every)
        while True:
            data = source.recv(4096)
            if not data:
                return
            if wire._good >= len(data):
                wire._good -= len(data)
            else:
                self.damaged += 1
                data = wire._damage(data)
            try:
                target.sendall(data)
            except OSError:
                return


@case
def two_of_micropython():
    near, far = socket.socketpair()
    with near, far:
        eq(called(UNIX, UNIX, near.fileno(), far.fileno()), (ROUNDS, 0))


@case
def over_a_terminal():
    near, far = os.openpty()
    tty.setraw(far)
    tty.setraw(near)
    try:
        eq(called(PYTHON, UNIX, near, far), (ROUNDS, 0))
    finally:
        os.close(near)
        os.close(far)


@case
def over_a_bad_line():
    for client, server in (UNIX, PYTHON), (PYTHON, UNIX):
        line = BadLine(1000)
        eq(called(client, server, *line.ends), (ROUNDS, 0))
        true(line.damaged > 20)


@case
def server_that_leaves():
    near, far = socket.socketpair()
    processes = [program(UNIX, "call", near.fileno())]
    with near, far:
        try:
            for _ in range(ROUNDS // ECHOES):
                processes.append(program(UNIX, "leave", far.fileno()))
                processes[-1].wait(60)
            processes.append(program(UNIX, "serve", far.fileno()))
            output = processes[0].communicate(timeout=60)[0].decode()
        finally:
            for process in processes:
                children.stop(process)
                process.stdout.close()
    # A session may also end between two messages of the caller.
    right, ended = map(int, output.split())
    eq(right, ROUNDS)
    true(0 < ended <= ROUNDS // ECHOES)


end()
