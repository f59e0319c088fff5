"""Where things are."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
TESTS = TOP / "tests"
BUILD = TOP / "build"
SUPPORT = TESTS / "support"
# What one run puts down; gone when it ends.
SCRATCH = BUILD / "tests" / f"run-{os.getpid()}"

EXAMPLES = TOP / "examples"

# Folders of test scripts, one per subject.
SUITES = (
    "harness",
    "build",
    "host",
    "msgpack",
    "finaliser",
    "compare",
    "docs",
    "release",
    "bench",
)


def shown(path):
    """A path as the user would type it: relative to the repository when inside."""
    path = Path(path).resolve()
    return str(path.relative_to(TOP)) if path.is_relative_to(TOP) else str(path)
