# SPDX-License-Identifier: MIT
"""Runs the bench's programs on an emulated board, with msgpack on its file system."""

import sys
from pathlib import Path

import programs

TOP = Path(__file__).resolve().parents[1]
sys.path.append(str(TOP / "tests"))

from runner import install, targets
from runner.board import Board

TIMEOUT = 120


class Failed(Exception):
    pass


def target(name):
    return targets.select([name])[0]


def new(target, icount=None, options=()):
    """A board that has not been started; the options are for its emulator."""
    return Board(target, icount, options)


def start(board):
    """Start a board and put our module onto it, ready to run programs."""
    install.check_interpreter(board.target)
    files = install.module_files(board.target, ["msgpack"])
    try:
        board.start()
        board.run("import os; os.mkdir('/lib')", TIMEOUT)
        for file in files:
            install.put(board, file, f"/lib/{file.name}")
        board.soft_reset()
    except Exception:
        board.stop()
        raise
    return board


def run(board, source, what):
    output, error = board.run(source, TIMEOUT * board.target.slowness)
    if error:
        raise Failed(f"{what}:\n{output}{error}")
    return output


def measure(board, sources, counts):
    """[{operation: (count, heap bytes)}] of programs; counts is given what they print for each."""
    results = []
    start(board)
    try:
        for source in sources:
            output = run(board, source, "measuring")
            results.append({o: counts(*r) for o, r in programs.read(output).items()})
            board.soft_reset()
    finally:
        board.stop()
    return results
