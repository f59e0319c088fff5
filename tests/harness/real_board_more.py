# SPDX-License-Identifier: MIT
# make test-board on emulated boards, as if they were real ones: what is on them already, and
# boot.py, which the Pico runs.
# long: host
# timeout: 900

import os
import re
import sys
import tempfile

sys.path.insert(0, "tests")

import check  # noqa: E402
from check import case, eq  # noqa: E402
from lib import nested, real  # noqa: E402
from lib.nested import contains  # noqa: E402
from runner import children, install  # noqa: E402

# Sees nothing of what boot.py prints in the reset.
RESETS = """
import check

@check.case
def first():
    pass

check.end()
"""
RESETS += "\n# --- soft reset ---\n"
RESETS += """
import check

@check.case
def second():
    check.eq(check.reset_output, "")

check.end()
"""
FILES = ["tests/finaliser/reset.py", "tests/msgpack/basic.py", *nested.fixtures("skipping")]


def boot(board, text):
    real.on_board(board, f"f = open('/boot.py', 'w')\nf.write({text!r})\nf.close()\n")


@case
def on_virt_rv32():
    with real.board("virt-rv32") as board, real.unchanged(board):
        status, output = real.run(board.pty, *FILES)
    eq(status, 0 if status == 0 else output)
    contains(output, "\n18 passed, 0 failed, 1 skipped\n")


@case
def with_the_small_flavour():
    files = ["tests/msgpack/pack_into.py", "tests/msgpack/handover.py", *FILES]
    with real.board("mps2-an385/armv7m") as board, real.unchanged(board):
        status, output = real.run(board.pty, "--small", *files, folder=None)
    eq(status, 0 if status == 0 else output)
    contains(output, "\nmsgpack is tested in its small flavour.\n")
    contains(output, "pack_into.py  the file: this firmware lacks the full flavour of msgpack")
    contains(output, "tests/msgpack/handover.py: ")
    contains(output, "tests/finaliser/reset.py: 5 passed (")


@case
def on_a_pico_whose_boot_file_takes_the_memory():
    with real.board("rpi-pico") as board:
        boot(board, "taken = bytearray(180000)\n")
        with real.unchanged(board):
            status, output = real.run(board.pty, *FILES, folder=None)
    eq(status, 0 if status == 0 else output)
    contains(output, "\nmsgpack is tested in its small flavour.\n")
    contains(output, "tests/msgpack/basic.py: 11 passed (")


@case
def on_a_pico_whose_boot_file_prints():
    with real.board("rpi-pico") as board:
        # The second line differs each time.
        boot(board, "import time\nprint('\\x1b[1mhello')\nprint(time.ticks_us())\n")
        # main.py must not run: it would leave a file.
        with real.unchanged(board), real.script(RESETS) as script:
            status, output = real.run(board.pty, script, *nested.fixtures("skipping"))
    eq(status, 0 if status == 0 else output)
    # Nothing that would control a terminal.
    contains(output, "\nboot.py prints at each reset: \\x1b[1mhello\n")
    contains(real.report(output), "| boot.py | prints `\\x1b[1mhello` |")
    contains(output, "\n4 passed, 0 failed, 1 skipped\n")


def blocks(text):
    with real.board("rpi-pico") as board, tempfile.TemporaryDirectory() as folder:
        boot(board, text)
        with real.unchanged(board):
            status, output = real.run(board.pty, *FILES)
        eq(status, 1)
        contains(output, "test-board: boot.py on the board blocks")
        # What it says to do helps. mpremote would reset the board first, and wait for boot.py.
        (command,) = re.findall(r"Rename it .*, as in: mpremote (.*)$", output, re.M)
        words = [*install.find_mpremote(), "connect", board.pty, *command.split()]
        status, said = children.run(words, 60, cwd=folder)
        eq(status, 0 if status == 0 else said)
        with open(os.path.join(folder, "boot.py")) as f:
            eq(f.read(), text)
        status, output = real.run(board.pty, *nested.fixtures("skipping"))
        eq(status, 0 if status == 0 else output)


@case
def on_a_pico_whose_boot_file_blocks():
    blocks("import time\nwhile True:\n    time.sleep_ms(10)\n")


@case
def on_a_pico_whose_boot_file_prints_and_blocks():
    blocks("while True:\n    print('busy')\n")


@case
def folders_that_are_there():
    files = nested.fixtures("skipping")
    with real.board("mps2-an385/armv7m") as board, real.unchanged(board):
        # Of the user's: it stays, and nothing is done.
        real.on_board(board, "os.mkdir('/natmods-test'); open('/natmods-test/x', 'w').close()")
        with real.unchanged(board):
            refusal = real.run(board.pty, *files)
        real.refused(refusal, "a folder :/natmods-test that is not", "rename it")
        # Left by a run that could not remove it: it goes.
        real.on_board(board, "open('/natmods-test/made-by-make-test-board', 'w').close()")
        eq(real.run(board.pty, *files)[0], 0)


@case
def no_space():
    fill = "f = open('/big', 'wb')\n"
    fill += "while os.statvfs('/')[3] > 80:\n    f.write(bytes(4096))\n    f.flush()\nf.close()\n"
    with real.board("mps2-an385/armv7m") as board:
        real.on_board(board, fill)
        with real.unchanged(board):
            refusal = real.run(board.pty)
    real.refused(refusal, "no space: the tests take", "remove files")


check.end()
