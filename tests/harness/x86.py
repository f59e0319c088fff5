# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Programs for x86, of which the kernel may run none: the runner gives them to QEMU then.

import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

sys.path.insert(0, "tests")

from check import case, end, eq, true  # noqa: E402
from runner import install, scripts, targets, x86  # noqa: E402

PROBE = "tools/runs-x86.sh"
HEADER = b"\x7fELF\1\1\1" + bytes(9) + b"\2\0"  # Of 32 bits, without the machine.
X86, ARM = b"\3\0", b"\50\0"


def kernel(runs_them):
    return mock.patch.object(x86, "kernel_runs_them", lambda: runs_them)


def with_program(data, fn):
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        program.write_bytes(data)
        return fn(program)


@case
def probe():
    # Its program is right, and what does not run it is noticed.
    eq(subprocess.run([PROBE, x86.EMULATOR]).returncode, 0)
    for emulator in "false", "no-such-emulator":
        true(subprocess.run([PROBE, emulator]).returncode != 0)
    eq(list(Path(tempfile.gettempdir()).glob("natmods-x86.*")), [])


@case
def emulated_only_if_needed():
    def commands(program):
        return x86.runnable([program, "-c", "1"]), x86.runnable(["sh", program])

    for data, runs_them, emulated in (
        (HEADER + X86, False, True),
        (HEADER + X86, True, False),
        (HEADER + ARM, False, False),
        (b"\x7fELF\2" + HEADER[5:] + X86, False, False),
        (b"#!/bin/sh", False, False),
        (b"", False, False),
    ):
        with kernel(runs_them):
            direct, by_shell = with_program(data, commands)
        eq((direct[0] == x86.EMULATOR, direct[-2:]), (emulated, ["-c", "1"]))
        eq((len(direct), by_shell[0]), (4 if emulated else 3, "sh"))
    with kernel(False):
        eq(x86.runnable(["/no/such/program"]), ["/no/such/program"])


@case
def emulator_is_missing():
    def started(program):
        with mock.patch.object(targets.Target, "interpreter", program):
            try:
                install.check_interpreter(targets.select(["unix-x86"])[0])
            except install.Missing as e:
                return str(e)

    path = mock.patch.object(x86.shutil, "which", lambda name: None)
    with kernel(False):
        eq(with_program(HEADER + X86, started), None)
        with path:
            message = with_program(HEADER + X86, started)
            eq(message, "qemu-i386 is missing, which runs programs for x86: make setup")
            eq(with_program(HEADER + ARM, started), None)
    with kernel(True), path:
        eq(with_program(HEADER + X86, started), None)


@case
def threads_are_skipped():
    threads, other = (scripts.read(f"tests/msgpack/{name}.py") for name in ("threads", "ints"))
    (target,) = targets.select(["unix-x86"])

    def reasons(program):
        with mock.patch.object(targets.Target, "interpreter", program):
            return [script.wanted_in_vain(target) for script in (threads, other)]

    with kernel(False):
        why, nothing = with_program(HEADER + X86, reasons)
        true("qemu-i386" in why)
        eq(nothing, "")
        eq(with_program(b"\x7fELF\2" + HEADER[5:] + X86, reasons), ["", ""])
    with kernel(True):
        eq(with_program(HEADER + X86, reasons), ["", ""])


end()
