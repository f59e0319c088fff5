# SPDX-License-Identifier: MIT
"""Counts instructions by callgrind, and heap bytes, on the unix port for x64.

The program calls getenv() before and after what counts, and callgrind writes down its counts each
time: all operations are measured by one process.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import programs
import recorded

TOP = Path(__file__).resolve().parents[1]
INTERPRETER = TOP / "build/unix-x64/micropython"
MODULES = TOP / "build/x64"

NAME = "x64"

# The values that programs.py needs.
WORD = 8
SINGLE = False
ALONE = False
HOLES = recorded.state(NAME, "holes")
DOCUMENT_NAMES, OTHER_NAMES = recorded.names(NAME)
IMPORTS = "from os import getenv as mark"
START = 'mark("")'
STOP = 'mark(""); t = 0'


class Failed(Exception):
    pass


def measure(sources):
    """[{operation: (instructions, heap bytes)}] of programs."""
    return [measure_one(source) for source in sources]


def measure_one(source):
    with tempfile.TemporaryDirectory() as folder:
        file, parts = Path(folder, "program.py"), Path(folder, "part")
        file.write_text(source)
        command = ["valgrind", "--tool=callgrind", "--dump-before=getenv"]
        command += [f"--callgrind-out-file={parts}", INTERPRETER, "-X", "heapsize=4M", file]
        result = subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], "MICROPYPATH": str(MODULES)},
            capture_output=True,
            text=True,
        )
        if result.returncode:
            raise Failed(f"{result.stdout}{result.stderr}")
        found = programs.read(result.stdout)
        totals = []
        while (part := Path(f"{parts}.{len(totals) + 1}")).exists():
            totals.append(int(re.search(r"^totals: (\d+)", part.read_text(), re.M)[1]))
    # Each operation has six totals: those of the warm-up, of nothing and of the measured call,
    # each after the total of the code before it. The last total is that of the interpreter's exit.
    taken = totals[-6 * len(found) - 1 : -1]
    results = {}
    for i, (operation, (nothing, counted)) in enumerate(found.items()):
        instructions = taken[6 * i + 5] - taken[6 * i + 3]
        results[operation] = instructions, counted[1] - nothing[1]
    return results
