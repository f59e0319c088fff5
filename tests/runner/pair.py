# SPDX-License-Identifier: MIT
"""Two emulated Picos in one clock: tests/boards/rpi-pico/emulator/pair.mjs.

Each runs a program of its own from its flash, so that nothing outside decides when what happens.
"""

import subprocess
import tempfile
from pathlib import Path

from . import children, install, targets
from .paths import BUILD, TESTS

EMULATOR = TESTS / "boards/rpi-pico/emulator/pair.mjs"
CONTROLS = TESTS / "boards/rpi-pico/controls.py"
FIRMWARE = BUILD / "rpi-pico/firmware.bin"
ROM = BUILD / "rpi-pico/rom.bin"
# Makes the image of a filesystem.
MAKER = targets.select(["unix-x64"])[0]

STORAGE = 1408 * 1024  # Of the board's two megabytes, the last ones.
START = 640 * 1024

IMAGE = """
import sys, vfs

class Flash:
    def __init__(self, size):
        self.data = bytearray(b"\\xff" * size)

    def readblocks(self, block, buf, at=0):
        at += block * 4096
        buf[:] = memoryview(self.data)[at : at + len(buf)]

    def writeblocks(self, block, buf, at=0):
        at += block * 4096
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // 4096
        if op == 5:
            return 4096
        return 0

flash = Flash(%d)
vfs.VfsLfs2.mkfs(flash, progsize=256)
# The time would make each image another one.
fs = vfs.VfsLfs2(flash, progsize=256, mtime=False)
out, *names = sys.argv[1:]
made = set()
for name in names:
    source, target = name.split("=")
    parts = target.split("/")[1:-1]
    for i in range(len(parts)):
        folder = "/" + "/".join(parts[: i + 1])
        if folder not in made:
            made.add(folder)
            fs.mkdir(folder)
    with open(source, "rb") as f, fs.open(target, "wb") as to:
        to.write(f.read())
with open(out, "wb") as f:
    f.write(b"\\xff" * %d)
    f.write(flash.data)
""" % (
    STORAGE,
    START,
)

# Runs the program and says what it raises. `controls` are the emulator's registers.
MAIN = """
import controls
try:
    import program
except BaseException as e:
    import io, sys
    file = io.StringIO()
    sys.print_exception(e, file)
    controls.say(file.getvalue())
    controls.end(1)
"""


class Failed(Exception):
    """The run ended otherwise than by controls.end(0)."""


def flash(folder, number, files):
    """The file of a flash that has {path on the board: file, or text}."""
    made = Path(folder, f"flash{number}")
    names = {**files, "/main.py": MAIN, "/lib/controls.py": CONTROLS}
    for path, content in names.items():
        if isinstance(content, str):
            names[path] = Path(folder, str(number) + path.replace("/", "_"))
            names[path].write_text(content)
    maker = Path(folder, "image.py")
    maker.write_text(IMAGE)
    words = [f"{file}={path}" for path, file in names.items()]
    subprocess.run([MAKER.interpreter, "-X", "heapsize=8M", maker, made, *words], check=True)
    return made


def packages(names):
    """The files of coprocessor, and of modules for the Pico in their small flavour."""
    files = {}
    for name, parts in install.package_files(names).items():
        files.update({f"/lib/{name}/{part.name}": part for part in parts})
    small = targets.select(["rpi-pico-small"])[0]
    for file in install.module_files(small, names):
        files[f"/lib/{file.name}"] = file
    return files


def run(programs, names, files=({}, {}), limit=3600, timeout=3600):
    """[lines] that two programs say, each a path or a text. `controls.end()` ends the run.

    `names` are what both boards have; `files` is what each has besides. `limit` is in seconds of
    the boards' time.
    """
    for target in targets.select(["rpi-pico", "unix-x64"]):
        install.check_interpreter(target)
    common = packages(names)
    with tempfile.TemporaryDirectory() as folder:
        flashes = [
            flash(folder, i, {**common, **files[i], "/program.py": programs[i]}) for i in (0, 1)
        ]
        command = ["node", EMULATOR, ROM, FIRMWARE, *flashes, "--limit", limit]
        status, output = children.run(command, timeout)
    said = ([], [])
    for line in output.splitlines():
        if line[:2] in ("0 ", "1 "):
            said[int(line[0])].append(line[2:])
    if status != 0:
        raise Failed(f"status {status}: {output[-3000:]}")
    return said
