#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the modules: the .mpy file, its sections, and the board's RAM.

budget.json has the most that each may take on each architecture, in bytes, and of RAM on the
Raspberry Pi Pico:
  mpy, text, rodata, bss  the file, and what it consists of
  import                  RAM of an import, as gc.mem_alloc() tells after gc.collect(); where code
                          lies outside of the heap (unix), it is not among it
  use                     the same after one use of every function, class and method
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / "tools"), str(TOP / "tests")]

import mpyinfo
import natmods
from runner import install, qemu, scripts, targets, unix
from runner.paths import SCRATCH

BUDGET = Path(__file__).parent / "budget.json"
# Boards that have entries of their own in the budget: they run the files of an architecture.
BOARDS = ("rpi-pico",)
STATIC = ("mpy", "text", "rodata", "bss")
RAM = ("import", "use")
# The budget is rounded up to steps, so that a byte more does not change it.
STEP = 32
# MicroPython's memory for interned strings grows by this much; when depends on the path's length,
# too.
CHUNK = 128

# The start of a program: ram() returns the bytes of the heap in use.
RAM_PROGRAM = """\
import gc

def ram():
    def scrub(n):
        a = b = c = d = e = f = g = None
        return n and scrub(n - 1), a, b, c, d, e, f, g
    scrub(12)
    gc.collect()
    gc.collect()
    return gc.mem_alloc()
"""

PROGRAM = """\
# needs: {module}
{use}
{ram}
def imported():
    import {module}

def used():
    import {module}
    use({module})

ram()
before = ram()
imported()
after = ram()
used()
print("@", after - before, ram() - before)
"""


class Failed(Exception):
    pass


def static(arch, module):
    """The sizes in the file."""
    path = TOP / f"build/{arch}/{module}.mpy"
    if not path.exists():
        raise Failed(f"{path.relative_to(TOP)} is missing: make size builds it")
    info = mpyinfo.read(path)
    return {"mpy": info.size, "text": info.text, "rodata": info.rodata, "bss": info.bss}


# Goals for the RAM after use on a Cortex-M3, whose heap holds the code, too.
WANTED = {"msgpack": 8192, "finaliserproxy": 4096}


def target_of(arch):
    """The first target that runs the files of an architecture, or None."""
    return next((t for t in targets.TARGETS if t.arch == arch and not t.subset), None)


def boards_of(arch):
    """The targets whose RAM is measured besides, under their own names."""
    return [t for t in targets.select(BOARDS) if t.arch == arch]


def used(module):
    """The function `use(module)`, which uses all that is in the module."""
    path = Path(__file__).parent / f"use_{module}.py"
    if not path.exists():
        raise Failed(f"{path.relative_to(TOP)} is missing: its use(module) uses all of the module")
    return path.read_text()


def ram(target):
    """{module: the sizes in RAM} on a target."""
    kind = unix if target.kind == "unix" else qemu
    session = kind.Session(target, list(natmods.NAMES))
    SCRATCH.mkdir(parents=True, exist_ok=True)
    found = {}
    try:
        session.start()
        if kind is unix:
            # A module keeps its path, which should not depend on where this runs.
            session.env["MICROPYPATH"] = f"build/{target.arch}"
        for module in natmods.NAMES:
            use = used(module)
            file = SCRATCH / f"ram_{module}.py"
            file.write_text(PROGRAM.format(use=use, module=module, ram=RAM_PROGRAM))
            output, error = session.run_program(scripts.read(file))
            if error or not output.startswith("@"):
                raise Failed(f"{target.name}: {module}: {output}{error}")
            found[module] = dict(zip(RAM, map(int, output.split()[1:])))
    except install.Missing as e:
        raise Failed(f"{target.name}: {e}") from None
    finally:
        session.stop()
        shutil.rmtree(SCRATCH, ignore_errors=True)
    return found


def measure(archs, with_ram):
    """{arch or board: {module: {what: bytes}}}"""
    sizes = {}
    for arch in archs:
        sizes[arch] = {module: static(arch, module) for module in natmods.NAMES}
        target = target_of(arch)
        if with_ram and target:
            for module, found in ram(target).items():
                sizes[arch][module].update(found)
        for board in boards_of(arch) if with_ram else ():
            sizes[board.name] = ram(board)
    return sizes


def table(sizes):
    """Lines for the terminal."""
    row = "{:<12}{:<16}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}".format
    yield row("arch", "module", *STATIC, *RAM)
    for arch, modules in sizes.items():
        for module, found in modules.items():
            yield row(arch, module, *(found.get(what, "-") for what in (*STATIC, *RAM)))


def excesses(sizes, budget):
    """A line for each size above the budget, or without one."""
    for arch, modules in sizes.items():
        for module, found in modules.items():
            allowed = budget.get(arch, {}).get(module, {})
            for what, size in found.items():
                most = allowed.get(what)
                if most is None:
                    yield f"{arch} {module}: {what} has no budget"
                elif size > most + (CHUNK if what in RAM else 0):
                    yield f"{arch} {module}: {what} is {size}, {size - most} above {most}"


def write(sizes, budget):
    """Make the budget fit the sizes, as tight as its steps allow; keep the rest of it."""
    for arch, modules in sizes.items():
        for module, found in modules.items():
            allowed = budget.setdefault(arch, {}).setdefault(module, {})
            allowed.update({what: -(-size // STEP) * STEP for what, size in found.items()})
    rows = []
    for arch, modules in budget.items():
        inner = [f'    "{module}": {json.dumps(found)}' for module, found in modules.items()]
        rows.append(f'  "{arch}": {{\n' + ",\n".join(inner) + "\n  }")
    BUDGET.write_text("{\n" + ",\n".join(rows) + "\n}\n")


def main(argv):
    parser = argparse.ArgumentParser(prog="bench/size.py", description=__doc__.split("\n")[0])
    parser.add_argument("--static", action="store_true", help="only what is in the files")
    parser.add_argument("--write", action="store_true", help="make the budget fit")
    parser.add_argument("archs", nargs="+")
    args = parser.parse_args(argv)
    budget = json.loads(BUDGET.read_text()) if BUDGET.exists() else {}
    try:
        sizes = measure(args.archs, not args.static)
    except Failed as e:
        print(f"size: {e}", file=sys.stderr)
        return 1
    if args.write:
        write(sizes, budget)
        print("\n".join(table(sizes)))
        # Imported here, because these need more of Python's packages than the rest.
        import figures
        import report

        for file in (BUDGET.relative_to(TOP), *report.write(figures.load())):
            print(f"wrote {file}")
        return 0
    if not args.static:
        print("\n".join(table(sizes)))
        wanted = ", ".join(f"{module} {size}" for module, size in WANTED.items())
        print(f"wanted on armv7m after use, at most: {wanted}")
    found = list(excesses(sizes, budget))
    if found:
        print("\n".join(f"size: {line}" for line in found), file=sys.stderr)
        print(
            "size: bench/budget.json allows no more; if it has to: make size BUDGET=write",
            file=sys.stderr,
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
