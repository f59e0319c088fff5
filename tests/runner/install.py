# SPDX-License-Identifier: MIT
"""Puts the modules and the support files where the target's interpreter finds them."""

import base64
import os
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path

from . import children, x86
from .paths import BUILD, PACKAGES, PYTHON, SUPPORT, WITH_SMALL, shown
from .targets import TARGETS

import in_place
import natmods

ARCHES = (
    "none x86 x64 armv6 armv6m armv7m armv7em armv7emsp armv7emdp xtensa xtensawin rv32imc rv64imc"
).split()


class Missing(Exception):
    """Something that a make command provides is missing."""


class Absent(Exception):
    """The newer MicroPython is missing, which not every archive has."""


class NotInstalled(Exception):
    """mpremote failed; the message says how."""


def tree(target):
    """The MicroPython source from which the target's interpreter is built."""
    variable, name = ("MPY_NEXT", "-next") if target.optional else ("MPY_DIR", "")
    return Path(os.environ.get(variable) or BUILD / f"deps/micropython{name}")


def check_interpreter(target):
    if target.optional and not (tree(target) / "py").is_dir():
        raise Absent(f"no newer MicroPython in {shown(tree(target))}; make setup looks for one")
    if not target.interpreter.exists():
        raise Missing(
            f"{shown(target.interpreter)} is missing: "
            f"make interpreter TARGET={target.board} builds it"
        )
    if target.kind == "unix" and x86.is_missing(target.interpreter):
        raise Missing(f"{x86.EMULATOR} is missing, which runs programs for x86: make setup")


def module_files(target, names):
    modules = [name for name in names if name not in PACKAGES and name not in PYTHON]
    files = [file for name in modules for file in flavoured(target, name)]
    files = [] if target.builtin else files
    files += [BUILD / "bytecode" / f"{name}.mpy" for name in names if name in PYTHON]
    for file in files:
        if not file.exists():
            arch = "x64" if file.parent.name == "bytecode" else target.arch
            raise Missing(f"{shown(file)} is missing: make ARCH={arch} builds it")
    return files


def flavoured(target, name):
    """The module's file, or its files, if the target has another flavour than the full one."""
    if not target.flavour or name not in WITH_SMALL:
        return [natmods.built(BUILD, target.arch, name)]
    if target.flavour == "in-place":
        file = natmods.built(BUILD, target.arch, name, natmods.IN_PLACE)
        return [file, natmods.block(file)]
    names = [name] if target.is_small else [name, natmods.full_name(name)]
    return [natmods.built(BUILD, target.arch, n, natmods.SMALL) for n in names]


def package_files(names):
    """{name of a package: its files}"""
    packages = {name: BUILD / "bytecode" / name for name in names if name in PACKAGES}
    for folder in packages.values():
        if not folder.is_dir():
            raise Missing(f"{shown(folder)} is missing: make ARCH=x64 builds it")
    return {name: sorted(folder.glob("*.mpy")) for name, folder in packages.items()}


def support_files():
    return sorted(SUPPORT.glob("*.py"))


def into_folder(target, names, folder):
    """For interpreters on this machine: copy the files, so that a build cannot change them."""
    folder.mkdir()
    for file in [*module_files(target, names), *support_files()]:
        shutil.copy(file, folder)
    for name, files in package_files(names).items():
        (folder / name).mkdir()
        for file in files:
            shutil.copy(file, folder / name)
    return folder


def find_mpremote():
    """The command of $MPREMOTE, or `make setup`'s mpremote, or the one on PATH."""
    given = os.environ.get("MPREMOTE")
    fetched = BUILD / "deps/mpremote/usr/lib/python3/dist-packages"
    if given:
        command = given.split()
    elif (fetched / "mpremote").is_dir():
        # The distribution's Python has the distribution's serial module.
        command = ["env", f"PYTHONPATH={fetched}", "/usr/bin/python3", "-m", "mpremote"]
    else:
        command = ["mpremote"]
    try:
        status, output = children.run([*command, "--version"], timeout=60)
    except OSError as e:
        status, output = None, str(e)
    if status != 0:
        reason = (output.strip().splitlines() or ["it says nothing"])[-1]
        raise Missing(f"mpremote does not run ({reason}): make setup installs what it needs")
    return command


def is_plain(target):
    """Is it a board that a user has, not another configuration or firmware or flavour on it?"""
    return not (target.variant or target.optional)


def onto_board(board, names, by_mpremote=False):
    """Make :lib, copy the modules and the support files there, and import the modules."""
    with tempfile.TemporaryDirectory() as folder:
        files = [with_nonce(file, folder) for file in module_files(board.target, names)]
        if by_mpremote:
            install_by_mpremote(board, names, files)
        else:
            install_by_repl(board, names, files)
    for file in support_files():
        put(board, file, f"/lib/{file.name}")


def with_nonce(file, folder):
    """The file, or if it is code that is executed in place, a copy with a nonce."""
    if file.suffix != ".blk":
        return file
    return in_place.Block(file, file.name).with_nonce(folder)


IN_ROM = [SUPPORT / "in_rom.py", SUPPORT / "romfs.py"]


def before_import(target):
    return "import in_rom; " if target.needs_rom else ""


def install_by_mpremote(board, names, files):
    """As a user does: copy with mpremote over the serial line, then import."""
    target = board.target
    commands = [["mkdir", ":lib"], ["cp", *files, ":lib/"]] if files else [["mkdir", ":lib"]]
    for name, parts in package_files(names).items():
        commands += [["mkdir", f":lib/{name}"], ["cp", *parts, f":lib/{name}/"]]
    if target.needs_rom:
        commands.append(["cp", *IN_ROM, ":lib/"])
    commands += [
        ["exec", f"{before_import(target)}import {name}; print({name}.__name__)"] for name in names
    ]
    words = []
    for command in commands:
        words += [*command, "+"]
    status, output = children.run(
        [*find_mpremote(), "connect", board.pty, *words[:-1]], timeout=180 * target.slowness
    )
    board.enter()
    # mpremote's output is buffered, so its lines come before or after what the board prints.
    if status != 0 or not set(names) <= set(output.split("\n")):
        how = "takes too long" if status is None else f"fails (status {status})"
        raise NotInstalled(explain(target, files, output) + f"mpremote {how}:\n{output}")


def install_by_repl(board, names, files):
    """The same in less time."""
    do(board, "import os; os.mkdir('/lib')", ":lib")
    for file in files:
        put(board, file, f"/lib/{file.name}")
    for name, parts in package_files(names).items():
        do(board, f"import os; os.mkdir('/lib/{name}')", name)
        for file in parts:
            put(board, file, f"/lib/{name}/{file.name}")
    for file in IN_ROM if board.target.needs_rom else ():
        put(board, file, f"/lib/{file.name}")
    for name in names:
        source = f"{before_import(board.target)}import {name}"
        _, traceback = board.run(source, 60 * board.target.slowness)
        if traceback:
            raise NotInstalled(explain(board.target, files, traceback) + traceback)


def do(board, source, what):
    """Run a source that must not fail."""
    _, traceback = board.run(source, 60)
    if traceback:
        raise NotInstalled(f"{what}:\n{traceback}")


# What is written at once, as a small heap cannot hold the text of a whole module.
PLAIN = 1024
PACKED = 4096
WBITS = 12

UNPACK = f"""
import binascii, deflate, io
def w(text):
    data = io.BytesIO(binascii.a2b_base64(text))
    f.write(deflate.DeflateIO(data, deflate.RAW, {WBITS}).read())
"""


def put(board, file, path):
    """Write a file onto the board by the raw REPL, which is faster than mpremote."""
    data = file.read_bytes()
    # Most of the time goes into the UART of QEMU's boards, so there should be few bytes.
    _, lacks_deflate = board.run(UNPACK, 60)
    if lacks_deflate:
        parts = [f"f.write({piece!r})\n" for piece in split(data, PLAIN)]
    else:
        parts = [f"w({packed(piece)!r})\n" for piece in split(data, PACKED)]
    for source in (f"f = open({path!r}, 'wb')\n", *parts, "f.close()\n"):
        do(board, source, path)


def split(data, size):
    return [data[i : i + size] for i in range(0, len(data), size)]


def packed(data):
    """The data as text that UNPACK takes."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -WBITS)
    return base64.b64encode(compressor.compress(data) + compressor.flush()).decode()


def explain(target, files, output):
    """A line to print before an error that means that a file is for another architecture."""
    if "incompatible .mpy" not in output:
        return ""
    wanted = " or ".join(t.arch for t in TARGETS if t.board == target.board)
    given = " and ".join(f"{shown(f)} is for {ARCHES[header_arch(f)]}" for f in files)
    return f"wrong architecture: {given}, {target.board} takes {wanted}\n"


def header_arch(file):
    """The number of the architecture in the header of a .mpy file."""
    return Path(file).read_bytes()[2] >> 2 & 15


# The modules that the distribution packages for CPython.
CPYTHON_PACKAGES = {"msgpack"}


def check_cpython(python, names):
    """CPython needs the distribution's packages, not our modules."""
    for name in set(names) & CPYTHON_PACKAGES:
        found = subprocess.run([python, "-c", f"import {name}"], capture_output=True)
        if found.returncode != 0:
            raise Missing(f"{python} has no module {name}: make setup installs python3-{name}")
