#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much C stack the modules' functions take on Cortex-M, computed and measured.

stack.json has the most that each may take, in bytes: computed for each architecture, frames of
the modules alone; and what was measured on the emulated Cortex-M3, all that lies below the call,
the firmware's own functions among it. The measured figures are for reading, they limit nothing.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / "tools"), str(TOP / "tests")]

import callgraph
import entries
import objects
import size
from runner import install, qemu, scripts
from runner.paths import SCRATCH

BUDGET = Path(__file__).parent / "stack.json"
ARCHS = ("armv6m", "armv7m")
MEASURED = "measured"
MEASURED_ON = "armv7m"
STEP = 16
# A constant of a module: the bytes that its check of the C stack keeps free.
RESERVE = re.compile(r"(?:NATMOD_STACK_RESERVE|^STACK)(?:\s*=\s*|\s+\(?)(\d+)", re.MULTILINE)


class Failed(Exception):
    pass


def compute(archs):
    """{module: {entry: {arch: bytes}}}, {(arch, module, entry): [functions]} and, for each
    (arch, module), the frame of the function that checks the stack and calls the others.
    """
    found = {module: {} for module in entries.ENTRIES}
    paths = {}
    checks = {}
    with tempfile.TemporaryDirectory() as folder:
        for arch in archs:
            taken = set()
            for module in found:
                of_module, names, checks[arch, module] = callgraph.compute(arch, module, folder)
                taken |= names
                for entry, (n, path) in of_module.items():
                    found[module].setdefault(entry, {})[arch] = n
                    paths[arch, module, entry] = path
            for name in sorted(entries.BY_TAKER.union(*entries.POINTERS.values()) - taken):
                raise Failed(f"{arch}: nobody has the address of {name}: bench/entries.py has it")
    return found, paths, checks


def measure():
    """{module: {entry: bytes}} on the emulated board, which has no small flavours."""
    target = size.target_of(MEASURED_ON)
    session = qemu.Session(target, [m for m in entries.ENTRIES if m not in objects.SMALL])
    SCRATCH.mkdir(parents=True, exist_ok=True)
    try:
        session.start()
        program = scripts.read(Path(__file__).parent / "use_stack.py")
        output, error = session.run_program(program)
    except install.Missing as e:
        raise Failed(f"{target.name}: {e}") from None
    finally:
        session.stop()
        shutil.rmtree(SCRATCH, ignore_errors=True)
    if error:
        raise Failed(f"{target.name}: {output}{error}")
    return read_measured(output)


def read_measured(output):
    found = {module: {} for module in entries.ENTRIES}
    for line in output.splitlines():
        _, module, n, entry = line.split(None, 3)
        if entry not in entries.ENTRIES[module]:
            raise Failed(f"use_stack.py measures {entry}, which entries.py does not name")
        found[module][entry] = int(n)
    return found


def deepest(found, module, arch, check=0):
    """(bytes, entry) of the entry that goes deepest, except the import.

    `check` are the bytes that lie above the check of the stack in functions.
    """
    return max(
        (n[arch] - (0 if entry in entries.SLOTS else check), entry)
        for entry, n in found[module].items()
        if entry != "import"
    )


def reserves(module):
    """[(file, bytes)] that the module's sources say a check of the stack keeps free."""
    folder = TOP / objects.FOLDERS[module]
    files = [*sorted(folder.glob("*.h")), folder / "Makefile"]
    return [
        (file.relative_to(TOP), int(m))
        for file in files
        for m in RESERVE.findall(file.read_text())
    ]


def excesses(found, budget, archs, checks=None):
    """A line for each figure that exceeds or lacks its budget, and each reserve too small."""
    for module, rows in found.items():
        for entry, row in rows.items():
            for arch in archs:
                most = budget.get(module, {}).get(entry, {}).get(arch)
                if most is None:
                    yield f"{arch} {module}: {entry} has no budget"
                elif row[arch] > most:
                    more = row[arch] - most
                    yield f"{arch} {module}: {entry} takes {row[arch]}, {more} above {most}"
        for arch in archs:
            n, entry = deepest(found, module, arch, (checks or {}).get((arch, module), 0))
            for file, reserve in reserves(module):
                if reserve < n:
                    yield f"{file}: it reserves {reserve}, {entry} takes {n} below it on {arch}"


def table(found, archs):
    """Lines for the terminal."""
    with_measured = any(MEASURED in row for row in found["msgpack"].values())
    columns = [*archs, MEASURED] if with_measured else archs
    row = ("{:<16}{:<28}" + "{:>10}" * len(columns)).format
    yield row("module", "function", *columns)
    for module, rows in found.items():
        for entry, values in rows.items():
            yield row(module, entry, *(values.get(column, "-") for column in columns))
    for module in found:
        for arch in archs:
            n, entry = deepest(found, module, arch)
            yield f"{module} on {arch}: at most {n}, {entry}"


def write(found):
    lines = []
    for module, rows in found.items():
        inner = []
        for entry, row in rows.items():
            row = {k: n if k == MEASURED else -(-n // STEP) * STEP for k, n in row.items()}
            inner.append(f"    {json.dumps(entry)}: {json.dumps(row)}")
        lines.append(f'  "{module}": {{\n' + ",\n".join(inner) + "\n  }")
    BUDGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main(argv):
    parser = argparse.ArgumentParser(prog="bench/stack.py", description=__doc__.split("\n")[0])
    parser.add_argument("--static", action="store_true", help="only compute, and print excesses")
    parser.add_argument("--write", action="store_true", help="make the budget fit")
    parser.add_argument("--path", metavar="FUNCTION", help="show the frames of its deepest path")
    parser.add_argument("archs", nargs="*", default=ARCHS)
    args = parser.parse_args(argv)
    archs = [arch for arch in args.archs if arch in ARCHS]
    if args.write and archs != list(ARCHS):
        parser.error("--write is for all architectures")
    try:
        found, paths, checks = compute(archs)
        if args.path:
            for (arch, _, entry), path in paths.items():
                if entry == args.path:
                    print(arch, *path)
            return 0
        if not args.static and MEASURED_ON in archs:
            for module, rows in measure().items():
                for entry, n in rows.items():
                    found[module][entry][MEASURED] = n
    except (Failed, callgraph.Failed) as e:
        print(f"stack: {e}", file=sys.stderr)
        return 1
    if not args.static and archs:
        print("\n".join(table(found, archs)))
    if args.write:
        write(found)
        # Imported here, because these need more of Python's packages than the rest.
        import figures
        import report

        for file in (BUDGET.relative_to(TOP), *report.write(figures.load())):
            print(f"wrote {file}")
        return 0
    budget = json.loads(BUDGET.read_text()) if BUDGET.exists() else {}
    wrong = list(excesses(found, budget, archs, checks))
    for line in wrong:
        print(f"stack: {line}", file=sys.stderr)
    if wrong:
        print(
            "stack: bench/stack.json allows no more; if it has to: make stack BUDGET=write",
            file=sys.stderr,
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
