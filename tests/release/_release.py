# SPDX-License-Identifier: MIT
"""A release to test with, and what the tests of it share."""

import atexit
import contextlib
import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
for folder in ("tools", "tests", "tests/build"):
    sys.path.insert(0, str(TOP / folder))

import check  # noqa: E402
from _sandbox import MPY_DIR, PYCACHE, Sandbox  # noqa: E402
from check import eq, skip, true  # noqa: E402
from natmods import NAMES as MODULES, WITH_SMALL  # noqa: E402, F401
from runner import children, install  # noqa: E402
from runner.board import Board  # noqa: E402
from runner.paths import shown  # noqa: E402
from runner.targets import TARGETS  # noqa: E402

ARCHS = "x64 x86 armv6m armv7m armv7emsp armv7emdp rv32imc xtensa xtensawin".split()
BOARDS = {
    t.name: t for t in TARGETS if t.kind == "qemu" and not (t.optional or t.variant or t.subset)
}
IN_CI = os.environ.get("CI") == "true"


class Sources(Sandbox):
    """A copy of all that make dist reads, with the compiler of bytecode that is built."""

    def __enter__(self):
        super().__enter__()
        shutil.rmtree(self.top / "natmod")
        for folder in ("natmod", "coprocessor", "installer", "docs"):
            shutil.copytree(TOP / folder, self.top / folder, ignore=PYCACHE)
        shutil.copy(TOP / "LICENSE", self.top)
        shutil.copy(TOP / "bench/budget.json", self.top / "bench")
        if not check.long:
            shutil.copytree(TOP / "build/mpy-cross", self.top / "build/mpy-cross")
        return self


@functools.cache
def release(url="", archs=tuple(ARCHS)):
    """The folder of a release of what is built, for the time of this process."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    command = [sys.executable, TOP / "tools/dist.py", "--url", url]
    command += [TOP / "build", f"{folder}/release", *archs]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return Path(folder, "release")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def served(folder):
    """A plain static server of a folder on this machine: its URL."""
    return serving(functools.partial(_Quiet, directory=str(folder)))


@contextlib.contextmanager
def serving(handler):
    """A server on this machine with http.server's handler: its URL."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextlib.contextmanager
def at_its_url(*archs):
    """A release whose packages have whole addresses, on such a server: its URL."""
    with tempfile.TemporaryDirectory() as folder, served(folder) as url:
        shutil.copytree(release(url, archs), folder, dirs_exist_ok=True)
        yield url


def present(interpreter, target):
    """Skip the case when an interpreter is not there; fail where all that are wanted are built."""
    if not interpreter.exists():
        how = f"make interpreter TARGET={target} builds what this needs"
        if IN_CI or check.long:
            raise AssertionError(f"{shown(interpreter)} is missing: {how}")
        skip(how)


@contextlib.contextmanager
def board(name, *options):
    """An emulated board with nothing on it yet but a file system, unless an option brings more."""
    (target,) = (t for t in TARGETS if t.name == name)
    present(target.interpreter, target.board)
    board = Board(target, options=options)
    try:
        board.start()
        yield board
    finally:
        board.stop()


def on_board(board, source):
    """What a program prints on a board whose terminal others have used."""
    board.enter()
    output, traceback = board.run(source, 60)
    assert not traceback, traceback
    return output


def sha256_on_board(board, path):
    source = f"""
import binascii, hashlib
print(binascii.hexlify(hashlib.sha256(open({path!r}, "rb").read()).digest()).decode())
"""
    return on_board(board, source).strip()


def mpremote(board, *words, version=None):
    """(status, output) of mpremote: Debian's, or with version="tree" that of the sources."""
    command = install.find_mpremote()
    if version == "tree":
        command = ["env", f"PYTHONPATH={MPY_DIR}/tools/mpremote", "/usr/bin/python3"]
        command += ["-m", "mpremote"]
    result = subprocess.run(
        [*command, "connect", board.pty, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return result.returncode, result.stdout


def unix(source, *path, arch="x64", options=()):
    """(status, output) of a program on the unix port."""
    interpreter = TOP / f"build/unix-{arch}/micropython"
    present(interpreter, f"unix-{arch}")
    env = {"MICROPYPATH": ":".join(str(p) for p in path)}
    return children.run([interpreter, *options, "-c", source], 300, env=env)


def own_mip():
    """The folders of MicroPython's mip, which the firmware of boards with a network has."""
    library = Path(MPY_DIR, "lib/micropython-lib")
    folders = [library / "python-ecosys/mip", library / "micropython/requests"]
    if not all(folder.is_dir() for folder in folders):
        skip("the MicroPython tree has no mip")
    return folders


def refused(result, *words):
    """Fail unless deploy has failed with words that the user can act upon."""
    status, output = result
    last = output[output.find("deploy: ") :]
    eq(status, 1)
    for word in ("deploy: ", *words):
        true(word in last or print(output))
    true("Traceback" not in output or print(output))
