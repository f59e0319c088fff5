# SPDX-License-Identifier: MIT
"""Finds the examples in a document, and runs them on the unix interpreter or on a board.

A block that begins with >>> is a session at the prompt. All sessions of a document share their
names, and of a traceback the document shows the last line. Any other block in Python is a program,
which prints the contents of the block after it (with at most the line "prints" between them), or
nothing. One marked "python board" runs on the emulated Cortex-M3, and the numbers that it prints
may differ from the document's by 5 %.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.append(str(TOP / "tools"))
BUILD = TOP / "build"
INTERPRETER = BUILD / "unix-x64/micropython"
BOARD = "mps2-an385"
FENCE = re.compile(r"^```(\S*)[ ]?(.*)\n((?:.*\n)*?)```$", re.M)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass
class Example:
    line: int
    kind: str  # "session", "program" or "board"
    code: str
    output: str = ""


def examples(path):
    """All examples of a document, in order."""
    text = path.read_text()
    found = []
    fences = list(FENCE.finditer(text))
    for fence, after in zip(fences, fences[1:] + [None]):
        language, more, code = fence.groups()
        if language != "python":
            continue
        line = text.count("\n", 0, fence.start()) + 1
        kind = "session" if code.startswith(">>>") else "board" if more == "board" else "program"
        example = Example(line, kind, code)
        if kind != "session" and after and not after[1]:
            if text[fence.end() : after.start()].split() in ([], ["prints"]):
                example.output = after[3]
        found.append(example)
    return found


def statements(example):
    """The (line, source, output) of each statement of a session."""
    found = []
    for number, line in enumerate(example.code.splitlines(), example.line + 1):
        mark, rest = line[:4].rstrip(), line[4:]
        if mark == ">>>":
            found.append([number, rest + "\n", ""])
        elif mark == "..." and not found[-1][2]:
            found[-1][1] += rest + "\n"
        else:
            found[-1][2] += line + "\n"
    return found


def environment(modules=BUILD / "x64"):
    path = [modules, TOP / "tests/support", ".frozen"]
    return {"MICROPYPATH": ":".join(str(p) for p in path)}


def prompt(sources, modules=BUILD / "x64"):
    """What the interpreter's prompt prints after each of the statements; `modules` is a folder."""
    result = subprocess.run(
        [INTERPRETER, HERE / "_prompt.py"],
        input=json.dumps(sources),
        env=environment(modules),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if result.returncode:
        raise AssertionError(result.stdout[-500:] + result.stderr[-500:])
    return result.stdout.split("\0")[:-1]


def program(example):
    """What a program prints."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "example.py")
        file.write_text(example.code)
        command = [INTERPRETER, file]
        env = environment()
        if example.kind == "board":
            run = TOP / "tests/run.py"
            command = [sys.executable, run, "--target", BOARD + "/armv7m", "--program", file]
            env = os.environ
        result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    if result.returncode:
        raise AssertionError(result.stdout[-500:] + result.stderr[-500:])
    return result.stdout


def alike(got, expected):
    """Whether two outputs are the same but for small differences of numbers."""
    if NUMBER.sub("#", got) != NUMBER.sub("#", expected):
        return False
    pairs = zip(NUMBER.findall(got), NUMBER.findall(expected))
    return all(abs(float(a) - float(b)) <= 0.05 * float(b) for a, b in pairs)
