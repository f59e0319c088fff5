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
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from runner import install, wired  # noqa: E402
from runner.paths import EXAMPLES, shown  # noqa: E402

import frames  # noqa: E402

PROGRAM = EXAMPLES / "coprocessor/page.py"
ADDRESS = "http://example.org/"


SAYING = threading.Lock()


def say(text):
    """A line of its own, whichever thread says it."""
    with SAYING:
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
    for target in wired.PICO, wired.UNIX:
        install.check_interpreter(target)
    line = frames.Line("Pico", "network")
    with contextlib.ExitStack() as at_end:
        folder = at_end.enter_context(tempfile.TemporaryDirectory())
        say("Starting an emulated Raspberry Pi Pico with stock MicroPython, which has no network.")
        board, wire = wired.board(at_end, folder, "--line-log", line_log(at_end, folder, line))
        say("Copying coprocessor, and requests of micropython-lib, to its file system.")
        wired.install_on(board, "requests")
        say("Starting a process in place of an ESP32: the co-processor at the end of its UART.")
        wired.co_processor(at_end, folder, wire)
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
