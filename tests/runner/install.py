# SPDX-License-Identifier: MIT
"""Puts the modules and the support files where the target's interpreter finds them."""

import os
import shutil
import subprocess
from pathlib import Path

from . import children
from .paths import BUILD, SUPPORT, shown
from .targets import TARGETS

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


def module_files(target, names):
    if target.builtin:
        return []
    files = [BUILD / target.arch / f"{name}.mpy" for name in names]
    for file in files:
        if not file.exists():
            raise Missing(f"{shown(file)} is missing: make ARCH={target.arch} builds it")
    return files


def support_files():
    return sorted(SUPPORT.glob("*.py"))


def into_folder(target, names, folder):
    """For interpreters on this machine: copy the files, so that a build cannot change them."""
    folder.mkdir()
    for file in [*module_files(target, names), *support_files()]:
        shutil.copy(file, folder)
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


def onto_board(board, names):
    """As a user does: copy with mpremote over the serial line, then import."""
    target = board.target
    files = module_files(target, names)
    commands = [["mkdir", ":lib"], ["cp", *files, ":lib/"]] if files else [["mkdir", ":lib"]]
    commands += [["exec", f"import {name}; print({name}.__name__)"] for name in names]
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
    for file in support_files():
        put(board, file, f"/lib/{file.name}")


def put(board, file, path):
    """Write a file onto the board by the raw REPL, which is faster than mpremote."""
    data = file.read_bytes()
    parts = [f"f.write({data[i:i + 1024]!r})\n" for i in range(0, len(data), 1024)]
    # One after the other, as a small heap cannot hold the text of a whole module.
    for source in (f"f = open({path!r}, 'wb')\n", *parts, "f.close()\n"):
        _, traceback = board.run(source, 60)
        if traceback:
            raise NotInstalled(f"{path}:\n{traceback}")


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
