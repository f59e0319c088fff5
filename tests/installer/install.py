# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 300
#
# install.py of a release puts modules on a board, from its folder and from a server.

import ast
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

sys.path.insert(0, "tests/release")

from _fake import Board as Fake, implementation  # noqa: E402
from _release import TOP, board, install, on_board, release, served  # noqa: E402
from _release import sha256_on_board  # noqa: E402
from check import case, end, eq, true  # noqa: E402

import mpyinfo  # noqa: E402
import ports  # noqa: E402
import remote  # noqa: E402

NAME, ARCH = "mps2-an385/armv7m", "armv7m"
VERSION = (TOP / "VERSION").read_text().strip()
MPREMOTE = " ".join(install.find_mpremote())


def run(program, *words, **environment):
    """(status, output) of install.py."""
    result = subprocess.run(
        [sys.executable, program, *words],
        env={"PATH": os.environ["PATH"], "MPREMOTE": MPREMOTE, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
    )
    # Its messages name its own options.
    true("=1" not in result.stdout and "make " not in result.stdout or print(result.stdout))
    return result.returncode, result.stdout


def here(b, *words):
    return run(release() / "install.py", "--port", b.pty, *words)


def digest_of(file):
    return hashlib.sha256((release() / file).read_bytes()).hexdigest()


def refused(result, *words):
    status, output = result
    last = output.strip().splitlines()[-1]
    eq((status, last.startswith("install: ")), (1, True) if status == 1 else output)
    for word in words:
        true(word in last or print(output))


def fake(arch="armv7m", **options):
    mpy = 6 | 3 << 8 | mpyinfo.ARCHS.index(arch) << 10
    return Fake(implementation((1, 25, 0, ""), mpy), **options)


@case
def on_an_emulated_board():
    with board(NAME) as b:
        status, output = here(b, "msgpack", "finaliserproxy")
        eq(status, 0 if status == 0 else output)
        true(f"msgpack: version {VERSION} works, and takes 2" in output or print(output))
        for module in "msgpack", "finaliserproxy":
            file = f"{module}.mpy"
            eq(sha256_on_board(b, f"/lib/{file}"), digest_of(f"{ARCH}/{file}"))
        status, output = here(b, "--list")
        size = (release() / ARCH / "msgpack.mpy").stat().st_size
        eq(status, 0)
        true(f"msgpack: the full flavour, {size} bytes at :/lib/msgpack.mpy\n" in output)
        true("\nfinaliserproxy: " in f"\n{output}" and "ioctl" not in output)
        # Another file is there.
        refused(here(b, "--small", "msgpack"), "is another file than", "--force replaces it")
        eq(here(b, "--small", "--force", "msgpack")[0], 0)
        eq(sha256_on_board(b, "/lib/msgpack.mpy"), digest_of(f"{ARCH}/small/msgpack.mpy"))
        status, output = here(b, "msgpack")
        true("as the one on the board; --full --force replaces it" in output or print(output))
        eq((status, "is at :/lib/msgpack.mpy already" in output), (0, True))
        eq(here(b, "--remove", "msgpack")[0], 0)
        eq(on_board(b, "import os; print(os.listdir('/lib'))"), "['finaliserproxy.mpy']\n")


@case
def nothing_is_done():
    with fake() as b:
        size = (release() / "armv7m/ioctl.mpy").stat().st_size
        status, output = here(b, "--dry-run", "ioctl")
        eq(status, 0 if status == 0 else output)
        true(output.endswith(f"would copy ioctl.mpy to :/lib/ioctl.mpy, {size} bytes\n"))
        eq(b.files, {})
        b.files["/lib/ioctl.mpy"] = b"mine"
        true("would remove :/lib/ioctl.mpy\n" in here(b, "--remove", "--dry-run", "ioctl")[1])
        eq(b.files, {"/lib/ioctl.mpy": b"mine"})
        eq(here(b, "--list", "msgpack"), (0, "no msgpack in :/lib\n"))


@case
def removing():
    # Whatever the firmware is by now.
    with fake("none") as b:
        b.files.update({"/lib/ioctl.mpy": b"ours", "/lib/ioctl.py": b"mine"})
        eq(here(b, "--list", "ioctl"), (0, "ioctl: 4 bytes at :/lib/ioctl.mpy\n"))
        eq(here(b, "--remove", "ioctl")[0], 0)
        eq(b.files, {"/lib/ioctl.py": b"mine"})
        b.files["/lib/ioctl.mpy"] = b"ours"
        b.modules["os"].remove = lambda name: (_ for _ in ()).throw(OSError(30, "EROFS"))
        refused(here(b, "--remove", "ioctl"), ":/lib/ioctl.mpy stays on the board: ", "EROFS")


class Cut(http.server.SimpleHTTPRequestHandler):
    """Ends each file early."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")


@case
def from_a_server_that_fails():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cut) as server, fake() as b:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        refused(here(b, "--url", url, "ioctl"), f"{url}/SHA256SUMS: ")
        server.shutdown()


@case
def names_that_lead_elsewhere():
    with tempfile.TemporaryDirectory() as top, fake() as b:
        # From the folder that install.py makes for the files.
        away = Path(top, "temporary/away.mpy")
        away.parent.mkdir()
        shutil.copytree(release() / ARCH, Path(top, "dist", ARCH))
        sums = (release() / "SHA256SUMS").read_text()
        data = b"from elsewhere"
        Path(top, "away.mpy").write_bytes(data)
        name = f"{ARCH}/../../away.mpy"
        Path(top, "dist/SHA256SUMS").write_text(
            f"{sums}{hashlib.sha256(data).hexdigest()}  {name}\n"
        )
        words = ("--url", f"{top}/dist", "--port", b.pty, "--dry-run", "ioctl")
        status, output = run(release() / "install.py", *words, TMPDIR=str(away.parent))
        eq((status, away.exists()), (0, False) if status == 0 else output)


@case
def boards_that_print_between():
    # As ESP32 do at any time.
    eq(remote.said("I (12) wifi:@deploy [1]\nI (13) wifi\n"), [1])
    eq(remote.said("@deploy [1, I (12) wifi\n]\n"), None)


@case
def ports_of_windows():
    # There, no port is a file.
    listed = lambda: "there are: COM3 COM4"  # noqa: E731
    true("in use" in ports.no_access("com3", listed))
    true("no such port" in ports.no_access("COM33", listed))


@case
def from_a_server():
    with tempfile.TemporaryDirectory() as folder, fake() as b, served(release()) as url:
        alone = shutil.copy(release() / "install.py", folder)
        words = ("--port", b.pty, "--dry-run", "ioctl")
        refused(run(alone, *words), "say where it is with --url")
        status, output = run(alone, "--url", url, *words)
        eq((status, "would copy ioctl.mpy" in output), (0, True))
        refused(run(alone, "--url", f"{url}/nowhere", *words), "nowhere/SHA256SUMS: ")
        # It may know the release's address.
        alone = shutil.copy(release(url, ("armv7m",)) / "install.py", folder)
        status, output = run(alone, *words)
        eq((status, "would copy ioctl.mpy" in output), (0, True))


@case
def files_that_are_not_of_the_release():
    with tempfile.TemporaryDirectory() as folder, fake() as b:
        shutil.copytree(release(), folder, dirs_exist_ok=True)
        file = Path(folder, "armv7m/ioctl.mpy")
        words = (Path(folder, "install.py"), "--port", b.pty, "msgpack")
        file.write_bytes(file.read_bytes()[:-1] + b"?")
        refused(run(*words), "armv7m/ioctl.mpy is not what SHA256SUMS says")
        file.unlink()
        refused(run(*words), "armv7m/ioctl.mpy: No such file")
        eq(b.files, {})


@case
def boards_that_cannot():
    with fake("none") as b:
        refused(here(b), "loads no native code")
    with fake("armv6") as b:
        refused(here(b, "ioctl"), "the release has no files for armv6")
    with fake(free=2) as b:
        refused(here(b), "no space")
    refused(run(release() / "install.py", "--port", "/dev/ttyNONE"), "no board at /dev/ttyNONE")


@case
def without_mpremote():
    program = release() / "install.py"
    result = run(program, "ioctl", MPREMOTE="", PATH="/nowhere")
    refused(result, "mpremote is missing: pip install mpremote")


@case
def its_own_words():
    program = release() / "install.py"
    eq(run(program, "--version"), (0, f"{VERSION}\n"))
    status, output = run(program, "nonsense")
    eq((status, "known are: finaliserproxy, ioctl, msgpack" in output), (2, True))
    eq(run(program, "--remove")[0], 2)
    status, output = run(program, "--help")
    eq(status, 0)
    for word in ("--url", "--dry-run", "--list", "--remove", "--small"):
        true(word in output)


@case
def for_python_3_9():
    with zipfile.ZipFile(release() / "install.py") as archive:
        sources = [name for name in archive.namelist() if name.endswith(".py")]
        true(len(sources) > 8)
        for name in sources:
            ast.parse(archive.read(name), feature_version=(3, 9))


end()
