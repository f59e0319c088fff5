# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The C stack that functions take, computed and measured, and the budget for it.

import json
import subprocess
import tempfile
from pathlib import Path

from _bench import TOP
from check import case, end, eq, raises, true

import callgraph
import entries
import objects
import stack

BUDGET = json.loads(stack.BUDGET.read_text())

NODE = 'node: { title: "w.c:%s" label: "%s\\nw.c:1:2\\n%d bytes (%s)" }\n'
EDGE = 'edge: { sourcename: "w.c:%s" targetname: "%s" label: "w.c:%d:4" }\n'


def graph(frames, calls, taken=None, **more):
    more = {"pointers": {}, **more}
    return callgraph.Graph(frames, calls, taken or {}, **more)


@case
def what_the_compiler_tells():
    text = NODE % ("a", "a", 16, "static") + NODE % ("b.part.0", "b", 24, "static")
    text += EDGE % ("a", "w.c:b.part.0", 1) + EDGE % ("b.part.0", "__indirect_call", 2)
    lines = {1: "b();", 2: "    store(dict, key);"}
    found = callgraph.read_graph(text, lambda file, n: lines[n], {"store(": {"a", "elsewhere"}})
    calls = {"a": ["b.part.0"], "b.part.0": ["__indirect_call"]}
    eq(found, ({"a": 16, "b.part.0": 24}, calls, {"b.part.0": {"a"}}))
    with_vla = NODE % ("a", "a", 16, "dynamic")
    raises(callgraph.Failed, callgraph.read_graph, with_vla, None, match="no fixed size")


@case
def the_deepest_path():
    frames = {"a": 8, "b": 16, "c": 32, "d": 4}
    calls = {"a": ["b", "c"], "b": ["d"], "c": [], "d": []}
    eq(graph(frames, calls).depth("a"), (40, ["a", "c"]))
    eq(graph({**frames, "d": 40}, calls).depth("a"), (64, ["a", "b", "d"]))
    raises(callgraph.Failed, graph(frames, {"a": ["memcpy"]}).depth, "a", match="memcpy")


@case
def what_never_runs():
    frames = {"a": 8, "b": 8, "c.part.0": 50, "d": 4}
    calls = {"a": ["b", "d"], "b": ["c.part.0", "d"], "d": ["b"]}
    found = graph(frames, {**calls, "d": []}, never={"a": {"c"}})
    eq(found.depth("a"), (20, ["a", "b", "d"]))
    eq(found.depth("b"), (58, ["b", "c.part.0"]))


@case
def recursion():
    frames = {"a": 8, "b.isra.0": 16}
    calls = {"a": ["b.isra.0"], "b.isra.0": ["a"]}
    raises(callgraph.Failed, graph(frames, calls).depth, "a", match="a -> b.isra.0 -> a")
    eq(graph(frames, {"a": ["a"]}, recursive={"a": 1}).depth("a"), (8, ["a"]))
    calls = {"a": ["b.isra.0"], "b.isra.0": ["b.isra.0"]}
    eq(graph(frames, calls, recursive={"b": 1}).depth("a"), (24, ["a", "b.isra.0"]))
    frames["c"] = 100
    calls["b.isra.0"].append("c")
    eq(graph(frames, calls, recursive={"b": 3}).depth("a"), (156, ["a", "b.isra.0", "c"]))


@case
def pointers():
    # protect calls what the nearest function above it has the address of.
    frames = {"a": 8, "b": 8, "protect": 100, "x": 1, "y": 2}
    calls = {
        "a": ["b", "protect"],
        "b": ["protect"],
        "protect": ["__indirect_call"],
        "x": ["b"],
    }
    taken = {"a": {"x"}, "b": {"y"}}
    found = graph(frames, calls, taken, pointers={"protect": {"x", "y"}})
    eq(found.depth("b"), (110, ["b", "protect", "y"]))
    # Not x and then x again: what x calls has another address.
    eq(found.depth("a"), (219, ["a", "protect", "x", "b", "protect", "y"]))
    raises(callgraph.Failed, found.depth, "protect", match="no address")
    # A copy of it that calls one function.
    frames = {**frames, "protect.constprop.0": 50}
    copy = {"protect.constprop.0": ["__indirect_call", "y"]}
    found = graph(frames, copy, pointers={"protect": {"x", "y"}})
    eq(found.depth("protect.constprop.0"), (52, ["protect.constprop.0", "y"]))
    # A function that calls what it has the address of.
    calls = {"a": ["__indirect_call"]}
    eq(graph(frames, calls, {"a": {"y"}}, by_taker={"y"}).depth("a"), (10, ["a", "y"]))
    # What the firmware comes back to calls the firmware for the last time.
    calls = {"a": ["__indirect_call"], "x": ["__indirect_call"]}
    back = {"a": {"x"}, "x": {"x"}}
    eq(graph(frames, calls, called_back=back).depth("a"), (9, ["a", "x"]))


@case
def computed_for_what_is_built():
    found, paths, checks = stack.compute(["armv7m"])
    eq(list(stack.excesses(found, BUDGET, ["armv7m"], checks)), [])
    eq({m: sorted(rows) for m, rows in found.items()}, {m: sorted(r) for m, r in BUDGET.items()})
    path = paths["armv7m", "msgpack", "unpack, load"]
    for name in ("fun_call_entry", "fun_unpack", "decoder_run", "natmod_protect", "run_attempt"):
        true(name in path)
    # The small flavour is measured by the STACK of its own Makefile.
    path = paths["armv7m", "msgpack-small", "unpack, load"]
    true("run" in path and "transfer" in path)
    ((file, reserve),) = stack.reserves("msgpack-small")
    eq(str(file), "natmod/msgpack/small/Makefile")
    n, _ = stack.deepest(found, "msgpack-small", "armv7m", checks["armv7m", "msgpack-small"])
    true(reserve >= n > 300)
    # The frames of those five alone.
    true(found["msgpack"]["unpack, load"]["armv7m"] > 1000)
    true(stack.deepest(found, "msgpack", "armv7m")[0] > 1000)


@case
def a_function_that_nobody_has_named():
    name = "packer_pack"
    kept = entries.ENTRIES["msgpack"]
    try:
        entries.ENTRIES["msgpack"] = {k: v for k, v in kept.items() if v != name}
        with tempfile.TemporaryDirectory() as folder:
            args = "armv7m", "msgpack", folder
            raises(callgraph.Failed, callgraph.compute, *args, match=f"address of {name}")
    finally:
        entries.ENTRIES["msgpack"] = kept


@case
def a_pointer_that_is_gone():
    kept = entries.BY_TAKER
    try:
        entries.BY_TAKER = kept | {"gone"}
        raises(stack.Failed, stack.compute, ["armv7m"], match="nobody has the address of gone")
    finally:
        entries.BY_TAKER = kept


@case
def a_module_that_is_not_built():
    raises(objects.Failed, objects.compile_again, "pdp11", "msgpack", "", "", match="not built")


@case
def growth():
    found = {"msgpack": {"pack": {"armv7m": 100}, "load": {"armv7m": 90}}}
    budget = {"msgpack": {"pack": {"armv7m": 100}, "load": {"armv7m": 96}}}
    eq(list(stack.excesses(found, budget, ["armv7m"])), [])
    budget = {"msgpack": {"pack": {"armv7m": 96}}}
    eq(
        list(stack.excesses(found, budget, ["armv7m"])),
        ["armv7m msgpack: pack takes 100, 4 above 96", "armv7m msgpack: load has no budget"],
    )


@case
def a_reserve_that_is_too_small():
    found = {"msgpack": {"pack": {"armv7m": 100}, "import": {"armv7m": 900}}}
    budget = {"msgpack": {"pack": {"armv7m": 100}, "import": {"armv7m": 900}}}
    kept = dict(objects.FOLDERS)
    with tempfile.TemporaryDirectory(dir=TOP / "build") as folder:
        try:
            objects.FOLDERS["msgpack"] = Path(folder).relative_to(TOP)
            (Path(folder) / "Makefile").write_text("MOD = m\nSTACK = 100\n")
            header = Path(folder) / "module.h"
            for text in (
                "#define NATMOD_STACK_RESERVE (100)",
                "enum {\n    NATMOD_STACK_RESERVE = 100,\n};",
            ):
                header.write_text(text)
                eq([n for _, n in stack.reserves("msgpack")], [100, 100])
                eq(list(stack.excesses(found, budget, ["armv7m"])), [])
                header.write_text(text.replace("100", "99"))
                # A byte more is in the frame of what checks.
                checks = {("armv7m", "msgpack"): 1}
                eq(list(stack.excesses(found, budget, ["armv7m"], checks)), [])
                (wrong,) = stack.excesses(found, budget, ["armv7m"])
                true("module.h: it reserves 99, pack takes 100 below it on armv7m" in wrong)
        finally:
            objects.FOLDERS.update(kept)


def command(*arguments):
    tool = ["/usr/bin/python3", TOP / "bench/stack.py", *arguments]
    return subprocess.run(tool, capture_output=True, text=True)


@case
def growth_fails():
    kept = stack.BUDGET.read_text()
    eq(command("--static", "x64", "armv7m").returncode, 0)
    try:
        budget = json.loads(kept)
        budget["msgpack"]["packb, dumps"]["armv7m"] = 64
        stack.BUDGET.write_text(json.dumps(budget))
        result = command("--static", "x64", "armv7m")
        eq(result.returncode, 1)
        true("armv7m msgpack: packb, dumps takes " in result.stderr)
        true("make stack BUDGET=write" in result.stderr)
    finally:
        stack.BUDGET.write_text(kept)
    # Where no Cortex-M is built there is nothing to compute.
    eq((command("--static", "x64").returncode, command("--static", "x64").stdout), (0, ""))


@case
def measured_on_the_board():
    found = stack.measure()
    # What the collector and the module's own file system enter, and the import, are not there.
    hidden = {"a block's death", "after it", "a block without __init__"}
    hidden |= {"the device's methods", "the device", "import"}
    for module, names in entries.ENTRIES.items():
        if module in objects.SMALL:
            continue
        eq(set(names) - set(found[module]), hidden & set(names))
        for name, n in found[module].items():
            # It is the same in each run, but for compilers.
            true(abs(n - BUDGET[module][name]["measured"]) <= 128)
    # What is computed is there: the frames of a call that uses them all.
    computed, _, _ = stack.compute(["armv7m"])
    for name in ("pack, dump", "unpack, load"):
        true(found["msgpack"][name] >= computed["msgpack"][name]["armv7m"])


end()
