# SPDX-License-Identifier: MIT
# Python's HTTP server, with pages and with misbehaviour for tests.

import contextlib
import http.server
import json
import socket
import struct
import threading
import time

LARGE = bytes(range(250)) * 800
SMALL = {"text": "grün"}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path
        if path == "/large":
            self.answer(LARGE)
        elif path == "/json":
            self.answer(json.dumps(SMALL, ensure_ascii=False).encode())
        elif path == "/headers":
            names = "Host", "A", "Authorization"
            self.answer(json.dumps([self.headers[name] for name in names]).encode())
        elif path.startswith("/moved/"):
            self.send_response(int(path[7:]))
            self.send_header("Location", self.server.url + "/json")
            self.end_headers()
        elif path == "/chunks":
            self.protocol_version = "HTTP/1.1"
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in b"a" * 3000, b"b" * 10, b"":
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        elif path == "/early":
            self.answer(LARGE, LARGE[:50000])
        elif path == "/nothing":
            pass
        elif path == "/reset":
            self.answer(LARGE, LARGE[:3000])
            self.reset()
        elif path == "/reset/headers":
            self.reset()
        elif path == "/silent":
            time.sleep(3)
        else:
            self.send_error(404)

    do_HEAD = do_GET

    def do_POST(self):
        if self.path == "/moved/307":
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(307)
            self.send_header("Location", self.server.url + "/sum")
            self.end_headers()
            return
        data = b"".join(self.body())
        self.answer(b"%s %d %d" % (self.command.encode(), len(data), sum(data)))

    do_PUT = do_POST

    def body(self):
        n = self.headers["Content-Length"]
        if n is not None:
            yield self.rfile.read(int(n))
            return
        while True:
            n = int(self.rfile.readline(), 16)
            yield self.rfile.read(n)
            self.rfile.readline()
            if not n:
                return

    def answer(self, data, sent=None):
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        data = data if sent is None else sent
        for i in range(0, len(data), 3000):
            self.wfile.write(data[i : i + 3000])

    def reset(self):
        # Closing sends RST now.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *args):
        pass

    def handle(self):
        # The other side, too, may end too early.
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self):
        with contextlib.suppress(OSError, ValueError):
            super().finish()


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def serve(at_end, handler=Handler, context=None):
    """A server, whose `url` is that of its root."""
    server = at_end.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
    server.daemon_threads = True
    kind = "http"
    if context:
        kind = "https"
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = f"{kind}://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at_end.callback(server.shutdown)
    return server
