# SPDX-License-Identifier: MIT
"""Somebody else's project, built with dynruntime/, and interpreters that run what was built."""

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

from _sandbox import MPY_DIR, TOP, said
from check import eq, skip, true

sys.path[:0] = [str(TOP / "tools"), str(TOP / "tests")]

from runner import targets, x86  # noqa: E402
from runner.board import Board  # noqa: E402


class Project:
    """Somebody's folder, with a module and no trace of this repository but what is put there."""

    def __init__(self, folder):
        self.top = folder

    def write(self, name, text):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def make(self, *arguments, tree=MPY_DIR):
        """Run make; (status, output)."""
        own = "MPY_DIR", "PYTHONDONTWRITEBYTECODE"
        env = {k: v for k, v in os.environ.items() if k not in own}
        if tree:
            arguments = (f"MPY_DIR={tree}", *arguments)
        result = subprocess.run(
            ["make", "--no-print-directory", *map(str, arguments)],
            cwd=self.top,
            env=env | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return result.returncode, result.stdout

    def built(self, arch, *arguments, name="hello", folder="build"):
        """The .mpy file that make has made."""
        status, output = self.make(f"ARCH={arch}", *arguments)
        mpy = self.top / folder / arch / f"{name}.mpy"
        true(status == 0 and mpy.exists() or print(output))
        return mpy

    def refused(self, *arguments, tree=MPY_DIR):
        """The one line with which make has failed."""
        status, output = self.make(*arguments, tree=tree)
        lines = said(output)
        true(status == 2 and len(lines) == 1 or print(output))
        return lines[0]


def run(mpy, program):
    """What the program prints on the unix port, with the file's folder to import from."""
    return run_on_unix("unix-x64", mpy.parent, program)


def run_on_unix(name, folder, program):
    """What the program prints on a unix port, with a folder to import from."""
    command = [interpreter(targets.with_board([name])[0]), "-c", program]
    result = subprocess.run(
        x86.runnable(command),
        env={"MICROPYPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    eq((result.returncode, result.stderr), (0, ""))
    return result.stdout


def interpreter(target):
    path = target.interpreter
    if not path.exists():
        skip(f"there is no {path.parent.name}: run make interpreter TARGET={target.board}")
    return path


# A file system with some files. Boards without a disk import from it.
IMPORT = """
import io, sys, vfs

class File(io.IOBase):
    def __init__(self, data):
        self.data = data
        self.at = 0

    def readinto(self, buf):
        n = min(len(buf), len(self.data) - self.at)
        buf[:n] = self.data[self.at:self.at + n]
        self.at += n
        return n

    def ioctl(self, request, arg):
        return 0

class Files:
    def mount(self, readonly, mkfs):
        pass

    def stat(self, path):
        if path not in FILES:
            raise OSError(2)
        return (0x8000, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    def open(self, path, mode):
        return File(FILES[path])

vfs.mount(Files(), "/module")
sys.path.append("/module")
"""


@contextmanager
def board(name):
    """A board of QEMU's, as a function that runs a program there and returns what it prints.

    It takes files, too, to import from.
    """
    target = replace(targets.with_board([name])[0], has_uart2=False)
    interpreter(target)
    machine = Board(target)

    def run(files, program, timeout=60):
        machine.soft_reset()
        contents = {f"/{path.name}": path.read_bytes() for path in files}
        output, error = machine.run(f"FILES = {contents!r}\n{IMPORT}{program}", timeout)
        eq(error, "")
        return output

    try:
        machine.start()
        yield run
    finally:
        machine.stop()


def run_on_board(name, mpy, program):
    """What the program prints on a board, with one file to import from."""
    with board(name) as run:
        return run([mpy], program)
