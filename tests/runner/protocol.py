# SPDX-License-Identifier: MIT
"""Reads what tests/support/check.py prints."""

import re
from dataclasses import dataclass, field


@dataclass
class Failure:
    case: str
    line: int = 0  # in the test script; 0 when unknown
    detail: str = ""


@dataclass
class Result:
    """The outcome of one script, or of one of its sections."""

    passed: int = 0
    skips: list = field(default_factory=list)  # of (case, reason)
    failures: list = field(default_factory=list)
    notes: list = field(default_factory=list)  # other lines of the script

    def add(self, other):
        self.passed += other.passed
        self.notes += other.notes
        self.skips += other.skips
        self.failures += other.failures

    def fail(self, case, detail, line=0):
        self.failures.append(Failure(case, line, detail))


FRAME = re.compile(r'^\s*File "([^"]*)", line (\d+)')


def read(output, own_file, shown_file, trouble=None):
    """The Result of a script's output; own_file is its name in tracebacks.

    `trouble` is the Failure of a script that did not end well. Without it, the script must have
    said how many cases it has run.
    """
    result = Result()
    end = None
    lines = iter(output.splitlines())
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "@ok":
            result.passed += 1
        elif word == "@skip":
            name, _, reason = rest.partition(": ")
            result.skips.append((name, reason))
        elif word == "@fail":
            traceback = []
            for line in lines:
                if line == "@traceback-end":
                    break
                traceback.append(line)
            result.failures.append(failure(rest, traceback, own_file, shown_file))
        elif word == "@note":
            result.notes.append(rest)
        elif word == "@end":
            end = rest
    counted = f"{result.passed} {len(result.failures)} {len(result.skips)}"
    if trouble:
        result.failures.append(trouble)
    elif end is None:
        result.fail("check.end()", "the script did not reach check.end(); " + last(output))
    elif end != counted:
        result.fail("check.end()", f"counted {counted}, the script says {end}; " + last(output))
    elif end == "0 0 0":
        result.fail("check.end()", "the script has no case")
    return result


def failure(case, traceback, own_file, shown_file):
    """The Failure for a traceback, with the line in the test script."""
    at = 0
    kept = []
    for text in traceback:
        frame = FRAME.match(text)
        if frame and frame[1] == own_file:
            at = int(frame[2])
            text = text.replace(own_file, shown_file)
        if not (frame and frame[1].endswith("check.py")):
            kept.append(text)
    # The exception is the most useful line, so it goes first.
    return Failure(case, at, "\n".join(kept[-1:] + kept[:-1]))


def last(output, count=15):
    """The end of the output, for a failure without a traceback of its own."""
    lines = output.strip().splitlines()
    if not lines:
        return "it printed nothing"
    return "its last output:\n" + "\n".join(lines[-count:])
