# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 3600
#
# A client and a server in two processes, of MicroPython's unix port and of CPython.

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import check
from check import case, end, eq, note, true

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
BUILD = TOP / "build"
UNIX = BUILD / "unix-x64/micropython"
CPYTHON = Path("/usr/bin/python3")


def library(folder):
    """What MicroPython imports: bytecode, and both flavours of msgpack."""
    shutil.copytree(BUILD / "bytecode/coprocessor", folder / "coprocessor")
    for file in (
        BUILD / "small/x64/msgpack.mpy",
        BUILD / "small/x64/msgpack_full.mpy",
        BUILD / "x64/finaliserproxy.mpy",
    ):
        shutil.copy(file, folder)


def run(client, server, count=500, seed=0):
    """{what the client found: values}"""
    with tempfile.TemporaryDirectory() as folder:
        library(Path(folder))
        env = dict(os.environ, MICROPYPATH=f"{HERE}:{folder}", PYTHONPATH=f"{HERE}:{TOP}")
        ends = socket.socketpair()
        processes = []
        try:
            for which, (role, program) in enumerate((("client", client), ("server", server))):
                ends[which].setblocking(False)
                words = [program, HERE / "_rpc_peer.py", role, ends[which].fileno(), count]
                words.append(seed and seed + which)
                processes.append(
                    subprocess.Popen(
                        [str(word) for word in words],
                        env=env,
                        pass_fds=[ends[which].fileno()],
                        stdout=subprocess.PIPE if role == "client" else None,
                        text=True,
                    )
                )
            output, _ = processes[0].communicate()
            eq(processes[0].returncode, 0)
        finally:
            for process in processes:
                process.kill()
                process.wait()
            for e in ends:
                e.close()
    found = {}
    for line in output.splitlines():
        name, *values = line.split()
        found.setdefault(name, []).append(values)
    return found


def judge(found, most_left):
    true(int(found["@left"][0][0]) <= most_left)
    # A leak of one object a call or proxy would be more.
    for grown in found["@grown"][0]:
        true(int(grown) < 2000)


def judge_modules(names):
    true("msgpack" in names and "msgpack_full" not in names)


@case
def unix_and_unix():
    found = run(UNIX, UNIX)
    judge(found, 2)
    for names in found["@modules"]:
        judge_modules(names)


@case
def unix_client_and_cpython_server():
    found = run(UNIX, CPYTHON)
    judge(found, 2)
    judge_modules(found["@modules"][0])


@case
def cpython_client_and_unix_server():
    found = run(CPYTHON, UNIX)
    judge(found, 0)
    judge_modules(found["@modules"][1])


@case
def cpython_and_cpython():
    judge(run(CPYTHON, CPYTHON), 0)


@case
def soak():
    count = 100000 if check.long else 10000
    found = run(UNIX, UNIX, count, 1)
    judge(found, 2)
    errors = sum(map(int, found["@errors"][0]))
    true(errors > count // 1000)
    note(f"{count} calls with {count // 10} proxies, {errors} errors of the line")


end()
