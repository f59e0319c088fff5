#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An emulated Pico fetches a page through a co-processor, and each frame between them is shown.

The Pico runs examples/coprocessor/page.py on stock firmware. The co-processor is a process of
MicroPython's unix port. The web server is Python's, on this machine.
"""

import contextlib
import functools
import http.server
import os
import socket
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from runner import children, install, targets  # noqa: E402
from runner.board import Board  # noqa: E402
from runner.paths import EXAMPLES, shown  # noqa: E402

import frames  # noqa: E402

PROGRAM = EXAMPLES / "coprocessor/page.py"
ADDRESS = "http://example.org/"
PICO, UNIX = (targets.select([name])[0] for name in ("rpi-pico", "unix-x64"))
CLIENT = "__init__", "link", "socket"
SERVE = """
import sys
from coprocessor.netserver import serve
serve(open(int(sys.argv[1]), "r+b"), rx=4096)
"""


def say(text):
    print(text, flush=True)


class Web(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def web_server(at_end):
    """The address of a server of the page."""
    handler = functools.partial(Web, directory=str(PROGRAM.parent))
    server = at_end.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at_end.callback(server.shutdown)
    return f"http://localhost:{server.server_port}/"


def line_log(at_end, folder, line):
    """The name of a file; what the emulator writes to it is shown."""
    name = f"{folder}/line"
    os.mkfifo(name)
    # Open for writing, too, so it has no end between two writes of the emulator.
    file = os.fdopen(os.open(name, os.O_RDWR), "rb+", buffering=0)

    def show():
        rows = iter(file.readline, b"\n")
        for row in frames.logged(row.decode() for row in rows):
            for text in line.feed(*row):
                say(text)

    thread = threading.Thread(target=show)
    thread.start()
    at_end.callback(file.close)
    at_end.callback(thread.join)
    at_end.callback(file.write, b"\n")
    return name


def started_board(at_end, folder, log):
    """The Pico, and the end of its UART's line."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/uart0")
        listener.listen()
        board = Board(PICO, options=("--uart0", f"{folder}/uart0", "--line-log", log))
        at_end.callback(board.stop)
        board.start()
        return board, at_end.enter_context(listener.accept()[0])


def co_processor(at_end, folder, wire):
    wire.setblocking(False)
    lib = install.into_folder(UNIX, ["coprocessor"], Path(folder, "lib"))
    env = dict(os.environ, MICROPYPATH=str(lib))
    command = [UNIX.interpreter, "-c", SERVE, wire.fileno()]
    process = children.start(command, env=env, pass_fds=[wire.fileno()])
    at_end.callback(children.stop, process)


def install_on(board):
    install.do(board, "import os; os.mkdir('/lib'); os.mkdir('/lib/coprocessor')", ":lib")
    for files in install.package_files(["coprocessor"]).values():
        for file in files:
            if file.stem in CLIENT:
                install.put(board, file, f"/lib/coprocessor/{file.name}")
    library = install.tree(PICO) / "lib/micropython-lib/micropython/requests/requests"
    install.put(board, library / "__init__.py", "/lib/requests.py")


def run(board, source):
    """Run the program, and show what it says by the line."""
    said = [""]
    bold, plain = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")

    def echo(text):
        *lines, said[0] = (said[0] + text).split("\n")
        for line in lines:
            say(f"{bold}The Pico prints: {line}{plain}")

    return board.run(source, 120, echo)[1]


def main():
    for target in PICO, UNIX:
        install.check_interpreter(target)
    line = frames.Line("Pico", "network")
    with contextlib.ExitStack() as at_end:
        folder = at_end.enter_context(tempfile.TemporaryDirectory())
        say("Starting an emulated Raspberry Pi Pico with stock MicroPython, which has no network.")
        board, wire = started_board(at_end, folder, line_log(at_end, folder, line))
        say("Copying coprocessor, and requests of micropython-lib, to its file system.")
        install_on(board)
        say("Starting a process in place of an ESP32: the co-processor at the end of its UART.")
        co_processor(at_end, folder, wire)
        url = web_server(at_end)
        say(f"Running {shown(PROGRAM)} with {url} for {ADDRESS}. Times are the Pico's.\n")
        source = PROGRAM.read_text().replace(ADDRESS, url)
        error = run(board, source)
    say("\n" + line.summary)
    if error:
        say(error)
    return 1 if error else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except install.Missing as e:
        sys.exit(f"tests/demo.py: {e}")
