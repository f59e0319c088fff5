#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run MicroPython's own tests on an Xtensa port; list what fails that is not explained.

usage: qualify.py TARGET [FOLDER...]    (default: basics float)

A test passes when it prints what its .exp file says, or CPython where there is none; it is left
out when it prints SKIP. The status is 0 when each failure is in EXPLAINED.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / "tests"))

from runner import board, rawrepl, targets  # noqa: E402

SOURCE = Path(os.environ.get("MPY_DIR") or TOP / "build/deps/micropython") / "tests"

DOUBLE = "its floats are double precision, those of the port single, as MicroPython's runner knows"
SHORT = "floats of object representation C have two bits less"

# (architecture or "" for both, tests, why)
EXPLAINED = (
    ("", ["basics/string_upperlow.py"], "it prints carriage returns, which the terminal changes"),
    ("", ["float/float2int_doubleprec_intbig.py"], DOUBLE),
    ("", ["float/float_divmod.py"], DOUBLE + "; float_divmod_relaxed.py is for single"),
    ("", ["float/float_format_ints_doubleprec.py", "float/float_parse_doubleprec.py"], DOUBLE),
    ("xtensa", ["float/float2int_intbig.py", "float/float_format_ints_power10.py"], SHORT),
)


def expected(test):
    exp = test.with_name(test.name + ".exp")
    if exp.exists():
        return exp.read_text()
    env = dict(os.environ, PYTHONPATH=str(test.parent), PYTHONIOENCODING="utf-8")
    command = [sys.executable, "-BS", test]
    return subprocess.run(command, env=env, cwd=test.parent, capture_output=True, text=True).stdout


def matches(output, wanted):
    """In .exp files a line ######## stands for any lines."""
    pattern = re.escape(wanted).replace(re.escape("########\n"), "(.*\n)*?")
    return re.fullmatch(pattern, output) is not None


def explanation(name, target):
    for where, tests, why in EXPLAINED:
        if where in ("", target.arch) and name in tests:
            return why
    return ""


def main(name, *folders):
    target = targets.select([name])[0]
    tests = [t for f in folders or ("basics", "float") for t in sorted((SOURCE / f).glob("*.py"))]
    device = None
    counts = {"passed": 0, "skipped": 0, "explained": 0, "failed": 0}
    for test in tests:
        if device is None:
            device = board.Board(target)
            device.start()
        name = f"{test.parent.name}/{test.name}"
        try:
            output, traceback = device.run(test.read_text(), 60)
            device.soft_reset()
        except rawrepl.Died as e:
            output, traceback = e.output, e.reason
            device.stop()
            device = None
        why = explanation(name, target)
        if output == "SKIP\n":
            counts["skipped"] += 1
        elif matches(output + traceback, expected(test)):
            counts["passed"] += 1
        elif why:
            counts["explained"] += 1
            print(f"{name}: {why}")
        else:
            counts["failed"] += 1
            print(f"{name}: FAILED {traceback.splitlines()[-1:]}")
    if device:
        device.stop()
    print(", ".join(f"{n} {word}" for word, n in counts.items()))
    return counts["failed"] > 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
