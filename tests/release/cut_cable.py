# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The cable breaks while tools/deploy.py copies or renames. Whenever it does, each name has the
# former file or the new one, or none if there was none; and the same command then completes it.

import os
import select
import subprocess
import sys
import threading
import tty
from types import SimpleNamespace

import _direct
import _fake
from _release import TOP, board, install, on_board, refused, release, sha256_on_board
from check import case, end, eq, note, true

import roles

ARMV6M, ARMV7M = 4, 5
RELEASE = release("", ("armv7m",))
NAMES = "msgpack", "finaliserproxy", "ioctl", "msgpack_aio"


class Cut(_fake.Board):
    """A fake whose cable breaks at the n-th file that is written or renamed, or removed on FAT."""

    def __init__(self, files, arch=ARMV7M, is_fat=False, **options):
        modules = {name: self.module(f"/lib/{name}.mpy") for name in NAMES}
        for part in ("link", "socket", "client"):
            modules[f"coprocessor.{part}"] = self.module(f"/lib/coprocessor/{part}.mpy")
        modules["machine"] = SimpleNamespace(UART=None)
        implementation = _fake.implementation((1, 25, 0, ""), 6 | 3 << 8 | arch << 10)
        super().__init__(implementation, **{"free": 1000, **options, **modules})
        self.files.update(files)
        self.is_fat = is_fat
        self.left = None

    @staticmethod
    def module(place):
        return SimpleNamespace(__file__=place, __version__="0.1.0")

    def step(self):
        """Whether the cable is whole yet."""
        if self.left is not None:
            self.left -= 1
        return not self.is_cut

    @property
    def is_cut(self):
        return self.left is not None and self.left < 0

    def write(self, name, data):
        self.files[name] = data if self.step() else data[: len(data) // 2]

    def _rename(self, path, to):
        if self.is_fat and to in self.files:
            self._change(lambda: self.files.pop(to))
        self._change(lambda: super(Cut, self)._rename(path, to))

    def _change(self, change):
        if self.is_cut or not self.step():
            self.left = -1
            raise OSError("[Errno 5] EIO")
        change()


def cut_everywhere(former, *words, finished, may_lack=(), stride=1, **options):
    """Deploy with the cable cut at each step, to a board that has the former files."""
    number = cuts = 0
    while True:
        b = Cut(former, **options)
        b.left = number
        status, output = deploy(b, *words)
        if not b.is_cut:
            break
        number += stride
        cuts += 1
        refused((status, output), "the connection to the board", "run this again")
        for name in {*former, *finished} - {n for n in may_lack if f"{n}.new" in b.files}:
            known = [files[name] for files in (former, finished) if name in files]
            known += [None] if name not in former else []
            true(b.files.get(name) in known or print(number, name, output))
        b.left = None
        status, output = deploy(b, *words)
        eq(
            (number, status, b.files == finished),
            (number, 0, True) if b.files == finished else output,
        )
    eq((status, b.files == finished), (0, True) if status == 0 else output)
    note(f"{cuts} cuts")


def deploy(b, *words):
    return _direct.deploy(b, "--from", str(RELEASE), "--force", *words)


def file(name):
    return (RELEASE / name).read_bytes()


NATIVE = {f"/lib/{name}.mpy": file(f"armv7m/{name}.mpy") for name in NAMES[:3]}
FORMER = dict.fromkeys(NATIVE, b"former")


@case
def modules():
    cut_everywhere(FORMER, "", finished=NATIVE)
    cut_everywhere({}, "", "msgpack", finished={"/lib/msgpack.mpy": NATIVE["/lib/msgpack.mpy"]})


@case
def on_fat():
    place = "/lib/msgpack.mpy"
    finished = {place: NATIVE[place]}
    cut_everywhere(
        {place: b"former"}, "", "msgpack", finished=finished, may_lack=[place], is_fat=True
    )


@case
def msgpack_aio():
    place = "/lib/msgpack_aio.mpy"
    finished = {**NATIVE, place: file("msgpack_aio.mpy")}
    del finished["/lib/ioctl.mpy"], finished["/lib/finaliserproxy.mpy"]
    cut_everywhere({place: b"former"}, "", "msgpack", "msgpack_aio", finished=finished)


@case
def a_side_of_the_coprocessor():
    parts, _ = roles.needs(TOP / "build", "client")
    finished = {f"/lib/{name}": file(name) for name in map(roles.file, parts)}
    former = {
        **dict.fromkeys(finished, b"former"),
        "/lib/socket.py": file(roles.drop_in("socket")),
    }
    finished.update({f"/lib/{n}.py": file(roles.drop_in(n)) for n in roles.DROP_IN})
    for name in NAMES[:2]:
        finished[f"/lib/{name}.mpy"] = NATIVE[f"/lib/{name}.mpy"]
    cut_everywhere(former, "--role", "client", finished=finished, stride=3)


@case
def names_that_are_taken():
    # A file system that replaces no file.
    b = Cut(FORMER)
    rename = b._rename

    def refusing(path, to):
        if to in b.files:
            raise OSError(17, "EEXIST")
        rename(path, to)

    b.modules["os"].rename = refusing
    eq((deploy(b, "")[0], b.files), (0, NATIVE))


@case
def bytes_that_are_lost():
    b = Cut(FORMER)
    b.write = lambda name, data: b.files.update({name: data.replace(b"msgpack", b"MSGPACK")})
    words = ":/lib/msgpack.mpy.new is not what was written to it", "another cable"
    refused(deploy(b, "", "msgpack"), *words)
    eq(b.files, FORMER)


@case
def what_is_left():
    # Of installations that broke, whatever is installed now.
    left = {f"/lib/{name}.mpy.new": b"half" for name in NAMES}
    b = Cut({**NATIVE, **left})
    status, output = deploy(b, "--dry-run", "")
    for name in NAMES[:3]:
        true(f"would remove :/lib/{name}.mpy.new" in output or print(output))
    eq((status, b.files), (0, {**NATIVE, **left}))
    eq(deploy(b, "")[0], 0)
    eq(b.files, {**NATIVE, "/lib/msgpack_aio.mpy.new": b"half"})
    # They count as free.
    size = sum(-(-len(data) // 512) + 1 for data in NATIVE.values())
    b = Cut({"/lib/msgpack.mpy.new": bytes(512)}, free=size - 1)
    eq(deploy(b, "")[0], 0)
    b = Cut({}, free=size - 1)
    refused(deploy(b, ""), "no space: ", " take ", "are free")


@case
def what_mpremotes_say():
    class Broken(_direct.Direct):
        def run(self, command, *words):
            return (1, self.says) if command == "cp" else super().run(command, *words)

    broke = "the connection to the board at /dev/fake broke", "run this again"
    full = "no space on the board for msgpack.mpy", "remove files from it"
    worn = ("it cannot read or write its flash",)
    other = ("mpremote failed at /dev/fake:",)
    for says, words in (
        # Versions 1.24.1, 1.25.0 and 1.26.1, where the cable is out.
        ("serial.serialutil.SerialException: write failed: [Errno 5] Input/output error", broke),
        ("OSError: [Errno 5] Input/output error", broke),
        ("cp x :/lib/\nmpremote: cp: Input/output error: Input/output error.\n", broke),
        # Errors of the board.
        ("OSError: 28", full),
        ("OSError: [Errno 28] ENOSPC", full),
        ("mpremote: cp: /lib/msgpack.mpy.new: No space left on device.", full),
        ("OSError: [Errno 5] EIO", worn),
        ("mpremote: cp: /lib/msgpack.mpy.new: Input/output error.", worn),
        ("mpremote: cp: /lib/msgpack.mpy.new: Read-only file system.", ("is read-only",)),
        ("OSError: [Errno 13] EACCES", other),
    ):
        b = Cut(FORMER)
        Broken.says = says
        refused(
            _direct.deploy_by(Broken(b), "--from", str(RELEASE), "--force", "", "msgpack"), *words
        )
        eq(b.files, FORMER)


class Wire:
    """A terminal that leads to another one, and is cut after so many bytes to that."""

    def __init__(self, pty, cut_after):
        self.there = os.open(pty, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.there)
        self.here, self.end = os.openpty()
        tty.setraw(self.end)
        self.pty = os.ttyname(self.end)
        self.cut_after = cut_after
        threading.Thread(target=self.carry, daemon=True).start()

    def carry(self):
        while self.cut_after > 0:
            ready, _, _ = select.select([self.here, self.there], [], [])
            if self.here in ready:
                data = os.read(self.here, min(self.cut_after, 1000))
                self.cut_after -= len(data)
                os.write(self.there, data)
            else:
                os.write(self.here, os.read(self.there, 1000))
        for fd in self.here, self.end, self.there:
            os.close(fd)


USE = "import msgpack; print(msgpack.__version__, msgpack.unpackb(msgpack.packb([1, 'a'])))"


@case
def on_an_emulated_board():
    def deployed(pty):
        options = "--from", RELEASE, "--full", "--force"
        result = subprocess.run(
            [sys.executable, TOP / "tools/deploy.py", *options, pty, "msgpack"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return result.returncode, result.stdout

    listed = "import os; print(sorted(os.listdir('/lib')))"
    with board("mps2-an385/armv7m") as b:
        b.run("import os; os.mkdir('/lib')", 60)
        install.put(b, RELEASE / "armv7m/small/msgpack.mpy", "/lib/msgpack.mpy")
        before = sha256_on_board(b, "/lib/msgpack.mpy")
        used = on_board(b, USE)
        # All questions take less, all bytes of the file more.
        refused(deployed(Wire(b.pty, 20_000).pty), "the connection to the board", "broke")
        b.enter()
        b.soft_reset()
        eq(sha256_on_board(b, "/lib/msgpack.mpy"), before)
        eq(on_board(b, USE), used)
        status, output = deployed(b.pty)
        eq((status, "copied to :/lib/msgpack.mpy" in output), (0, True) if status == 0 else output)
        eq(on_board(b, listed), "['msgpack.mpy']\n")


end()
