# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# tools/deploy.py on every emulated board, and what it says when something is wrong.

import fcntl
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import _direct
import _fake
import check
from _release import BOARDS, MODULES, TOP, board, install, mpremote, on_board, release
from _release import refused, sha256_on_board
from check import case, end, eq, true

import mpyinfo
import remote

VERSION = (TOP / "VERSION").read_text().strip()
OTHER = "mps2-an385/armv7m"
LITTLE = 64 * 1024  # Less free RAM than this is little.


def deploy(port, *options, **environment):
    """(status, output) of deploying the release."""
    command = [sys.executable, TOP / "tools/deploy.py", "--from", release(), *options]
    result = subprocess.run(
        [*map(str, command), *port.split()],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return result.returncode, result.stdout


def deployed(name):
    """Fail unless the release deploys to an emulated board."""
    arch = BOARDS[name].arch
    with board(name) as b:
        status, output = deploy(b.pty)
        lines = output.splitlines()
        eq((status, len(lines)), (0, 2 + 2 * len(MODULES)) if status == 0 else output)
        true(lines[0].endswith(f": {arch}"))
        true(lines[1].startswith("msgpack: the full flavour, as ") or print(lines[1]))
        for module in reversed(MODULES):
            path = release() / arch / f"{module}.mpy"
            info = mpyinfo.read(path)
            true(f"{module}: copied to :/lib/{module}.mpy, {info.size} bytes" in lines)
            line = next(line for line in lines if line.startswith(f"{module}: version {VERSION}"))
            ram = int(re.search(r"takes (\d+) bytes of RAM$", line)[1])
            known = next(f for f in files() if f["file"] == f"{arch}/{module}.mpy")
            # A little more or less, for what else is in the heap.
            true(abs(ram - known["ram"]) <= max(512, ram * 5 / 100) or print(line, known["ram"]))
            eq(sha256_on_board(b, f"/lib/{module}.mpy"), known["sha256"])


def files():
    return json.loads((release() / "index.json").read_text())


# The boards that deploy serves in make test; on the others, too, the runner's mpremote installs
# the modules. Both architectures of the Cortex-M3 are the same board.
DAILY = ("mps2-an385/armv7m", "virt-rv32", "xtensawin")
NAMES = [name for name in BOARDS if name in DAILY or check.long and name != "mps2-an385/armv6m"]


def on(name, future):
    def fn():
        future.result()

    fn.__name__ = f"on_{name}"
    case(fn)


# mpremote mostly waits, so all boards are served at once.
release()
with ThreadPoolExecutor() as pool:
    for future in [(name, pool.submit(deployed, name)) for name in NAMES]:
        on(*future)


@case
def files_that_are_on_the_board():
    with board(OTHER) as b:
        b.run("import os; os.mkdir('/lib')", 60)
        install.put(b, release() / "armv7m/finaliserproxy.mpy", "/lib/finaliserproxy.mpy")
        status, output = deploy(f"{b.pty} finaliserproxy")
        eq(status, 0)
        true(
            "finaliserproxy: is at :/lib/finaliserproxy.mpy already\n" in output
            and "copied" not in output
        )
        true("msgpack" not in output)

        # Another file.
        on_board(b, "f = open('/lib/finaliserproxy.mpy', 'a'); f.write('more'); f.close()")
        before = sha256_on_board(b, "/lib/finaliserproxy.mpy")
        refused(
            deploy(f"{b.pty} finaliserproxy"),
            ":/lib/finaliserproxy.mpy on the board is another",
            "FORCE=1",
        )
        eq(sha256_on_board(b, "/lib/finaliserproxy.mpy"), before)
        status, output = deploy(f"{b.pty} finaliserproxy", "--force")
        eq((status, "finaliserproxy: copied to :/lib/finaliserproxy.mpy" in output), (0, True))

        # The same where the firmware has no hashlib.
        on_board(b, "f = open('/hashlib.py', 'w'); f.write('raise ImportError'); f.close()")
        status, output = deploy(f"{b.pty} finaliserproxy")
        eq((status, "finaliserproxy: is at :" in output, "copied" in output), (0, True, False))
        on_board(b, "f = open('/lib/finaliserproxy.mpy', 'a'); f.write('more'); f.close()")
        refused(
            deploy(f"{b.pty} finaliserproxy"), ":/lib/finaliserproxy.mpy on the board is another"
        )
        status, output = deploy(f"{b.pty} finaliserproxy", "--force")
        eq((status, "finaliserproxy: copied to :/lib/finaliserproxy.mpy" in output), (0, True))
        on_board(b, "import os; os.remove('/hashlib.py')")

        # A file that would be imported in its place.
        on_board(b, "open('/finaliserproxy.py', 'w').close()")
        refused(
            deploy(f"{b.pty} finaliserproxy"),
            "hides :/lib/finaliserproxy.mpy",
            "mpremote rm :finaliserproxy.py",
        )


# In place of the firmware's os: its import leaves little RAM.
GREEDY = """
from uos import *
import gc
gc.collect()
taken = bytearray(gc.mem_free() - 60000)
"""


def lib_of(board):
    """{name: size} of the files in the board's lib folder."""
    source = "import uos; print({f[0]: f[3] for f in uos.ilistdir('/lib')})"
    return eval(on_board(board, source))


@case
def on_a_board_with_little_ram():
    arch = "armv6m"
    full, small = (
        (release() / arch / name).stat().st_size for name in ("msgpack.mpy", "small/msgpack.mpy")
    )
    with board("mps2-an385-samd21") as b:

        def deployed(*options):
            status, output = deploy(f"{b.pty} msgpack", *options)
            eq(status, 0 if status == 0 else output)
            return output

        on_board(b, f"f = open('/os.py', 'w'); f.write({GREEDY!r}); f.close()")
        output = deployed()
        words = (
            r"\nmsgpack: the small flavour, as 5\d KB of RAM are free; FULL=1 takes the full one\n"
        )
        true(re.search(words, output) or print(output))
        works = f"\nmsgpack: version {VERSION}\\+small works, and takes (\\d+) bytes of RAM\n"
        ram = re.search(works, output)
        true(3000 < int(ram[1]) < 6000 or print(output))
        eq(lib_of(b), {"msgpack.mpy": small})

        # It stays where there is more RAM. The full one goes beside it if asked for,
        on_board(b, "import uos; uos.remove('/os.py')")
        output = deployed("--small", "--full")
        true("msgpack: is at :/lib/msgpack.mpy already\n" in output or print(output))
        true(f"\nmsgpack_full: version {VERSION} works" in output or print(output))
        eq(lib_of(b), {"msgpack.mpy": small, "msgpack_full.mpy": full})
        # and is kept as new as the small one.
        on_board(b, "f = open('/lib/msgpack_full.mpy', 'a'); f.write('more'); f.close()")
        refused(deploy(f"{b.pty} msgpack"), ":/lib/msgpack_full.mpy on the board is another file")
        output = deployed("--force")
        true("the small flavour, as the one on the board; FULL=1 FORCE=1 replaces it" in output)
        eq(lib_of(b), {"msgpack.mpy": small, "msgpack_full.mpy": full})


@case
def no_space():
    with board(OTHER) as b:
        fill = """
import os
os.mkdir('/lib')
f = open('/big', 'wb')
while os.statvfs('/')[3] > 30:
    f.write(bytes(4096))
    f.flush()
f.close()
"""
        on_board(b, fill)
        # The one with the most code comes first.
        size = {m: mpyinfo.read(release() / f"armv7m/{m}.mpy").text for m in MODULES}
        names = ", ".join(sorted(MODULES, key=size.get, reverse=True))
        refused(deploy(b.pty), f"no space: {names} take", "mpremote rm")
        eq(on_board(b, "print(os.listdir('/lib'))"), "[]\n")
        # This is what mpremote says; firmware with names for the numbers says it as below.
        status, output = mpremote(b, "cp", release() / "armv7m/msgpack.mpy", ":/lib/")
        eq((status, output.splitlines()[-2]), (1, "OSError: 28"))


def with_fake(board, *options, **environment):
    with board as b:
        return deploy(b.pty, *options, **environment)


def installed(implementation, **modules):
    """A fake with the files on it already, and modules that are good unless others are given."""
    fake = _fake.Board(implementation, **{**good_modules(), **modules})
    arch = mpyinfo.ARCHS[implementation._mpy >> 10]
    for module in MODULES:
        data = (release() / arch / f"{module}.mpy").read_bytes()
        fake.files[f"/lib/{module}.mpy"] = data
    return fake


def of_arch(number, version=(1, 25, 0, ""), sub_version=3):
    return _fake.implementation(version, 6 | sub_version << 8 | number << 10)


ARMV7M, XTENSA, XTENSAWIN = 5, 9, 10


def wrapper(folder, text):
    """An mpremote that does something of its own first."""
    path = os.path.join(folder, "mpremote")
    real = " ".join(install.find_mpremote())
    with open(path, "w") as f:
        f.write(f'#!/bin/sh\n{text}\nexec {real} "$@"\n')
    os.chmod(path, 0o755)
    return path


def good_module(name):
    return SimpleNamespace(__version__="0.1.0", __file__=f"/lib/{name}.mpy")


def good_modules():
    return {name: good_module(name) for name in MODULES}


@case
def a_fake_that_is_fine():
    # What keeps the refusals below honest.
    fake = _fake.Board(of_arch(ARMV7M), **good_modules())
    status, output = with_fake(fake)
    count = output.count("works, and takes")
    eq((status, count), (0, len(MODULES)) if status == 0 else output)
    file = release() / "armv7m/msgpack.mpy"
    eq(fake.files["/lib/msgpack.mpy"], file.read_bytes())


@case
def names_that_would_control_the_terminal():
    evil = _fake.implementation((1, 25, 0, ""), 0x1706, "\x1b[2Jclear\x9b31m\nred")
    status, output = with_fake(_fake.Board(evil, **good_modules()))
    line = "\\x1b[2Jclear\\x9b31m\nred, MicroPython v1.25.0: armv7m"
    eq((status, output.startswith(line)), (0, True) if status == 0 else output)


@case
def on_a_board_with_more_ram():
    fake = _fake.Board(of_arch(ARMV7M), ram=LITTLE, **good_modules())
    output = with_fake(fake)[1]
    words = "msgpack: the full flavour, as 64 KB of RAM are free; SMALL=1 takes the small one\n"
    true(words in output or print(output))
    fake = _fake.Board(of_arch(ARMV7M), ram=LITTLE - 1, **good_modules())
    true("msgpack: the small flavour, as 63 KB of RAM are free; FULL=1" in with_fake(fake)[1])


def armv7m(name):
    return (release() / "armv7m" / name).read_bytes()


@case
def a_flavour_that_is_on_the_board():
    full, small = armv7m("msgpack.mpy"), armv7m("small/msgpack.mpy")
    # Other versions of both.
    for there, mine, other in [(full, "full", "small"), (small, "small", "full")]:
        for ram in (LITTLE - 1, LITTLE):
            fake = _fake.Board(of_arch(ARMV7M), free=400, ram=ram, **good_modules())
            fake.modules["msgpack"] = SimpleNamespace(__version__="0.1.0+small")
            if mine == "full":
                fake.modules["msgpack"] = good_module("msgpack")
            older = there.replace(b"msgpack.mpy", b"MSGPACK.mpy", 1)
            fake.files["/lib/msgpack.mpy"] = older
            with fake as b:
                words = ":/lib/msgpack.mpy on the board is another file than", "FORCE=1"
                refused(deploy(f"{b.pty} msgpack"), *words)
                words = (
                    f":/lib/msgpack.mpy on the board, the {mine} flavour, is another",
                    "FORCE=1",
                )
                refused(deploy(f"{b.pty} msgpack", f"--{other}"), *words)
                eq(fake.files, {"/lib/msgpack.mpy": older})
                status, output = deploy(f"{b.pty} msgpack", "--force")
                words = (
                    f"{mine} flavour, as the one on the board; {other.upper()}=1 FORCE=1 replaces"
                )
                eq((status, words in output), (0, True) if status == 0 else output)
                eq(fake.files, {"/lib/msgpack.mpy": there})
                deploy(f"{b.pty} msgpack", f"--{other}", "--force")
                eq(fake.files, {"/lib/msgpack.mpy": small if other == "small" else full})


@case
def no_space_after_all():
    fake = _fake.Board(of_arch(ARMV7M), **good_modules())
    with tempfile.TemporaryDirectory() as folder:
        for error in ("OSError: 28", "OSError: [Errno 28] ENOSPC"):
            # The former file stays.
            text = f'case "$*" in *" cp "*) echo "{error}"; exit 1;; esac'
            fake.files["/lib/msgpack.mpy"] = b"M"
            environment = {"MPREMOTE": wrapper(folder, text)}
            refused(with_fake(fake, "--force", **environment), "no space", "msgpack")
            eq(fake.files, {"/lib/msgpack.mpy": b"M"})


class ReadOnly(_fake.Board):
    """Its firmware has names for the numbers of errors, or not."""

    has_names = True

    def _open(self, path, mode="r"):
        if mode != "rb":
            raise OSError("[Errno 30] EROFS" if self.has_names else 30)
        return super()._open(path, mode)


@case
def a_read_only_file_system():
    for has_names in True, False:
        fake = ReadOnly(of_arch(ARMV7M), **good_modules())
        fake.has_names = has_names
        fake.files["/lib/msgpack.mpy"] = b"M"
        refused(with_fake(fake, "--force"), "file system is read-only", "boot.py")
        eq(fake.files, {"/lib/msgpack.mpy": b"M"})
    # What mpremote says where the lib folder cannot be made.
    for words, meaning in (
        ("mkdir: lib: Read-only file system.", "file system is read-only"),
        ("OSError: 30", "file system is read-only"),
        ("OSError: [Errno 5] EIO", "cannot read or write its flash"),
    ):
        text = remote.Mpremote("/dev/x", 1, ["true"]).explain(1, f"mpremote: {words}\n")
        true(meaning in text or print(text))


@case
def no_space_for_both():
    place = "/lib/msgpack.mpy"
    former = armv7m("msgpack.mpy").replace(b"msgpack.mpy", b"MSGPACK.mpy", 1)
    blocks = -(-len(former) // 512) + 1
    for free, fits in ((blocks - 1, False), (blocks, True)):
        fake = _fake.Board(of_arch(ARMV7M), free=free, **good_modules())
        fake.files[place] = former
        result = _direct.deploy(fake, "--from", str(release()), "--force", "", "msgpack")
        if fits:
            eq((result[0], fake.files), (0, {place: armv7m("msgpack.mpy")}))
        else:
            words = "former and the new msgpack at once", f"{blocks * 512} bytes are needed"
            refused(result, *words, f"{free * 512} are free", f"mpremote rm :{place}")
            eq(fake.files, {place: former})
    # One after the other, each makes room for the next.
    new = {f"/lib/{m}.mpy": armv7m(f"{m}.mpy") for m in MODULES}
    fake = _fake.Board(of_arch(ARMV7M), free=blocks + 3, **good_modules())
    fake.files.update({name: data[:-1] + b"?" for name, data in new.items()})
    result = _direct.deploy(fake, "--from", str(release()), "--force", "")
    eq((result[0], fake.files), (0, new) if result[0] == 0 else result)


@case
def old_firmware():
    old = of_arch(ARMV7M, (1, 22, 2, ""), 2)
    refused(with_fake(_fake.Board(old)), "v1.22.2", "v1.23 or later", "update")
    old = _fake.Implementation(name="micropython", version=(1, 18, 0), mpy=10757)
    refused(with_fake(_fake.Board(old)), "v1.18.0", "v1.23 or later")
    old = of_arch(XTENSAWIN, (1, 23, 0, ""))
    refused(with_fake(_fake.Board(old)), "finaliserproxy for xtensawin needs", "v1.24 or later")
    with installed(old) as b:
        eq(deploy(f"{b.pty} msgpack")[0], 0)


@case
def firmware_that_cannot():
    refused(with_fake(_fake.Board(of_arch(0))), "no native code", "a fake board")
    refused(
        with_fake(_fake.Board(of_arch(ARMV7M, (1, 40, 0, ""), 2))), "6.2", "6.3", "newer release"
    )
    # Its versions are higher, and its .mpy files of version 6, too.
    for name, words in (
        ("circuitpython", ("the firmware is CircuitPython, ", "docs/migrating.md")),
        ("else", ("the firmware is else, ", "install MicroPython")),
    ):
        other = _fake.Implementation(
            name=name, version=(9, 2, 1), _machine="a fake board", _mpy=518
        )
        for options in ("", "msgpack_aio"), ("--dry-run", ""), ("--role", "client", ""):
            fake = _fake.Board(other, machine=SimpleNamespace(UART=None))
            refused(_direct.deploy(fake, "--from", str(release()), *options), *words)
            eq(fake.files, {})
    # An architecture that the release does not have.
    refused(with_fake(_fake.Board(of_arch(3))), "armv6/finaliserproxy.mpy: No such file")


@case
def nowhere_to_put_it():
    refused(with_fake(_fake.Board(of_arch(ARMV7M), path=[""])), "no lib folder")
    refused(with_fake(_fake.Board(of_arch(ARMV7M), free=None)), "no file system")


# That of firmware with a ROMFS, which nothing can be written to.
WITH_ROM = ("", ".frozen", "/rom", "/rom/lib", "/lib")


@case
def beside_a_romfs():
    fake = installed(of_arch(ARMV7M), path=WITH_ROM)
    status, output = _direct.deploy(fake, "--from", str(release()), "", "msgpack")
    eq(status, 0 if status == 0 else output)
    true("msgpack: is at :/lib/msgpack.mpy already\n" in output or print(output))
    fake.files["/rom/lib/msgpack.mpy"] = b""
    result = _direct.deploy(fake, "--from", str(release()), "", "msgpack")
    refused(result, ":/rom/lib/msgpack.mpy on the board hides :/lib", "mpremote romfs")


@case
def modules_of_the_firmware_s_own():
    modules = good_modules()
    modules["msgpack"].__file__ = "msgpack.py"
    refused(with_fake(installed(of_arch(ARMV7M), **modules)), "a msgpack that is at msgpack.py")
    del modules["msgpack"].__file__
    refused(with_fake(installed(of_arch(ARMV7M), **modules)), "a msgpack that is built in")


@case
def imports_that_fail():
    def failing(error):
        return with_fake(installed(of_arch(ARMV7M), ram=5000, msgpack=error))

    error = MemoryError("memory allocation failed, allocating 16912 bytes")
    refused(failing(error), str(error), "5000 are free", "before anything else")
    error = ImportError("needs VfsFat, VfsLfs2 or VfsLfs1")
    refused(failing(error), str(error), "troubleshooting.md")


def esp(user_start):
    functions = {"flash_user_start": lambda: user_start, "set_native_code_location": None}
    return SimpleNamespace(**functions)


LINE = "import esp; esp.set_native_code_location(0xf0000, 0x10000)"


@case
def esp8266():
    text = "memory allocation failed, allocating 22800 bytes for native code"
    for user_start, words in [
        (0x100000, [LINE, "boot.py", "wears"]),
        # Firmware for 1 MiB.
        (0x98000, ["one sector", "esp8266.md"]),
    ]:
        modules = {"msgpack": MemoryError(text), "esp": esp(user_start)}
        refused(with_fake(installed(of_arch(XTENSA), **modules)), text, *words)
    status, output = with_fake(installed(of_arch(XTENSA), esp=esp(0x100000)))
    code = sum(mpyinfo.read(release() / f"xtensa/{m}.mpy").text for m in MODULES)
    eq(status, 0)
    true(f"Each import writes {code} bytes of native code to flash, which wears it." in output)


@case
def no_board():
    refused(deploy("/dev/ttyNONE"), "no board at /dev/ttyNONE", "no such port")
    with tempfile.TemporaryDirectory() as folder:
        text = "echo 'mpremote: no device found' >&2; exit 1"
        refused(deploy("", MPREMOTE=wrapper(folder, text)), "no board found", "PORT=/dev/ttyACM0")
        # mpremote passes over a port that it cannot open.
        ours, theirs = os.openpty()
        port = os.ttyname(theirs)
        listed = f"/dev/ttyS0 None 0000:0000 None None\\n{port} 1 2e8a:0005 None None\\n"
        text = f"case $* in *list) printf '{listed}'; exit;; esac; {text}"
        refused(deploy("", MPREMOTE=wrapper(folder, text)), f"{port} is in use by another")
        os.close(ours)
        os.close(theirs)


@case
def a_board_that_is_silent():
    ours, theirs = os.openpty()
    try:
        port = os.ttyname(theirs)
        refused(deploy(port, "--timeout", "2"), f"{port} does not answer", "reset button")
        fcntl.flock(theirs, fcntl.LOCK_EX)
        refused(deploy(port), f"{port} is in use by another program")
    finally:
        os.close(ours)
        os.close(theirs)


@case
def no_mpremote():
    refused(deploy("", MPREMOTE="/nowhere/mpremote"), "/nowhere/mpremote does not run")


@case
def interrupted():
    with tempfile.TemporaryDirectory() as folder:
        # As a terminal sends the signal to both.
        result = deploy("", MPREMOTE=wrapper(folder, "kill -INT $PPID; sleep 1; exit 1"))
        refused(result, "interrupted; run this again")


@case
def an_old_mpremote():
    with tempfile.TemporaryDirectory() as folder:
        for version, words in (
            ("mpremote 1.20.0", ["mpremote is 1.20; 1.24 or later is needed: ", "mpremote"]),
            ("mpremote 1.24.1", []),
            ("", ["mpremote is of unknown version; 1.24 or"]),
        ):
            text = f"case $* in version) echo '{version}'; exit;; esac; echo strange; exit 1"
            result = deploy("/dev/null", MPREMOTE=wrapper(folder, text))
            refused(result, "mpremote failed at /dev/null:", "strange", *words)
            eq("is needed" in result[1], bool(words))


@case
def by_make():
    mine = [TOP / f"build/{path}" for path in ("armv7m/msgpack.mpy", "small/armv7m/msgpack.mpy")]
    before = [path.read_bytes() for path in mine]
    for name, path, words in [
        ("finaliserproxy", "armv7m/finaliserproxy.mpy", []),
        ("msgpack", "small/armv7m/msgpack.mpy", ["SMALL=1"]),
        ("msgpack", "armv7m/msgpack.mpy", ["FULL=1"]),
    ]:
        fake = _fake.Board(of_arch(ARMV7M), ram=LITTLE, **good_modules())
        if "SMALL=1" in words:
            fake.modules["msgpack"] = SimpleNamespace(__version__="0.1.0+small")
        with fake as b:
            command = ["make", "-C", TOP, "deploy", f"PORT={b.pty}", f"MODULE={name}", *words]
            result = subprocess.run(command, capture_output=True, text=True)
        eq(result.returncode, 0 if result.returncode == 0 else result.stdout + result.stderr)
        true("finaliserproxy  armv7m" in result.stdout)
        eq(fake.files, {f"/lib/{name}.mpy": (TOP / "build" / path).read_bytes()})
    # SMALL is no setting of the modules' Makefiles here.
    eq([path.read_bytes() for path in mine], before)


end()
