#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure msgpack and stock json on the same documents, in instructions or cycles and heap bytes.

Without --op and --doc everything is measured, and results.json, the charts and the tables in
bench/README.md and README.md are written.
"""

import argparse
import sys

import build
import cortexm3
import documents
import figures
import onboard
import pico
import programs
import recorded
import report
import x64
from operations import KEYED_NAMES, OPERATIONS, REFERENCE, keyed

MACHINES = {m.NAME: m for m in (pico, cortexm3, x64)}
ERRORS = (build.Missing, figures.Deviation, onboard.Failed, onboard.install.Missing, x64.Failed)


def arguments(argv):
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__.split("\n")[0])
    parser.add_argument("--machine", help="only on these machines: rpi-pico,x64")
    parser.add_argument("--op", help="only operations that begin so: packb,loads")
    parser.add_argument("--doc", help="only these documents: a,b2")
    parser.add_argument("--list", action="store_true", help="name operations and documents")
    args = parser.parse_args(argv)
    args.everything = not (args.machine or args.op or args.doc)
    args.machines = [MACHINES[name] for name in named(parser, "machine", args.machine, MACHINES)]
    args.doc = named(parser, "doc", args.doc, documents.DOCUMENTS)
    for beginning in args.op.split(",") if args.op else ():
        if not chosen([*OPERATIONS, *keyed("a")], beginning):
            parser.error(f"no operation begins with {beginning}; --list names them")
    return args


def named(parser, what, given, known):
    """The names that are given with commas or spaces between them, or all."""
    names = given.replace(",", " ").split() if given else list(known)
    for name in names:
        if name not in known:
            parser.error(f"no {what} {name}; known are: {' '.join(known)}")
    return names


def chosen(operations, beginnings):
    """The operations whose name, or what json calls it, begins with one of the given."""
    return [
        o
        for o in operations
        if not beginnings
        or any(
            name.startswith(b)
            for b in beginnings.split(",")
            for name in (o.name, o.name.removeprefix("json."))
        )
    ]


def measure(machine, names, beginnings=None):
    """{unit of the machine: {operation: {document: n}}, "heap": the same}

    Where the small flavour of msgpack is measured, too, "small" is its counts.
    """
    found = measure_with(
        machine, machine.measure, names, chosen(OPERATIONS, beginnings), beginnings
    )
    if machine is cortexm3:
        ours = [o for o in chosen(OPERATIONS, beginnings) if not o.is_json]
        small = measure_with(machine, machine.measure_small, names, ours, beginnings)
        unit = figures.MACHINES[machine.NAME].unit
        found["small"] = {o: row for o, row in small[unit].items() if not o.startswith("json")}
    return found


def measure_with(machine, count, names, wanted, beginnings):
    """The first two of these, by a function that runs programs."""
    sources = []
    for name in names:
        operations = [o for o in wanted if programs.possible(o, name)]
        sources.append((name, operations))
        if name in documents.KEYED_DOCUMENTS:
            # A separate program, so that no other operation has interned the keys.
            sources.append((name, chosen(keyed(name), beginnings)))
    if machine.ALONE:
        sources = [(name, [o]) for name, operations in sources for o in operations]
    sources = [(name, operations) for name, operations in sources if operations]
    order = [o.name for o in OPERATIONS] + list(KEYED_NAMES)
    unit = figures.MACHINES[machine.NAME].unit
    results = {kind: {o: {} for o in order} for kind in (unit, "heap")}
    counted = count([programs.program(machine, *source) for source in sources])
    for (name, _), counts in zip(sources, counted):
        for operation, (count, heap) in counts.items():
            results[unit][operation][name] = count
            results["heap"][operation][name] = heap
    return {kind: {o: row for o, row in rows.items() if row} for kind, rows in results.items()}


def reference(machine):
    """{operation: {document: count}} of stock json in the recorded state."""
    names = documents.JSON_DOCUMENTS
    counted = machine.measure([programs.reference(machine, n, REFERENCE) for n in names])
    return {o.name: {n: c[o.name][0] for n, c in zip(names, counted)} for o in REFERENCE}


def besides(machine):
    """What results.json has of a machine besides what is measured."""
    if not recorded.has(machine.NAME):
        return {"mhz": machine.MHZ}
    rows = reference(machine)
    figures.check_reference(machine.NAME, rows)
    return {"reference": rows}


def main(argv):
    args = arguments(argv)
    if args.list:
        print("operations: " + ", ".join([*(o.name for o in OPERATIONS), *KEYED_NAMES]))
        print("documents: " + ", ".join(f"{n} ({c})" for n, c in documents.CONTENTS.items()))
        return 0
    try:
        results = {}
        if args.everything:
            results["build"] = build.describe()
            more = {m.NAME: besides(m) for m in args.machines}
        for machine in args.machines:
            results[machine.NAME] = measure(machine, args.doc, args.op)
            print("\n".join(report.table(machine.NAME, results[machine.NAME])), flush=True)
        if args.everything:
            for name in more:
                results[name] |= more[name]
            figures.save(results)
            for file in report.write(results):
                print(f"wrote {file}")
    except ERRORS as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
