# SPDX-License-Identifier: MIT
# targets: host
# long: host
# needs: nothing
#
# What the bench counts on the Pico: cycles, at the clock that it names, and bytes of RAM.

import json

from _bench import loops
from check import case, end, eq, raises, true

import onboard
import pico
import size
from natmods import NAMES

BUDGET = json.loads(size.BUDGET.read_text())


@case
def cycles_are_cycles():
    few, many = loops(pico, 1000, 11000)
    # One for the subtraction, two for the branch.
    eq(many - few, 30000)


@case
def another_clock_is_noticed():
    source = pico.IMPORTS.replace("assert", "freq(48_000_000)\nassert")
    raises(onboard.Failed, pico.measure, [source], match="AssertionError")


@case
def ram_of_the_pico():
    (board,) = size.boards_of("armv6m")
    eq((board.name, size.boards_of("armv7m")), (pico.NAME, []))
    found = size.ram(board)
    eq(list(size.excesses({pico.NAME: found}, BUDGET)), [])
    for module in NAMES:
        # What is written is what was measured: rounded up, but for a chunk of names.
        true(BUDGET[pico.NAME][module]["use"] - found[module]["use"] < size.STEP + size.CHUNK)


end()
