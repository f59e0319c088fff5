# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Programs that use socket, select, asyncio and network as usual, in one process, the co-processor
# in another, and Python's HTTP server as the world.

import http.server
import sys
import threading

sys.path[:0] = ["tests"]

import _wired as wired  # noqa: E402
from _wired import PYTHON, UNIX  # noqa: E402
from check import case, end, eq  # noqa: E402

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
    return wired.run("_net_program.py", client, server, WEB.server_port, *words)


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
