# SPDX-License-Identifier: MIT
# A server on this machine that calls a function in a thread for each connection.

import contextlib
import socketserver
import threading


@contextlib.contextmanager
def serving(function):
    """The port of the server. `function` gets the connection, and handles what goes wrong."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            function(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
