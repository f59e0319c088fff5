# SPDX-License-Identifier: MIT
"""For tests of make test-board: emulated boards in the place of real ones."""

import contextlib
import os
import subprocess
import tempfile

from lib import nested

import check
from runner import targets
from runner.board import Board
from runner.paths import TOP

COMMAND = os.path.join(os.path.dirname(nested.HARNESS), "board.py")

# Runs on the board: each file and folder, and what is in it.
SNAPSHOT = """
import os
def walk(path):
    for e in sorted(os.ilistdir(path)):
        name = path.rstrip('/') + '/' + e[0]
        if e[1] & 0x4000:
            print(name)
            walk(name)
        else:
            with open(name, 'rb') as f:
                print(name, f.read())
walk('/')
"""
# What a user has on a board: a module that an import would find first if it looked there, and a
# program that must not run.
FILES = """
import os
os.mkdir('/lib')
for name, text in (
    ('/lib/msgpack.py', 'raise ValueError("not this one")'),
    ('/msgpack.mpy', 'nor this'),
    ('/main.py', 'open("/ran", "w").close()'),
    ('/data', 'x' * 3000),
):
    with open(name, 'w') as f:
        f.write(text)
"""


@contextlib.contextmanager
def board(name):
    """A board with files of a user's; its REPL is another program's until `enter` is called."""
    target = targets.select([name])[0]
    if not target.interpreter.exists():
        check.skip(f"there is no {target.board}: run make interpreter TARGET={target.board}")
    device = Board(target)
    try:
        device.start()
        on_board(device, FILES)
        yield device
    finally:
        device.stop()


def on_board(device, source):
    output, traceback = device.run(source, 60)
    assert not traceback, traceback
    return output


@contextlib.contextmanager
def unchanged(device):
    """Fail if the block has not left the board's files and folders as they were."""
    before = snapshot(device)
    yield
    check.eq(snapshot(device), before)


def snapshot(device):
    device.enter()
    return on_board(device, SNAPSHOT)


def command(port, *arguments, folder="build"):
    source = ["--from", folder] if folder else []
    return ["/usr/bin/python3", COMMAND, *source, "--port", port, *arguments]


def start(port, *arguments, folder="build"):
    """The process of tests/board.py, whose output comes line by line.

    Without a folder, make builds the modules.
    """
    return subprocess.Popen(
        command(port, *arguments, folder=folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(port, *arguments, folder="build"):
    """(exit status, output) of tests/board.py."""
    process = start(port, *arguments, folder=folder)
    output, _ = process.communicate()
    return process.returncode, output


@contextlib.contextmanager
def script(text):
    """The name of a file with a test script."""
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "script.py")
        with open(name, "w") as f:
            f.write("# needs: nothing\n# targets: *\n" + text)
        yield name


def report(output):
    """The report that the output names."""
    return (TOP / output.rpartition("Report: ")[2].splitlines()[0]).read_text()


def read_until(process, words):
    """The output up to the line with the words."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError(f"expected {words!r} in:\n{''.join(lines)}")


def refused(result, *words):
    """Fail unless the run has ended with a sentence that has the words."""
    status, output = result
    check.eq((status, "Traceback" in output), (1, False) if status == 1 else output)
    last = output[output.find("test-board: ") :]
    for word in ("test-board: ", *words):
        nested.contains(last, word)
