# SPDX-License-Identifier: MIT
# The runner must fail when it should, and leave no process and no file: here on an emulated board.

import os
import signal
import subprocess
import time

import check
from lib import nested
from lib.nested import contains
from check import case, eq, true

TARGET = "mps2-an385/armv7m"


@case
def failures_are_found_and_the_run_goes_on():
    names = "failing_eq no_end early_exit uncaught syntax_error hang fault skipping".split()
    status, output = nested.run("--target", TARGET, *nested.fixtures(*names))
    eq(status, 1)
    # One is the installation by mpremote.
    eq(output.splitlines()[-1], "8 passed, 7 failed, 1 skipped")
    for line in (
        "FAIL  mps2-an385/armv7m  tests/harness/fixtures/failing_eq.py:14  bad",
        "AssertionError: got 42, expected 'forty-two'",
        "FAIL  mps2-an385/armv7m  tests/harness/fixtures/no_end.py  check.end()",
        "FAIL  mps2-an385/armv7m  tests/harness/fixtures/early_exit.py  check.end()",
        "FAIL  mps2-an385/armv7m  tests/harness/fixtures/uncaught.py:12  exception",
        "FAIL  mps2-an385/armv7m  tests/harness/fixtures/syntax_error.py:5  exception",
        "timeout: the board hangs",
        "the board has faulted",
        "HardFault exception caught:",
        "not_here: no such thing here",
    ):
        contains(output, line)


@case
def wrong_architecture():
    options = ("--target", TARGET, "--arch", "x64", *nested.fixtures("imports_msgpack"))
    status, output = nested.run(*options)
    eq(status, 1)
    eq(output.splitlines()[-1], "0 passed, 1 failed")
    wanted = (
        "wrong architecture: build/x64/msgpack.mpy is for x64, mps2-an385 takes armv7m or armv6m"
    )
    contains(output, wanted)


@case
def fault_in_the_soft_reset():
    status, output = nested.run("--target", TARGET, *nested.fixtures("fault_in_reset"))
    eq(output.splitlines()[-1], "2 passed, 1 failed")
    contains(output, "the board has faulted")


@case
def program():
    options = ("--target", TARGET, "--program", *nested.fixtures("_program"))
    eq(nested.run(*options), (0, "hello\nfrom a program\n"))
    options = ("--target", TARGET, "--program", *nested.fixtures("uncaught"))
    status, output = nested.run(*options)
    eq(status, 1)
    contains(output, "ValueError: outside of any case")


def killed_by(number):
    """Send a runner, whose board is busy, a signal: its status, and what it leaves running."""
    mark = f"MARK={os.getpid()}-{number}"
    command = ["env", mark, nested.RUN, "--target", TARGET, *nested.fixtures("hang_long")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # The line about the installation says that the board runs.
    process.stdout.readline()
    true(any("qemu" in name for name in running_with(mark)))
    process.send_signal(number)
    process.communicate()
    deadline = time.monotonic() + 30
    while running_with(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    eq(running_with(mark), [])
    return process.returncode


def running_with(mark):
    """The names of the processes that have `mark` in their environment."""
    names = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                environ = f.read().split(b"\0")
            if mark.encode() in environ:
                with open(f"/proc/{pid}/comm") as f:
                    names.append(f.read().strip())
        except OSError:
            pass
    return names


@case
def interrupted():
    eq(killed_by(signal.SIGINT), 130)


@case
def terminated():
    eq(killed_by(signal.SIGTERM), 143)


@case
def killed():
    eq(killed_by(signal.SIGKILL), -9)


check.end()
