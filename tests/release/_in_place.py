# SPDX-License-Identifier: MIT
"""The emulated Pico for tests of what is executed in flash: a release, a board, failing power."""

import atexit
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from _release import TOP, board, on_board
from check import eq

import natmods

ARCH = "armv6m"
SECTOR, PAGE = 4096, 256  # What the flash erases and programs at once.

# Says what the import gives, and what files there are.
TRY = """
import os
try:
    import msgpack
    said = msgpack.__version__
    for value in {"a": [1, -2.5, None, True, "b" * 40]}, b"c" * 300:
        if msgpack.unpackb(msgpack.packb(value)) != value:
            said = "wrong"
except ImportError as e:
    said = str(e)
files = sorted((f[0], f[3]) for f in os.ilistdir("/lib")) if "lib" in os.listdir("/") else None
print((said, files, os.listdir("/")))
"""


def released():
    """The folder of what is built, as a release that has the files to execute in flash, too."""
    top = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, top)
    for flavour in natmods.FULL, natmods.SMALL, natmods.IN_PLACE:
        source = natmods.built(TOP / "build", ARCH, "msgpack", flavour).parent
        name = "" if flavour == natmods.FULL else flavour
        shutil.copytree(source, Path(top, ARCH, name), dirs_exist_ok=True)
    return Path(top)


def deploy(board, folder, *options):
    """(status, output)"""
    command = [sys.executable, TOP / "tools/deploy.py", "--from", folder, *options]
    result = subprocess.run(
        [*command, board.pty, "msgpack"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return result.returncode, result.stdout


def deployed(board, folder, *options):
    """Its output; fail unless it has worked."""
    status, output = deploy(board, folder, *options)
    assert status == 0, output
    return output


class Pico:
    """A board with its flash in a file, and a log of what is written to it. A context manager."""

    def __init__(self, image=None):
        self.folder = tempfile.TemporaryDirectory()
        self.flash, self.log = Path(self.folder.name, "flash"), Path(self.folder.name, "log")
        if image:
            self.flash.write_bytes(image)
        self.context = board("rpi-pico", "--flash", self.flash, "--flash-log", self.log)

    def __enter__(self):
        self.board = self.context.__enter__()
        self.pty = self.board.pty
        return self

    def __exit__(self, *exception):
        self.context.__exit__(*exception)
        self.folder.cleanup()

    def run(self, source):
        return on_board(self.board, source)

    def state(self):
        """What TRY says after a soft reset."""
        self.board.enter()
        self.board.soft_reset()
        return eval(self.run(TRY))

    @property
    def written(self):
        return self.log.stat().st_size if self.log.exists() else 0


def commands(log):
    """[(offset, data)] of each sector that was erased and each page that was programmed."""
    runs = []
    for offset, word in struct.iter_unpack("<II", log):
        if runs and offset == runs[-1][0] + len(runs[-1][1]) and offset % SECTOR:
            runs[-1][1].extend(struct.pack("<I", word))
        else:
            runs.append((offset, bytearray(struct.pack("<I", word))))
    found = []
    for offset, data in runs:
        size = SECTOR if data == b"\xff" * SECTOR else PAGE
        found += [(offset + i, bytes(data[i : i + size])) for i in range(0, len(data), size)]
    return found


class Recorded:
    """What an installation writes to the flash of a board."""

    def __init__(self, pico, install):
        self.image = pico.flash.read_bytes()
        begin = pico.written
        install()
        pico.board.enter()
        self.done = commands(pico.log.read_bytes()[begin:])
        eq(self.cut(len(self.done)) == pico.flash.read_bytes(), True)

    @property
    def commits(self):
        """The numbers of the commands that change the folder, by which files come and go."""
        folder = self.done[-1][0] // SECTOR
        return [
            number
            for number, (offset, data) in enumerate(self.done)
            if offset // SECTOR == folder and len(data) == PAGE
        ]

    def cut(self, number, part=16):
        """The flash if the power fails when so many commands, and a part of the next, are done."""
        image = bytearray(self.image)
        for offset, data in self.done[:number]:
            image[offset : offset + len(data)] = data
        for offset, data in self.done[number : number + 1]:
            image[offset : offset + part] = data[:part]
        return bytes(image)
