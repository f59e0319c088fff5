# SPDX-License-Identifier: MIT
"""Programs for x86, which some kernels for x86-64 do not run; QEMU's user mode does."""

import functools
import shutil
import subprocess

from .paths import TOP

EMULATOR = "qemu-i386"
# Of ELF's header: the file is for 32 bits, and the machine is EM_386.
BITS, MACHINE = b"\x7fELF\1", b"\3\0"


def runnable(command):
    """The command, or QEMU's for its program where that is needed."""
    return [EMULATOR, *command] if is_emulated(command[0]) else command


def is_emulated(program):
    """Is this a program that QEMU must run here?"""
    return is_x86(program) and not kernel_runs_them()


def is_missing(program):
    """Is the emulator needed for it, and not there?"""
    return is_emulated(program) and not shutil.which(EMULATOR)


def is_x86(program):
    """Is it the path of a program for x86?"""
    try:
        with open(program, "rb") as f:
            header = f.read(20)
    except OSError:
        return False
    return header.startswith(BITS) and header.endswith(MACHINE)


@functools.lru_cache(None)
def kernel_runs_them():
    return subprocess.run([TOP / "tools/runs-x86.sh"]).returncode == 0
