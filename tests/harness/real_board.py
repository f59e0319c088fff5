# SPDX-License-Identifier: MIT
# make test-board on an emulated board, as if it were a real one that nobody knows.

import re
import signal
import sys

sys.path.insert(0, "tests")

import check  # noqa: E402
from check import case, eq, true  # noqa: E402
from lib import nested, real  # noqa: E402
from lib.nested import contains  # noqa: E402

NAME = "mps2-an385/armv7m"
FOREVER = """
import time
print("@ok begun")
while True:
    time.sleep_ms(20)
"""
# Leaves a file, and then fails.
FAILS_WITH_A_FILE = """
import check
with open("left.tmp", "w") as f:
    f.write("left")
check.eq(1, 2)
"""


@case
def runs_and_leaves_the_board_as_it_was():
    names = nested.fixtures("failing_eq", "skipping", "uncaught")
    with real.board(NAME) as board, real.unchanged(board), real.script(FAILS_WITH_A_FILE) as fails:
        files = ["tests/finaliser/reset.py", "examples/messagepack.py", "tests/msgpack/threads.py"]
        status, output = real.run(board.pty, *names, fails, *files)
    eq(status, 1)
    first = output.splitlines()[0]
    eq(first, "mps2-an385 with Cortex-M3, MicroPython v1.25.0: armv7m")
    true(
        re.search(r"^The tests take about a minute, with 7 files\. ", output, re.M)
        or print(output)
    )
    contains(output, "tests/finaliser/reset.py: 5 passed (")
    contains(output, "examples/messagepack.py: 1 passed (")
    contains(output, "tests/msgpack/threads.py  the file: this firmware lacks threads")
    contains(output, "\n10 passed, 3 failed, 2 skipped\n")
    report = real.report(output)
    for line in (
        "| board | mps2-an385 with Cortex-M3 (qemu) |",
        "| has | floats, long-ints, big-ints, unicode, time |",
        "| lacks | threads |",
        "| tests | 10 passed, 3 failed, 2 skipped |",
        "| boot.py | prints nothing |",
        "- tests/msgpack/threads.py the file: this firmware lacks threads",
        "- tests/harness/fixtures/failing_eq.py:14 bad: AssertionError: got 42,",
    ):
        contains(report, line)
    eq(report.splitlines()[-1], "None: only a part of the tests was run.")
    written = int(re.search(r"minutes, ([\d,]+) bytes written", report)[1].replace(",", ""))
    true(30000 < written < 500000)
    for name in ("a: telemetry dict", "b: 500 fixints", "f: config tree"):
        match = re.search(rf"^\| {name} \|(( \d+ \|){{2}} [\d.]+ \|){{2}}$", report, re.M)
        true(match or print(report))


@case
def busy_printing():
    with real.board(NAME) as board, real.unchanged(board):
        # The board is at its raw REPL.
        board.write(b"import time\nwhile True: print('busy'); time.sleep_ms(1)\n\x04")
        status, output = real.run(board.pty, *nested.fixtures("skipping"))
    eq(status, 0 if status == 0 else output)


@case
def interrupted():
    with real.board(NAME) as board, real.unchanged(board), real.script(FOREVER) as forever:
        # The script that comes first says that the second one runs.
        process = real.start(board.pty, *nested.fixtures("skipping"), forever, folder=None)
        real.read_until(process, "skipping.py: 1 passed")
        process.send_signal(signal.SIGINT)
        output = process.stdout.read()
        eq((process.wait(), output), (130, "test-board: interrupted\n"))


@case
def cable_out():
    with real.board(NAME) as board, real.script(FOREVER) as forever:
        process = real.start(board.pty, *nested.fixtures("skipping"), forever)
        real.read_until(process, "skipping.py: 1 passed")
        board.stop()
        output = process.stdout.read()
        real.refused((process.wait(), output), "is gone: is the cable out", ":/natmods-test")


check.end()
