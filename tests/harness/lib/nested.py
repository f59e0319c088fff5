# SPDX-License-Identifier: MIT
"""For tests of the runner: run it within a test, on the scripts in fixtures/."""

import os
import subprocess

HARNESS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUN = os.path.join(os.path.dirname(HARNESS), "run.py")


def fixtures(*names):
    return [os.path.join(HARNESS, "fixtures", name + ".py") for name in names]


def run(*arguments, env=None):
    """(exit status, output) of the runner."""
    process = subprocess.run(
        ["/usr/bin/python3", RUN, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
        text=True,
    )
    return process.returncode, process.stdout


def contains(output, part):
    if part not in output:
        raise AssertionError(f"expected {part!r} in:\n{output}")
