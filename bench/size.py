#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the modules: the .mpy file, its sections, and the board's RAM.

budget.json has the most that each may take on each architecture, in bytes, and of RAM on the
Raspberry Pi Pico:
  mpy, text, rodata, bss  the file, and what it consists of
  blk                     the file with the code that is executed in place
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
STATIC = ("mpy", "text", "rodata", "bss", "blk")
RAM = ("import", "use")
# {entry: (module, flavour)}: the small flavour of a module has an entry of its own.
ENTRIES = {
    natmods.entry(name, flavour): (name, flavour)
    for flavour, names in ((natmods.FULL, natmods.NAMES), (natmods.SMALL, natmods.WITH_SMALL))
    for name in names
}
# What is executed in place has one, too, for those who have such files.
IN_PLACE = {natmods.entry(name, natmods.IN_PLACE): name for name in natmods.WITH_IN_PLACE}
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


def static(arch, entry):
    """The sizes in the file."""
    path = natmods.built(TOP / "build", arch, *ENTRIES[entry])
    if not path.exists():
        raise Failed(f"{path.relative_to(TOP)} is missing: make size builds it")
    info = mpyinfo.read(path)
    return {"mpy": info.size, "text": info.text, "rodata": info.rodata, "bss": info.bss}


def static_in_place(arch):
    """{entry: the sizes of the files for execution in place} where there are any."""
    found = {}
    for entry, module in IN_PLACE.items() if arch.startswith("armv") else ():
        path = natmods.built(TOP / "build", arch, module, natmods.IN_PLACE)
        if not path.exists():
            raise Failed(f"{path.relative_to(TOP)} is missing: make size builds it")
        found[entry] = {"mpy": mpyinfo.read(path).size, "blk": natmods.block(path).stat().st_size}
    return found


# Goals for the RAM after use on a Cortex-M3, whose heap holds the code, too.
WANTED = {"msgpack": 8192, "finaliserproxy": 4096}
# The most that may be used, whatever the budget says.
CORTEX_M = ("armv6m", "armv7m", "armv7emsp", "armv7emdp", *BOARDS)
LIMITS = {
    "msgpack-small": {"use": {**dict.fromkeys(CORTEX_M, 5120), "rv32imc": 5632}},
    "msgpack-in-place": {
        "use": dict.fromkeys(CORTEX_M, 1536),
        "blk": dict.fromkeys(CORTEX_M, 4096),
    },
}


def target_of(arch):
    """The first target that runs the files of an architecture, or None."""
    return next((t for t in targets.TARGETS if t.arch == arch and not t.subset), None)


def boards_of(arch):
    """The targets whose RAM is measured besides, under their own names."""
    return [t for t in targets.select(BOARDS) if t.arch == arch]


def used(entry):
    """The function `use(module)`, which uses all that is in the module."""
    # In place the small flavour is the same.
    name = natmods.entry(IN_PLACE[entry], natmods.SMALL) if entry in IN_PLACE else entry
    path = Path(__file__).parent / f"use_{name.replace('-', '_')}.py"
    if not path.exists():
        raise Failed(f"{path.relative_to(TOP)} is missing: its use(module) uses all of the module")
    return path.read_text()


def ram(target, entries=ENTRIES):
    """{entry: the sizes in RAM} on a target."""
    found = {}
    small = [entry for entry in entries if ENTRIES[entry][1] == natmods.SMALL]
    full = [entry for entry in entries if entry not in small]
    if full:
        found.update(ram_of(target, full))
    if small:
        found.update(ram_of(with_flavour(target, "small"), small))
    in_place = with_flavour(target, "in-place")
    if in_place and not in_place.needs_rom and entries is ENTRIES:
        found.update(ram_of(in_place, IN_PLACE))
    return found


def with_flavour(target, flavour):
    """The same with a flavour of msgpack, if there is such a target."""
    return next((t for t in targets.TARGETS if t.plain == target and t.flavour == flavour), None)


def ram_of(target, entries):
    """The same for entries that the target has."""
    kind = unix if target.kind == "unix" else qemu
    modules = {entry: IN_PLACE.get(entry) or ENTRIES[entry][0] for entry in entries}
    session = kind.Session(target, list(modules.values()))
    SCRATCH.mkdir(parents=True, exist_ok=True)
    found = {}
    try:
        session.start()
        if kind is unix:
            # A module keeps its path, which should not depend on where this runs.
            file = natmods.built("build", target.arch, *ENTRIES[entries[0]])
            session.env["MICROPYPATH"] = str(file.parent)
        for entry, module in modules.items():
            use = used(entry)
            file = SCRATCH / f"ram_{module}.py"
            file.write_text(PROGRAM.format(use=use, module=module, ram=RAM_PROGRAM))
            output, error = session.run_program(scripts.read(file))
            if error or not output.startswith("@"):
                raise Failed(f"{target.name}: {module}: {output}{error}")
            found[entry] = dict(zip(RAM, map(int, output.split()[1:])))
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
        sizes[arch] = {entry: static(arch, entry) for entry in ENTRIES}
        sizes[arch].update(static_in_place(arch))
        target = target_of(arch)
        if with_ram and target:
            for module, found in ram(target).items():
                sizes[arch][module].update(found)
        for board in boards_of(arch) if with_ram else ():
            sizes[board.name] = ram(board)
    return sizes


def table(sizes):
    """Lines for the terminal."""
    row = "{:<12}{:<17}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}".format
    yield row("arch", "module", *STATIC, *RAM)
    for arch, modules in sizes.items():
        for module, found in modules.items():
            yield row(arch, module, *(found.get(what, "-") for what in (*STATIC, *RAM)))


def beyond_limits(sizes):
    """A line for each module that takes more than it ever may."""
    for arch, modules in sizes.items():
        for module, found in modules.items():
            for what, limits in LIMITS.get(module, {}).items():
                limit = limits.get(arch)
                if limit is not None and found.get(what, 0) > limit:
                    yield f"{arch} {module}: {what} is {found[what]}, and {limit} is the limit"


def excesses(sizes, budget):
    """A line for each size above the budget or the limit, or without a budget."""
    yield from beyond_limits(sizes)
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
        found = list(beyond_limits(sizes))
        for line in found:
            print(f"size: {line}", file=sys.stderr)
        return 1 if found else 0
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
