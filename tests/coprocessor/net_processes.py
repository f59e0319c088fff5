# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 300
#
# Programs that use socket, select, asyncio and network as usual, in one process, the co-processor
# in another, and Python's HTTP server as the world.

import http.server
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path[:0] = ["tests"]

from check import case, end, eq, skip  # noqa: E402
from runner import children, install, targets, unix  # noqa: E402

HERE = Path(__file__).resolve().parent
UNIX = targets.select(["unix-x64-small"])[0]
PYTHON = Path("/usr/bin/python3")
PAGE = bytes(range(251)) * 800


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"small" if self.path == "/small" else PAGE)

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b"%d %d" % (len(data), sum(data)))

    def answer(self, data):
        self.send_response(200)
        self.end_headers()
        # In pieces.
        for i in range(0, len(data), 3000):
            self.wfile.write(data[i : i + 3000])

    def log_message(self, *args):
        pass


WEB = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=WEB.serve_forever, daemon=True).start()


def run(client, server, *words):
    """What the client prints."""
    if not UNIX.interpreter.exists():
        skip("there is no build/unix-x64: run make interpreter TARGET=unix-x64")
    with tempfile.TemporaryDirectory() as folder:
        lib = install.into_folder(
            UNIX, ["coprocessor", "msgpack", "finaliserproxy"], Path(folder, "lib")
        )
        path = f"{HERE}:{lib}:{unix.asyncio_folder(UNIX)}"
        env = dict(os.environ, MICROPYPATH=path, PYTHONPATH=f"{HERE}:{HERE.parents[1]}")
        ends = socket.socketpair()
        processes = []
        try:
            roles = (client, "micropython" if client == UNIX.interpreter else "client"), (
                server,
                "server",
            )
            for stream, (program, role) in zip(ends, roles):
                stream.setblocking(False)
                command = [program, HERE / "_net_program.py", role, stream.fileno()]
                command += [WEB.server_port, *words]
                processes.append(
                    children.start(
                        [str(word) for word in command],
                        env=env,
                        pass_fds=[stream.fileno()],
                        stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT,
                    )
                )
            output = processes[0].communicate(timeout=100)[0].decode()
        finally:
            for process in processes:
                children.stop(process)
                process.stdout.close()
            for stream in ends:
                stream.close()
    return output.splitlines()


data = bytes(range(256)) * 100
COMMON = [f"page 200 {len(PAGE)} {sum(PAGE)}", f"post {len(data)} {sum(data)}", "refused 111"]
MICROPYTHON = ["selects small", f"tasks {len(PAGE)} {len(PAGE)} {len(PAGE)}"]


@case
def unix_and_unix():
    expected = [*COMMON, *MICROPYTHON, "network the server the server", "session 1"]
    eq(run(UNIX.interpreter, UNIX.interpreter, "network"), expected)


@case
def unix_client_and_cpython_server():
    eq(run(UNIX.interpreter, PYTHON), [*COMMON, *MICROPYTHON, "session 1"])


@case
def cpython_client_and_unix_server():
    expected = [*COMMON, "network the server the server", "session 1"]
    eq(run(PYTHON, UNIX.interpreter, "network"), expected)


end()
