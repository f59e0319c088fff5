# SPDX-License-Identifier: MIT
# The raw REPL of what sends without an end: each wait of the runner for silence has one.

import contextlib
import os
import sys
import threading
import tty

sys.path.insert(0, "tests")

import check  # noqa: E402
from check import case, eq, raises, true  # noqa: E402
from runner.paste import PasteRepl  # noqa: E402
from runner.rawrepl import Died, RawRepl  # noqa: E402

FAULT = b"HardFault exception caught:\n  R0:    00000000\n"


@contextlib.contextmanager
def sending(text):
    """The descriptor of a terminal that gets the text again and again, but takes everything."""
    far, near = os.openpty()
    tty.setraw(near)
    ended = threading.Event()

    def send():
        while not ended.is_set():
            os.write(far, text)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield near
    finally:
        ended.set()
        # Whoever waits for place in the terminal gets it.
        os.set_blocking(near, False)
        while thread.is_alive():
            with contextlib.suppress(BlockingIOError):
                os.read(near, 4096)
        os.close(near)
        os.close(far)


@case
def what_others_have_left():
    for kind in RawRepl, PasteRepl:
        with sending(b"busy\r\n") as fd:
            repl = kind(fd)
            repl.drain()
            eq(repl.pending, b"")
            raises(Died, repl.enter, 0.5, match="the board hangs")


@case
def faults():
    with sending(FAULT) as fd:
        died = raises(Died, RawRepl(fd).enter, 60, match="the board has faulted")
        true(FAULT.decode() in died.output)


check.end()
