# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The bench counts, and counts the same each time.

import re
import subprocess

from _bench import TOP, loops, near_the_results
from check import case, end, eq, raises, true

import cortexm3
import documents
import figures
import onboard
import operations
import recorded
import run
import x64

NAMES = ("a", "g")
BEGINNINGS = "packb,pack,unpackb,json"


@case
def two_boards_agree_to_the_instruction():
    first = run.measure(cortexm3, NAMES, BEGINNINGS)
    eq(run.measure(cortexm3, NAMES, BEGINNINGS), first)
    rows = first["instructions"]
    eq(sorted(rows["packb"]), ["a", "g"])
    eq(sorted(rows["json.loads"]), ["a"])
    eq(sorted(rows["unpackb, keys named"]), ["a"])
    # Nothing is less than what it is part of.
    true(all(n > 1000 for row in rows.values() for n in row.values()))
    true(rows["packb"]["g"] < rows["packb"]["a"] < rows["pack, new BytesIO"]["a"])
    near_the_results(cortexm3, first)


@case
def heap_bytes():
    heap = run.measure(cortexm3, ["a"], "packb,pack,json")["heap"]
    eq(heap["pack, reused BytesIO"]["a"], 0)
    # The bytes object has one block of 16 bytes, its data and a NUL as many as they need.
    data = documents.msgpack_of("a", single=True)
    eq(heap["packb"]["a"], 16 + (len(data) + 1 + 15) // 16 * 16)
    recorded_heap = recorded.figures("cortex-m3", "json.dumps", "heap")
    eq(heap["json.dumps"]["a"], recorded_heap["a"])


@case
def instructions_are_instructions():
    few, many = loops(cortexm3, 1000, 11000)
    # A tick of the timer is 0.6 instructions.
    true(abs(many - few - 20000) <= 2)


@case
def x64_twice():
    first = run.measure(x64, NAMES, BEGINNINGS)
    again = run.measure(x64, NAMES, BEGINNINGS)
    eq(again["heap"], first["heap"])
    for operation, row in first["instructions"].items():
        for name, n in row.items():
            true(abs(again["instructions"][operation][name] / n - 1) < 0.001)


@case
def stock_json_needs_what_was_recorded():
    for machine in (cortexm3, x64):
        rows = run.reference(machine)
        eq(
            {o: sorted(row) for o, row in rows.items()},
            dict.fromkeys(rows, sorted("a b b2 c d f".split())),
        )
        figures.check_reference(machine.NAME, rows)


@case
def another_build_is_noticed():
    rows = {o.name: recorded.figures("cortex-m3", o.name) for o in operations.REFERENCE}
    figures.check_reference("cortex-m3", rows)
    good = rows["json.loads"]["d"]
    rows["json.loads"]["d"] = round(good * 1.009)
    figures.check_reference("cortex-m3", rows)
    for factor in (1.011, 0.989):
        rows["json.loads"]["d"] = round(good * factor)
        raises(
            figures.Deviation, figures.check_reference, "cortex-m3", rows, match="json.loads d: "
        )


@case
def a_program_that_fails():
    raises(onboard.Failed, cortexm3.measure, ["1 / 0"], match="ZeroDivisionError")
    raises(x64.Failed, x64.measure, ["1 / 0"], match="ZeroDivisionError")


def command(*arguments):
    tool = ["/usr/bin/python3", TOP / "bench" / arguments[0], *arguments[1:]]
    return subprocess.run(tool, capture_output=True, text=True)


@case
def some_operations_on_some_documents():
    before = figures.FILE.read_text()
    result = command("run.py", "--machine", "cortex-m3", "--op", "loads,unpackb", "--doc", "a,g")
    eq((result.returncode, result.stderr), (0, ""))
    lines = [re.split("  +", line.strip()) for line in result.stdout.splitlines()]
    eq(lines[0], ["cortex-m3", "a", "g"])
    eq(
        [line[0] for line in lines[2:6]],
        ["unpackb", "json.loads", "unpackb, keys named", "json.loads, keys named"],
    )
    true("packb" not in [line[0] for line in lines])
    eq(figures.FILE.read_text(), before)
    eq(command("run.py", "--doc", "a,z").returncode, 2)


end()
