# SPDX-License-Identifier: MIT
"""Runs the example programs as tests and compares their output with the file beside them."""

import difflib
import subprocess
import sys

from .protocol import Result, last


def run(session, script):
    """FILE.py.exp is the exact output; FILE.check.py judges it on its standard input."""
    result = Result()
    output, error = session.run_program(script)
    wrong = error or judge(script, output)
    if wrong:
        result.fail("example", f"{wrong}\n{last(output, 30)}")
    else:
        result.passed += 1
    return result


def judge(script, output):
    """What is wrong with the output, or ""."""
    expected = script.path.with_name(script.path.name + ".exp")
    checker = script.path.with_suffix(".check.py")
    if expected.exists():
        diff = difflib.unified_diff(
            expected.read_text().splitlines(), output.splitlines(), "expected", "got", lineterm=""
        )
        return "\n".join(diff)
    if checker.exists():
        judged = subprocess.run(
            [sys.executable, checker], input=output, capture_output=True, text=True
        )
        if judged.returncode:
            return judged.stdout + judged.stderr or f"{checker.name} says no"
        return ""
    return f"neither {expected.name} nor {checker.name} says what the output should be"
