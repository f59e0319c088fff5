# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# install.py of a release puts modules on a board, from its folder and from a server.

import ast
import contextlib
import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import zipfile
from pathlib import Path
from types import SimpleNamespace

sys.path[:0] = "tests/release", "installer/install"

from _fake import Board as Fake, implementation  # noqa: E402
from _release import TOP, board, install, on_board, release, served  # noqa: E402
from _release import serving, sha256_on_board  # noqa: E402
from check import case, end, eq, raises, true  # noqa: E402

import mpyinfo  # noqa: E402
import ports  # noqa: E402
import release as releases  # noqa: E402
import remote  # noqa: E402
import roles  # noqa: E402

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
    true(not re.search(r"[A-Z]=1|make |ROLE=", result.stdout) or print(result.stdout))
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


@contextlib.contextmanager
def patched(module, **values):
    before = {name: getattr(module, name) for name in values}
    try:
        for name, value in values.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


# All files of a board, and what is in them.
FILES = """
import os
def show(folder):
    for name, kind, *_ in os.ilistdir(folder or '/'):
        path = folder + '/' + name
        if kind == 0x4000:
            show(path)
        else:
            with open(path, 'rb') as f:
                print(path, os.stat(path)[6:], hash(f.read()))
show('')
"""


@case
def on_an_emulated_board():
    with board(NAME) as b:
        status, output = here(b, "msgpack", "finaliserproxy")
        eq(status, 0 if status == 0 else output)
        true(f"msgpack: version {VERSION} works, and takes 2" in output or print(output))
        for module in "msgpack", "finaliserproxy":
            file = f"{module}.mpy"
            eq(sha256_on_board(b, f"/lib/{file}"), digest_of(f"{ARCH}/{file}"))
        before = on_board(b, FILES)
        status, output = here(b, "--dry-run", "--small", "--force", "msgpack", "ioctl")
        true("msgpack.mpy, " in output and "in place of the file there" in output or print(output))
        eq((status, on_board(b, FILES)), (0, before))
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
        line = "ioctl: 4 bytes at :/lib/ioctl.mpy, which :/lib/ioctl.py hides\n"
        eq(here(b, "--list", "ioctl"), (0, line))
        eq(here(b, "--remove", "ioctl")[0], 0)
        eq(b.files, {"/lib/ioctl.py": b"mine"})
        b.files["/lib/ioctl.mpy"] = b"ours"
        b.modules["os"].remove = lambda name: (_ for _ in ()).throw(OSError(30, "EROFS"))
        refused(here(b, "--remove", "ioctl"), ":/lib/ioctl.mpy stays on the board: ", "EROFS")


class Logged(http.server.SimpleHTTPRequestHandler):
    """Serves the release, and remembers what was asked for."""

    asked = []

    def __init__(self, *args):
        super().__init__(*args, directory=str(release()))

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.asked.append(self.path[1:])
        super().do_GET()


class Page(Logged):
    """Answers with a page where there is no such file, or to all."""

    for_all = False

    def send_error(self, *args):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"\n<!DOCTYPE html><p>Log in")

    def do_GET(self):
        self.send_error() if self.for_all else super().do_GET()


def server(handler):
    handler.asked.clear()
    return serving(handler)


PARTS = {
    role: [roles.file(n) for n in roles.needs(TOP / "build", role)[0]] for role in roles.ROLES
}


@case
def a_side_of_the_coprocessor():
    parts = ("link", "socket", "client")
    loaded = {f"coprocessor.{part}": f"/lib/coprocessor/{part}.mpy" for part in parts}
    loaded.update({name: f"/lib/{name}.mpy" for name in ("msgpack", "finaliserproxy")})
    modules = {name: SimpleNamespace(__file__=f, __version__="1") for name, f in loaded.items()}
    modules["machine"] = SimpleNamespace(UART=None)
    with server(Logged) as url, fake(free=1000, **modules) as b:
        b.folders.add("/lib/coprocessor")
        status, output = here(b, "--url", url, "--role", "client")
        eq(status, 0 if status == 0 else output)
        true("For the other board: install.py --role server --port ..." in output or print(output))
        native = [f"{ARCH}/{name}.mpy" for name in ("finaliserproxy", "msgpack")]
        drop_in = [roles.drop_in(name) for name in roles.DROP_IN]
        files = [*native, *PARTS["client"], *drop_in]
        # Nothing else is fetched.
        eq(sorted(Logged.asked), sorted(["SHA256SUMS", "coprocessor-client.json", *files]))
        lib = {re.sub(rf"^{ARCH}/|coprocessor/drop-in/", "", name): name for name in files}
        wanted = {f"/lib/{name}": (release() / file).read_bytes() for name, file in lib.items()}
        eq(b.files == wanted, True)
        size = sum(len(wanted[f"/lib/{name}"]) for name in PARTS["client"])
        status, output = here(b, "--list")
        true(f"coprocessor: {len(PARTS['client'])} files, {size} bytes in :/lib/copr" in output)
        true("socket: " in output and "for coprocessor.socket\n" in output or print(output))
        # A file of the user's own stays.
        b.files["/lib/ssl.py"] = b"from tls import *"
        refused(
            here(b, "--role", "server"), "no network and no socket", "install.py --role client"
        )
        eq(here(b, "--remove", "--role", "client")[0], 0)
        names = ["/lib/finaliserproxy.mpy", "/lib/msgpack.mpy", "/lib/ssl.py"]
        eq((sorted(b.files), b.folders), (names, {"/lib"}))


@case
def what_it_would_do():
    modules = {name: SimpleNamespace() for name in ("network", "socket", "ssl", "tls")}
    modules["machine"] = SimpleNamespace(UART=None)
    with fake("xtensawin", free=1000, **modules) as b:
        b.folders.add("/lib/coprocessor")
        before = {"/lib/coprocessor/link.mpy": b"mine", "/lib/msgpack.mpy.new": b"half"}
        b.files.update(before)
        status, output = here(b, "--role", "server", "--dry-run", "--force")
        copies = [
            f"would copy {file.partition('/')[2]} to :/lib/{file}, " for file in PARTS["server"]
        ]
        for words in (
            *copies,
            "would copy msgpack.mpy to :/lib/msgpack.mpy, ",
            " bytes, in place of the file there\n",
            "would remove :/lib/msgpack.mpy.new, which is left",
        ):
            true(words in output or print(output))
        eq((status, b.files), (0, before))
        refused(here(b, "--role", "server", "--dry-run"), "is another file than", "--force")
        eq(b.files, before)


@case
def msgpack_aio():
    aio = SimpleNamespace(__file__="/lib/msgpack_aio.mpy")
    with fake(msgpack_aio=aio) as b:
        status, output = here(b, "msgpack_aio")
        eq(status, 0 if status == 0 else output)
        eq(b.files, {"/lib/msgpack_aio.mpy": (release() / "msgpack_aio.mpy").read_bytes()})
        true("msgpack_aio: works, and takes " in output or print(output))
        b.modules["msgpack_aio"] = ImportError("no module named 'msgpack'")
        refused(here(b, "msgpack_aio"), "no module named 'msgpack'", "install msgpack, too")
        b.modules["msgpack_aio"] = ImportError("no module named 'asyncio'")
        refused(here(b, "msgpack_aio"), "the firmware has no asyncio")
        size = len(b.files["/lib/msgpack_aio.mpy"])
        line = f"msgpack_aio: {size} bytes at :/lib/msgpack_aio.mpy\n"
        eq(here(b, "--list"), (0, line))
        eq((here(b, "--remove", "msgpack_aio"), b.files), ((0, f"{line}removed\n"), {}))


@case
def servers_that_answer_with_pages():
    with server(Page) as url, fake() as b:
        words = "--port", b.pty, "--url", f"{url}/a/b"
        words = words, "a/b/SHA256SUMS is a web page, not the file of a release", "--url", "login"
        refused(run(release() / "install.py", *words[0], "ioctl"), *words[1:])
    with server(Page) as url, tempfile.TemporaryDirectory() as folder:
        there = releases.Release(url, folder)
        there.get(ARCH, True, False)
        there.sums["x.mpy"] = "0" * 64
        words = "x.mpy is not what SHA256SUMS says, but a web page: fetch it again"
        raises(remote.Failure, there.file, "x.mpy", match=words)


@case
def sums_that_are_not_right():
    good = (release() / "SHA256SUMS").read_text()
    with tempfile.TemporaryDirectory() as folder:

        def fails(text, *words, get=f"{ARCH}/ioctl.mpy"):
            if text is not None:
                Path(folder, "SHA256SUMS").write_text(text)
            there = releases.Release(folder, f"{folder}/files")

            def fetch():
                there.get(ARCH, True, False)
                there.file(get)

            for word in words:
                raises(remote.Failure, fetch, match=word)

        fails(None, "SHA256SUMS: No such file", "--url names the folder or the address of a rel")
        fails("", "SHA256SUMS is cut off after 0 bytes: fetch it again")
        fails(good[:1000], "SHA256SUMS is cut off after 1000 bytes: fetch it again")
        fails(good.replace("  ", " "), "SHA256SUMS is not the file of a release; it says '")
        lines = good.splitlines(keepends=True)
        names = [line.split()[1] for line in lines]
        at = names.index(f"{ARCH}/msgpack.mpy")
        # A line is not there, or the last ones are not.
        fails(
            "".join(lines[: at + 1]).replace("ioctl", "IOCTL"), "has no line for armv7m/ioctl.mpy"
        )
        fails(
            "".join(lines[:at]), "has no files for armv7m, by", "but for: armv6m armv7emdp armv7e"
        )
        fails(good, "armv7m/ioctl.mpy: No such file", "fetch it again")
        fails(good, "SHA256SUMS has no line for ../x", get="../x")
        # As Windows has lines.
        fails(good.replace("\n", "\r\n"), "armv7m/ioctl.mpy: No such file")
    raises(
        remote.Failure, releases.Release("/nowhere", "").read_sums, match="/nowhere is no folder"
    )


@case
def without_folders():
    # As the page of a release on GitHub has the files.
    with tempfile.TemporaryDirectory() as top, served(top) as url:
        for file in release().iterdir():
            if file.is_file():
                shutil.copy(file, top)
        for number, where in enumerate((top, url, f"{top}/", f"{url}/index.html")):
            there = releases.Release(where, f"{top}/{number}")
            there.get(ARCH, True, False)
            for name in f"{ARCH}/msgpack.mpy", f"{ARCH}/small/msgpack.mpy", "msgpack_aio.mpy":
                eq(there.file(name).read_bytes() == (release() / name).read_bytes(), True)
            words = "coprocessor/link.mpy: "
            raises(remote.Failure, there.file, "coprocessor/link.mpy", match=words)


@case
def what_is_executed_in_flash():
    there = releases.Release(str(release()), "")
    words = "--small --force takes the flavour in RAM, make deploy IN_PLACE=1 in the source"
    with patched(remote.Words, as_flags=True):
        raises(remote.Failure, there.native, ARCH, "msgpack", "in_place", match=words)


@case
def what_errors_of_the_network_mean():
    there = releases.Release("https://example.com/", "")
    for error, words in (
        (
            urllib.error.HTTPError("", 404, "Not Found", None, None),
            "the server says 404 Not Found;",
        ),
        (urllib.error.URLError(ssl.SSLCertVerificationError(1, "bad")), "with a browser and name"),
        (urllib.error.URLError(socket.gaierror(-2, "unknown")), "unknown: is the address right"),
        (urllib.error.URLError(TimeoutError("timed out")), "the server does not answer; try"),
        (urllib.error.URLError(ConnectionRefusedError(111, "refused")), "refused; "),
        (http.client.IncompleteRead(b"half", 6), "the connection ended after 4 bytes; try again"),
        (ValueError("unknown url type"), "unknown url type; try again"),
    ):
        text = there.explain("ioctl.mpy", error)
        true(words in text or print(text))


class Cut(http.server.SimpleHTTPRequestHandler):
    """Ends each file early."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")


class Endless(Logged):
    """Sends a file without an end, a piece at a time."""

    piece, pause = b"x" * 65536, 0

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(self.piece)
                time.sleep(self.pause)


class Slow(Endless):
    piece, pause = b"x", 0.1


@case
def from_a_server_that_fails():
    with serving(Cut) as url, fake() as b:
        words = f"{url}/SHA256SUMS: the connection ended after 4 bytes; try again"
        refused(here(b, "--url", url, "ioctl"), words)
    for handler, seconds, words in (
        (Endless, 300, "it is longer than 1048576 bytes, as no file of a release is"),
        (Slow, 1, "after 1 seconds only "),
    ):
        with serving(handler) as url, patched(releases, MOST_SECONDS=seconds):
            fetch = releases.Release(url, "").read_sums
            raises(remote.Failure, fetch, match=f"{url}/SHA256SUMS: {words}")


@case
def places_that_lead_elsewhere():
    with tempfile.TemporaryDirectory() as top:

        def parts(package):
            file = Path(top, "coprocessor-client.json")
            file.write_text(package)
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            Path(top, "SHA256SUMS").write_text(f"{digest}  {file.name}\n")
            with tempfile.TemporaryDirectory() as folder:
                there = releases.Release(top, folder)
                there.get(ARCH, False, True)
                return there.parts("client")

        good = ["coprocessor/link.mpy", "https://example.com/../x"]
        eq(parts(json.dumps({"urls": [good]})), ["link"])
        for place in "coprocessor/../boot.mpy", "main.py", "coprocessor/a/b.mpy", "/boot.py", 1:
            package = json.dumps({"urls": [good, [place, "x"]]})
            words = "coprocessor-client.json has files for other places than coprocessor/"
            raises(remote.Failure, parts, package, match=words)
        for package in "[]", "{}", '{"urls": 1}', '{"urls": ["x"]}', "half":
            words = "coprocessor-client.json is not the file of a release"
            raises(remote.Failure, parts, package, match=words)


@case
def boards_that_print_between():
    # As ESP32 do at any time.
    eq(remote.said("I (12) wifi:@deploy [1]\nI (13) wifi\n", [int]), [1])
    for nonsense in "[1, I (12) wifi\n]", "{[]: 1}", "-" * 100_000 + "1", "\0":
        eq(remote.said(f"@deploy {nonsense}\n", list), None)


@case
def ports_that_cannot_be_opened():
    def says(port, *words, found=()):
        text = ports.no_access(port, lambda: ports.listed(found))
        for word in words:
            true(word in text or print(text))

    with patched(sys, platform="win32"):
        # There, no port is a file.
        says("com3", "com3 is in use by another program (such as PuTTY", found=["COM3", "COM4"])
        says("COM33", "there is no such port (there are: COM3)", found=["COM3"])
        says("COM3", "there is none at all: use a cable that carries data", "driver")
    ours, theirs = os.openpty()
    port = os.ttyname(theirs)
    for platform, in_use, denied in (
        (
            "linux",
            "(such as a terminal, Thonny or ModemManager)",
            "sudo usermod -aG dialout $USER",
        ),
        ("darwin", "(such as a terminal or Thonny)", f"sudo chmod a+rw {port}"),
    ):
        with patched(sys, platform=platform), patched(ports, group_of=lambda port: "dialout"):
            says(port, f"{port} is in use by another program {in_use}")
            with patched(os, access=lambda *args: False):
                says(port, f"no permission for {port}; run: {denied}")
    os.close(ours)
    os.close(theirs)
    # A port of nobody's but root.
    with patched(os, access=lambda *args: False):
        says("/dev/null", "run: sudo chmod a+rw /dev/null")
    says("/dev/null", "/dev/null is no serial port")


@case
def mpremote_that_is_missing():
    for has_file, prefix, platform, command in (
        (False, "/usr", "linux", "python3 -m pip install mpremote"),
        (False, "/usr", "win32", "py -m pip install mpremote"),
        (True, "/usr", "linux", "pipx install mpremote"),
        (True, "/an/environment", "linux", "python3 -m pip install mpremote"),
    ):
        with patched(os.path, exists=lambda path: has_file), patched(
            sys, prefix=prefix, base_prefix="/usr", platform=platform
        ):
            eq(remote.get_mpremote(), command)


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
        refused(run(*words, "ioctl"), "armv7m/ioctl.mpy is not what SHA256SUMS says")
        file.unlink()
        Path(folder, f"ioctl-{VERSION}-mpy6.3-{ARCH}.mpy").unlink()
        refused(run(*words, "ioctl"), "armv7m/ioctl.mpy: No such file", "fetch it again")
        eq(b.files, {})
        # Others are not looked at.
        status, output = run(*words, "--dry-run")
        eq((status, "would copy msgpack.mpy" in output), (0, True) if status == 0 else output)


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
    refused(result, "mpremote is missing; this installs it: ", "install mpremote")


@case
def its_own_words():
    program = release() / "install.py"
    eq(run(program, "--version"), (0, f"{VERSION}\n"))
    status, output = run(program, "nonsense")
    eq((status, "known are: finaliserproxy ioctl msgpack msgpack_aio\n" in output), (2, True))
    for port in "/dev/ttyACM0", "com3":
        status, output = run(program, port, "msgpack")
        eq((status, f"a port is named like this: --port {port}\n" in output), (2, True))
    eq(run(program, "--remove")[0], 2)
    status, output = run(program, "--help")
    eq(status, 0)
    for word in ("--url", "--dry-run", "--list", "--remove", "--small", "--role", "msgpack_aio"):
        true(word in output)


@case
def a_python_that_is_too_old():
    source = "import runpy, sys; sys.version_info = 3, 8, 1, '', 0; runpy.run_path(sys.argv[1])"
    words = [sys.executable, "-c", source, release() / "install.py"]
    result = subprocess.run(words, capture_output=True, text=True)
    says = "install: Python 3.9 or later is needed, and this is 3.8.1\n"
    eq((result.returncode, result.stderr), (1, says))
    # It can be read by all that are older.
    source = (TOP / "installer/install/__main__.py").read_text()
    true('f"' not in source and ":=" not in source)


@case
def in_a_tree():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "natmod/other").mkdir(parents=True)
        Path(folder, "natmod/other/Makefile").write_text("MOD = other\n")
        program = shutil.copy(release() / "install.py", folder)
        eq(run(program, "--version"), (0, f"{VERSION}\n"))
        refused(run(program, "--port", "/dev/null"), f"no release, beside install.py in {folder}")


@case
def for_python_3_9():
    with zipfile.ZipFile(release() / "install.py") as archive:
        sources = [name for name in archive.namelist() if name.endswith(".py")]
        true(len(sources) > 8)
        for name in sources:
            ast.parse(archive.read(name), feature_version=(3, 9))


end()
