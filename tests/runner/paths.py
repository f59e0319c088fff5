# SPDX-License-Identifier: MIT
"""Paths."""

import os
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools"))

from natmods import FOLDERS, NAMES as MODULES, PYTHON, WITH_SMALL  # noqa: E402, F401

TESTS = TOP / "tests"
BUILD = TOP / "build"
SUPPORT = TESTS / "support"
# The scratch folder of one run, which is removed at its end.
SCRATCH = BUILD / "tests" / f"run-{os.getpid()}"

EXAMPLES = TOP / "examples"

# Packages of Python: MicroPython runs their bytecode, and CPython their sources.
PACKAGES = ("coprocessor",)

# Folders of test scripts, one per subject; a module's is named like that of its sources.
SUITES = (
    "harness",
    "build",
    "host",
    *FOLDERS,
    *PACKAGES,
    "compare",
    "docs",
    "release",
    "installer",
    "bench",
)


def shown(path):
    """A path as the user would type it: relative to the repository if it is inside."""
    path = Path(path).resolve()
    return str(path.relative_to(TOP)) if path.is_relative_to(TOP) else str(path)
