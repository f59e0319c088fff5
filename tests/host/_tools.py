# SPDX-License-Identifier: MIT
"""Programs that the host tests build, and the sanitizer interpreter."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HOST = TOP / "tests" / "host"
OUT = TOP / "build" / "host"
ASAN = TOP / "build" / "unix-asan"
MPY_DIR = Path(os.environ.get("MPY_DIR") or TOP / "build/deps/micropython")
LONG = os.environ.get("TEST_LONG") == "1"

sys.path[:0] = [str(TOP / "tests"), str(TOP / "tools")]

from build_folder import building  # noqa: E402
from runner import children, handed_down  # noqa: E402

# Variables of our make that have another meaning in MicroPython's makefiles.
FOREIGN = """TOP BUILD BOARD_DIR CROSS_COMPILE VARIANT CFLAGS_EXTRA MPY_DIR FROZEN_MANIFEST
    MICROPY_HEAP_SIZE""".split()

# The exit status of a program in which a sanitizer has found an error.
FOUND = 99
SANITIZERS = {
    "ASAN_OPTIONS": f"exitcode={FOUND}",
    "UBSAN_OPTIONS": f"exitcode={FOUND}:print_stacktrace=1",
}


class Failed(Exception):
    pass


def report(output, lines=12):
    """The report of a sanitizer in a program's output: the error and the innermost calls."""
    found = re.search("^.*(ERROR: AddressSanitizer|runtime error)", output, re.MULTILINE)
    return "\n".join(output[found.start() :].splitlines()[:lines]) + "\n" if found else ""


def run(command, timeout=600, **environment):
    """(status, output) of a command."""
    env = handed_down.without(os.environ, *FOREIGN)
    env.update(SANITIZERS, LC_ALL="C", **environment)
    return children.run(command, timeout, env=env, cwd=TOP)


def build(command):
    status, output = run(command)
    if status != 0:
        raise Failed("\n".join(output.splitlines()[-30:]))


def flavoured(target, flavour):
    """The target with the small flavour of msgpack, or with both.

    MSGPACK in the environment is to say so, too: see small/usermod.c.
    """
    lacks = {"small": "full", "both": "one-flavour"}[flavour]
    board = f"{target.board}-{flavour}"
    return replace(target, board=board, flavour=flavour, plain=target, lacks=(lacks,))


def interpreter():
    """The unix port with our modules, under AddressSanitizer."""
    return usermod_interpreter(HOST / "asan", ASAN)


def usermod_interpreter(variant, folder, options=()):
    """Build a variant of the unix port with our modules if something has changed."""
    command = ["make", "-C", MPY_DIR / "ports/unix", f"-j{os.cpu_count()}", f"BUILD={folder}"]
    command += [f"VARIANT_DIR={variant}", f"USER_C_MODULES={TOP / 'natmod'}"]
    command += [f"PYTHON={sys.executable}", *options]
    # MicroPython's makefiles do not notice changed flags.
    files = [*variant.glob("*.mk"), *variant.glob("*.h"), TOP / "VERSION"]
    files += [HOST / "ours.mk", HOST / "small/small.mk", TOP / "dynruntime/usermod.mk"]
    files += [MPY_DIR / "py/mpconfig.h"]
    config = "".join(f.read_text() for f in sorted(files)) + " ".join(map(str, command))
    with building(folder, config):
        build(command)
    return folder / "micropython"
