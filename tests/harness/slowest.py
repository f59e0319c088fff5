# SPDX-License-Identifier: MIT
# What the runner prints at the end: the slowest files, what failed, the totals.

import contextlib
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, "tests")

import check  # noqa: E402
from check import case, eq, true  # noqa: E402
from runner.protocol import Result  # noqa: E402
from runner.report import Report  # noqa: E402


def finished(seconds, failing=()):
    """What is printed at the end of a run whose scripts took so long."""
    report = Report()
    with contextlib.redirect_stdout(io.StringIO()):
        for number, each in enumerate(seconds):
            result = Result(passed=2)
            if number in failing:
                result.fail("bad", "it is")
            report.add("host", f"tests/{number}.py", result, each)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        report.finish()
    return printed.getvalue().splitlines()


@case
def ten_of_twelve():
    lines = finished([3, 0.25, 1, 40, 5, 6, 7, 8, 9, 10, 11, 120.07])
    eq(lines[:4], ["", "Slowest:", *lines[2:4]])
    eq(lines[2].split(), ["120.1", "s", "host", "tests/11.py"])
    order = [int(re.search(r"(\d+)\.py$", line)[1]) for line in lines[2:-1]]
    eq(order, [11, 3, 10, 9, 8, 7, 6, 5, 4, 0])
    eq(lines[-1], "24 passed, 0 failed")


@case
def few_are_not_sorted():
    eq(finished([1] * 10), ["20 passed, 0 failed"])


@case
def before_what_failed():
    lines = finished([1] * 11, failing=[4])
    eq(lines[1], "Slowest:")
    eq(lines[-4:], ["", "Failures:", "host  tests/4.py: 1 failed", "22 passed, 1 failed"])


@case
def continuous_integration_repeats_them():
    # With a make that prints what such a run does.
    with tempfile.TemporaryDirectory() as folder:
        make = Path(folder, "make")
        said = Path(folder, "said")
        make.write_text(f'#!/bin/sh\n[ "$1" = check ] && echo checked || cat {said}\n')
        make.chmod(0o755)
        for failing in ((), (4,)):
            lines = finished(range(1, 12), failing)
            said.write_text("\n".join(["first", *lines]) + "\n")
            printed = subprocess.run(
                [".ci/run"],
                env={"PATH": f"{folder}:/usr/bin:/bin"},
                capture_output=True,
                text=True,
            ).stdout.splitlines()
            after = printed[printed.index("checked") + 1 :]
            eq(after[:11], lines[1:12])
            true(after[1].endswith("tests/10.py"))
            eq([line for line in after[11:] if line], [lines[-1]])


check.end()
