# SPDX-License-Identifier: MIT
"""Finds the modules of bench/, and what the tests of its machines share."""

import sys
from pathlib import Path

from check import eq, true

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "bench")]

import figures  # noqa: E402
import operations  # noqa: E402
import programs  # noqa: E402

# A loop of assembler: two instructions each time around.
LOOP = "@micropython.asm_thumb\ndef loop(r0):\n    label(again)\n    sub(r0, 1)\n    bne(again)\n"


def loops(machine, *counts):
    """What a machine counts for so many rounds of the loop."""

    class Machine:
        WORD, SINGLE, HOLES = machine.WORD, machine.SINGLE, machine.HOLES
        START, STOP = machine.START, machine.STOP
        IMPORTS = machine.IMPORTS + "\n" + LOOP

    begin = programs.begin(Machine, [])
    wanted = [operations.Operation("loop", "loop", str(n)) for n in counts]
    found = machine.measure([begin + programs.measuring(o, Machine) for o in wanted])
    return [one["loop"][0] for one in found]


def near_the_results(machine, measured):
    """What is written was measured with this code, or with code that needs nearly as much."""
    unit = figures.MACHINES[machine.NAME].unit
    written = figures.load()[machine.NAME]
    for operation, row in measured[unit].items():
        for name, n in row.items():
            ratio = n / written[unit][operation][name]
            true(0.9 < ratio < 1.1 or print(operation, name, ratio))
            eq(measured["heap"][operation][name], written["heap"][operation][name])
