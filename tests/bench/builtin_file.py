# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# builtin.json, what the modules cost when they are built into firmware.

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import _bench  # noqa: F401  (which makes the bench importable)
from check import case, end, eq, true

import builtin
import size
from natmods import NAMES

TEXT = builtin.FILE.read_text()
FOUND = json.loads(TEXT)
BOARDS = ("rpi-pico", "rpi-pico-builtin")
NEAR = 64  # bytes; a budget is rounded up.


@case
def everything_was_measured():
    eq(sorted(FOUND["modules"]), sorted(NAMES))
    for sizes in FOUND["modules"].values():
        eq(list(sizes), ["flash", "static", "file", "built in"])
        for kind in ("file", "built in"):
            eq(list(sizes[kind]), list(size.RAM))
            true(0 < sizes[kind]["import"] <= sizes[kind]["use"])
        # The code is in flash, and only that of the file in the heap.
        true(sizes["built in"]["use"] < sizes["flash"] < sizes["file"]["use"])
    objects = sum(part["flash"] for part in (*FOUND["modules"].values(), FOUND["shared"]))
    more = FOUND["firmware"]["built in"] - FOUND["firmware"]["stock"]
    true(objects < more < objects * 1.2)


@case
def ram_of_the_files_is_that_of_the_budget():
    # If not, bench/builtin.py was not run after the modules had changed.
    budget = json.loads(size.BUDGET.read_text())[BOARDS[0]]
    for module, sizes in FOUND["modules"].items():
        for what, n in sizes["file"].items():
            true(abs(budget[module][what] - n) <= NEAR or print(module, what, n, budget[module]))


@case
def it_is_kept_as_it_is():
    kept = builtin.FILE
    with tempfile.TemporaryDirectory() as folder:
        try:
            builtin.FILE = Path(folder, "builtin.json")
            builtin.save(FOUND)
            eq(builtin.FILE.read_text(), TEXT)
        finally:
            builtin.FILE = kept


@case
def it_is_shown():
    lines = list(builtin.show(FOUND))
    eq(len(lines), 3 + len(NAMES))
    for line, (name, sizes) in zip(lines[1:], FOUND["modules"].items()):
        eq(
            line.split()[:4],
            [name, *(str(n) for n in (sizes["flash"], sizes["static"], sizes["file"]["import"]))],
        )


@case
def only_what_both_firmwares_can_have():
    # The small flavour of a module is not built in, so no target has it.
    asked = []

    def ram(target, entries):
        asked.append((target, tuple(entries)))
        return dict.fromkeys(entries)

    kept = size.ram, builtin.objects, builtin.target
    size.ram = ram
    builtin.objects = lambda folder: {}
    builtin.target = lambda board: SimpleNamespace(interpreter=builtin.FILE, board=board)
    try:
        found = builtin.measure()
    finally:
        size.ram, builtin.objects, builtin.target = kept
    eq([(t.board, names) for t, names in asked], [(b, NAMES) for b in BOARDS])
    eq(sorted(found["modules"]), sorted(NAMES))


end()
