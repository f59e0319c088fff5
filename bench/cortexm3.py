# SPDX-License-Identifier: MIT
"""Counts instructions and heap bytes on the emulated Cortex-M3.

With -icount shift=6 an instruction takes 64 ns, and CMSDK timer 0 counts down at 25 MHz.
"""

import sys
from pathlib import Path

import programs
import recorded

TOP = Path(__file__).resolve().parents[1]
sys.path.append(str(TOP / "tests"))

from runner import install, targets
from runner.board import Board

NAME = "cortex-m3"
ICOUNT = 6
TARGET = targets.select(["mps2-an385/armv7m"])[0]

# What programs.py has to know.
WORD = 4
SINGLE = True
HOLES = recorded.state(NAME, "holes")
DOCUMENT_NAMES, OTHER_NAMES = recorded.names(NAME)
IMPORTS = "from machine import mem32"
START = (
    "mem32[0x40000000] = 0; mem32[0x40000008] = 0x3FFFFFFF; "
    "mem32[0x40000004] = 0x3FFFFFFF; mem32[0x40000000] = 1"
)
STOP = "t = mem32[0x40000004]"


class Failed(Exception):
    pass


def start(options=()):
    """A board with our module on it, ready to run programs."""
    board = Board(TARGET, ICOUNT, options)
    try:
        board.start()
        board.run("import os; os.mkdir('/lib')", 60)
        for file in install.module_files(TARGET, ["msgpack"]):
            install.put(board, file, f"/lib/{file.name}")
        board.soft_reset()
    except Exception:
        board.stop()
        raise
    return board


def run(board, source, what):
    output, error = board.run(source, 120)
    if error:
        raise Failed(f"{what}:\n{output}{error}")
    return output


def measure(sources):
    """[{operation: (instructions, heap bytes)}] of programs."""
    results = []
    board = start()
    try:
        for source in sources:
            output = run(board, source, "measuring")
            results.append({o: counts(*r) for o, r in programs.read(output).items()})
            board.soft_reset()
    finally:
        board.stop()
    return results


def counts(nothing, taken):
    """The timer counts down; an instruction is 64 ns, a tick 40 ns."""
    return (nothing[0] - taken[0]) * 40 // 64, taken[1] - nothing[1]
