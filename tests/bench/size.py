# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What the modules take, and the budget for it.

import json
import re
import subprocess

from _bench import TOP
from check import case, end, eq, raises, true

import size
from natmods import NAMES, SMALL
from size import ENTRIES

BUDGET = json.loads(size.BUDGET.read_text())


PICO = "rpi-pico"


def ram_of(arch, entries=ENTRIES):
    return size.ram(size.target_of(arch), entries)


def names_of(expression):
    """The public names of an object, as MicroPython on this machine says."""
    program = f"import {', '.join(NAMES)}\nprint(dir({expression}))"
    output = subprocess.run(
        [TOP / "build/unix-x64/micropython", "-c", program],
        env={"MICROPYPATH": str(TOP / "build/x64")},
        capture_output=True,
        text=True,
    ).stdout
    return [name for name in eval(output) if not name.startswith("__") or name == "__version__"]


# The interpreter cannot list them: to ask the module for a name that it does not have imports the
# full flavour.
SMALL_NAMES = """pack packb unpack unpackb dump dumps load loads ExtType ExtraData FormatError
    StackError OutOfData version __version__""".split()


@case
def everything_is_used():
    for module in ENTRIES:
        text = (TOP / f"bench/use_{module.replace('-', '_')}.py").read_text()
        used = set(re.findall(r"[A-Za-z_]+", text))
        classes = ("msgpack.Packer", "msgpack.Unpacker", "msgpack.Timestamp")
        wanted = SMALL_NAMES if ENTRIES[module][1] == SMALL else names_of(module)
        for name in classes if module == "msgpack" else ():
            wanted += names_of(name)
        eq(sorted(set(wanted) - used), [])
        true(len(wanted) > 8)


@case
def ram_is_within_the_budget():
    for arch in ("armv7m", "x64"):
        found = {arch: ram_of(arch)}
        eq(list(size.excesses(found, BUDGET)), [])
        for module in ENTRIES:
            # Every function object is one block at least.
            true(found[arch][module]["import"] > 100)
    # On the board the code lies in the heap, but for that of the import.
    text = size.static("armv7m", "msgpack")["text"]
    true(ram_of("armv7m")["msgpack"]["import"] > text * 3 // 4)


@case
def ram_is_the_same_each_time():
    eq(ram_of("armv7m", NAMES), ram_of("armv7m", NAMES))


@case
def the_budget_names_everything():
    archs = re.search(r"^ARCHS = (.*)$", (TOP / "dynruntime/toolchain.mk").read_text(), re.M)[1]
    for arch in archs.split():
        # The tree that is fetched does not know it.
        if arch == "rv64imc":
            continue
        wanted = [n for n in size.STATIC if n != "blk"]
        wanted += size.RAM if size.target_of(arch) else ()
        expected = dict.fromkeys(ENTRIES, wanted)
        if arch in size.CORTEX_M:
            expected.update(dict.fromkeys(size.IN_PLACE, ["mpy", "blk"]))
        eq({m: list(BUDGET[arch][m]) for m in BUDGET[arch]}, expected)
    expected = dict.fromkeys((*ENTRIES, *size.IN_PLACE), list(size.RAM))
    eq({m: list(BUDGET[PICO][m]) for m in BUDGET[PICO]}, expected)


@case
def growth():
    budget = {"x64": {"msgpack": {"text": 100, "import": 50}}}
    eq(list(size.excesses({"x64": {"msgpack": {"text": 100, "import": 20}}}, budget)), [])
    eq(list(size.excesses({"x64": {"msgpack": {"import": 50 + size.CHUNK}}}, budget)), [])
    found = {"x64": {"msgpack": {"text": 101, "import": 179}}, "x86": {"msgpack": {"text": 1}}}
    eq(
        list(size.excesses(found, budget)),
        [
            "x64 msgpack: text is 101, 1 above 100",
            "x64 msgpack: import is 179, 129 above 50",
            "x86 msgpack: text has no budget",
        ],
    )


@case
def limits():
    small = {"msgpack-small": {"use": 5120}}
    # A budget does not change them.
    budget = {arch: {"msgpack-small": {"use": 9999}} for arch in ("armv6m", "rv32imc", "x64")}
    eq(list(size.excesses({"armv6m": small, "rv32imc": small, "x64": small}, budget)), [])
    small["msgpack-small"]["use"] = 5633
    eq(
        list(size.excesses({"armv6m": small, "rv32imc": small, "x64": small}, budget)),
        [
            "armv6m msgpack-small: use is 5633, and 5120 is the limit",
            "rv32imc msgpack-small: use is 5633, and 5632 is the limit",
        ],
    )
    for arch in ("armv6m", "armv7m", "armv7emsp", "armv7emdp", PICO):
        true(BUDGET[arch]["msgpack-small"]["use"] <= 5120)
    true(BUDGET["rv32imc"]["msgpack-small"]["use"] <= 5632)


def command(*arguments):
    tool = ["/usr/bin/python3", TOP / "bench/size.py", *arguments]
    return subprocess.run(tool, capture_output=True, text=True)


@case
def growth_fails():
    eq((command("--static", "x64", "armv7m").returncode), 0)
    kept = size.BUDGET.read_text()
    try:
        budget = json.loads(kept)
        text = size.static("armv7m", "msgpack")["text"]
        budget["armv7m"]["msgpack"]["text"] = text - 3
        size.BUDGET.write_text(json.dumps(budget))
        result = command("--static", "x64", "armv7m")
        eq(result.returncode, 1)
        true(f"armv7m msgpack: text is {text}, 3 above {text - 3}\n" in result.stderr)
        true("make size BUDGET=write" in result.stderr)
    finally:
        size.BUDGET.write_text(kept)


@case
def a_file_that_is_missing():
    result = command("--static", "pdp11")
    eq(result.returncode, 1)
    true(f"build/pdp11/{NAMES[0]}.mpy is missing: make size builds it" in result.stderr)


@case
def a_budget_that_is_made_to_fit():
    budget = {"x64": {"msgpack": {"text": 1, "import": 5}}}
    kept = size.BUDGET
    try:
        size.BUDGET = size.SCRATCH.parent / "budget.json"
        size.BUDGET.parent.mkdir(parents=True, exist_ok=True)
        found = {"x64": {"msgpack": {"text": 33}}, "x86": {"msgpack": {"text": 64}}}
        size.write(found, budget)
        written = json.loads(size.BUDGET.read_text())
        eq(written["x64"]["msgpack"], {"text": 64, "import": 5})
        eq(written["x86"]["msgpack"], {"text": 64})
        eq(list(size.excesses(found, written)), [])
    finally:
        size.BUDGET.unlink(missing_ok=True)
        size.BUDGET = kept


@case
def ram_of_a_program_that_fails():
    target = size.target_of("x64")
    kept = size.PROGRAM
    try:
        size.PROGRAM = "1 / 0"
        raises(size.Failed, size.ram, target, match="ZeroDivisionError")
    finally:
        size.PROGRAM = kept


end()
