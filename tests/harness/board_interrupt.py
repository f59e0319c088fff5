# SPDX-License-Identifier: MIT
# Ctrl-C interrupts a program that sleeps, as on real boards; other input is kept for the REPL.
# targets: host

import sys

sys.path.insert(0, "tests")

import check  # noqa: E402
from check import case, eq  # noqa: E402
from runner import board, targets  # noqa: E402


def interrupt(name):
    """Interrupt a long sleep on a board: the traceback."""
    target = targets.select([name])[0]
    device = board.Board(target)
    device.start()
    try:
        source = "import time\nprint('asleep')\ntime.sleep_ms(10**8)"

        def when_asleep(text):
            if "\n" in text:
                device.write(b"\x03")

        output, traceback = device.run(source, 60, when_asleep)
        eq(output, "asleep\n")
        return traceback.splitlines()[-1]
    finally:
        device.stop()


@case
def cortex_m():
    eq(interrupt("mps2-an385/armv7m"), "KeyboardInterrupt: ")


check.end()
