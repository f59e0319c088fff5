#!/usr/bin/env python3
"""Measure the RAM that the modules take, for tools/ram.json: on the interpreter of each ARCH.

usage: _ram.py --write     after: make interpreter
"""

import ast
import json
import sys

sys.path.insert(0, __file__.rpartition("/")[0] + "/../support")

from _release import ARCHS, BOARDS, MODULES, TOP, board, unix  # noqa: E402
from runner import install  # noqa: E402

import deploy  # noqa: E402
import firmware  # noqa: E402
import mpyinfo  # noqa: E402

FIGURES = TOP / "tools/ram.json"


def program(module):
    return f"modules = ({module!r},)\n{deploy.IMPORT}"


def on_unix(arch):
    """What the program prints for each module."""
    return [unix(program(module), TOP / "build" / arch, arch=arch)[1] for module in MODULES]


def on_board(board):
    """The same on an emulated board that has the modules, after a soft reset each time."""
    said = []
    for module in MODULES:
        board.enter()
        board.soft_reset()
        said.append(board.run(program(module), 60)[0])
    return said


def on_new_board(arch):
    name = next(name for name, target in BOARDS.items() if target.arch == arch)
    with board(name) as b:
        b.run("import os; os.mkdir('/lib')", 60)
        for module in MODULES:
            install.put(b, TOP / "build" / arch / f"{module}.mpy", f"/lib/{module}.mpy")
        return on_board(b)


def figures(arch, said):
    """The RAM of each module, by its name, from what the program printed for each."""
    found = {}
    for module, line in zip(MODULES, said):
        growth = ast.literal_eval(line.strip().removeprefix(deploy.MARK))[module]["growth"]
        info = mpyinfo.read(TOP / f"build/{arch}/{module}.mpy")
        found[module] = firmware.ram(growth, info)
    return found


def measure(arch):
    return figures(arch, on_unix(arch) if arch in ("x64", "x86") else on_new_board(arch))


def differences(arch, measured):
    """What is more than 3 % off the figures; where that is on purpose: _ram.py --write."""
    recorded = json.loads(FIGURES.read_text())
    return [
        f"{module} on {arch}: {ram}, recorded {recorded[module][arch]}"
        for module, ram in measured.items()
        if abs(recorded[module][arch] - ram) > ram * 3 / 100
    ]


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    measured = {arch: measure(arch) for arch in ARCHS}
    table = {module: {arch: measured[arch][module] for arch in ARCHS} for module in MODULES}
    FIGURES.write_text(json.dumps(table, indent=4) + "\n")
