# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The tables in the documents that are made from data.

import json
import shutil
import sys

from _sandbox import TOP, Sandbox
from check import case, end, eq, true

sys.path.append(str(TOP / "tools"))

import costs  # noqa: E402
import tables  # noqa: E402

DATA = ("budget", "builtin", "coprocessor", "recorded", "results")


@case
def are_current():
    for name in tables.DOCUMENTS:
        text = (TOP / name).read_text()
        true("<!-- table " in text or print("no table in", name))
        eq(tables.current(text), text)
    written = "".join((TOP / name).read_text() for name in tables.DOCUMENTS)
    for name in tables.TABLES:
        eq(written.count(f"<!-- table {name} -->"), 1)


@case
def each_target_is_there_once():
    text = tables.targets()
    for target in tables.TARGETS:
        eq(text.count(f"`{target.name}`"), 1)
        true(target.about or print("nothing about", target.name))


@case
def ratios_to_json():
    theirs = {"a": 100, "b": 300, "c": 5000}
    codec = {"a": 10, "b": 12, "c": 50000, "without json": 1}
    eq(costs.ratios(codec, theirs), "0.1–25")
    eq(
        [costs.short(x) for x in (0.0284, 0.369, 6.87, 23.6, 205.3)],
        "0.028 0.37 6.9 24 210".split(),
    )
    # What json was recorded to need for the other codecs, not what it needs today.
    eq(costs.recorded("json.dumps", "json.loads"), ("1–1", "1–1"))


def copy_documents(box):
    """The documents with tables, and the data of the bench."""
    for name in (*tables.DOCUMENTS, *(f"bench/{name}.json" for name in DATA)):
        box.path(name).parent.mkdir(exist_ok=True)
        shutil.copy(TOP / name, box.path(name))


@case
def figures_that_change_make_a_document_outdated():
    with Sandbox() as box:
        copy_documents(box)
        eq(box.run("tools/tables.py"), (0, ""))
        changes = (
            ("budget", ("armv6m", "msgpack", "mpy"), 98765, ("98,765", 1)),
            ("budget", ("rpi-pico", "finaliserproxy", "use"), 87654, ("87,654", 1)),
            ("budget", ("armv7m", "msgpack", "use"), 65432, ("65,432", 1)),
            ("results", ("rpi-pico", "cycles", "unpackb", "a"), 123456, ("990 µs", 1)),
            ("results", ("rpi-pico", "mhz"), 77, ("77 MHz", 1)),
            ("results", ("cortex-m3", "instructions", "packb", "c"), 5000, ("–210", 1)),
            ("recorded", ("bytes", "umsgpack", "ram"), 76543, ("76,543", 1)),
            ("builtin", ("modules", "ioctl", "file", "import"), 54321, ("| 54,321 |", 1)),
            ("builtin", ("modules", "ioctl", "built in", "import"), 4321, ("| 4,321 + ", 1)),
            ("builtin", ("modules", "ioctl", "static"), 3210, ("| 4,321 + 3,210 | 46,790 |", 1)),
            ("builtin", ("modules", "ioctl", "flash"), 43210, ("| 43,210 |", 1)),
            ("builtin", ("shared", "flash"), 32109, ("| 32,109 |", 1)),
            ("builtin", ("firmware", "stock"), 300000, ("| 300,000 |", 1)),
        )
        for name, (*keys, last), value, (text, times) in changes:
            path = box.path(f"bench/{name}.json")
            data = inner = json.loads(path.read_text())
            for key in keys:
                inner = inner[key]
            inner[last] = value
            path.write_text(json.dumps(data))
            document = "docs/usermod.md" if name == "builtin" else "README.md"
            error = f"{document}: a table is not what its data says\n"
            eq(box.run("tools/tables.py"), (1, error))
            eq(box.run("tools/tables.py", "--write"), (0, f"wrote {document}\n"))
            eq(box.path(document).read_text().count(text), times)


@case
def what_is_built_in():
    sizes = {"import": 1, "use": 9}
    modules = {
        name: {"flash": n, "static": n + 1, "file": {"import": n * 100}, "built in": sizes}
        for name, n in (("small", 10), ("large", 20))
    }
    shared = {"flash": 5, "static": 3}
    found = {"firmware": {"stock": 1000, "built in": 1042}, "modules": modules, "shared": shared}
    kept = costs.read
    try:
        costs.read = {"builtin.json": found}.get
        rows = costs.builtin()[1:]
    finally:
        costs.read = kept
    eq(
        rows[:2],
        [
            ("`large`", "2,000", "1 + 21", "1,978", "20"),
            ("`small`", "1,000", "1 + 11", "988", "10"),
        ],
    )
    eq([row[-1] for row in rows[2:]], ["5", "7", "42", "1,000"])
    # Both modules, and the static RAM that they share.
    eq(rows[4], ("all", "3,000", "2 + 35", "2,963", "42"))


@case
def what_is_not_current_is_said_and_mended():
    with Sandbox() as box:
        copy_documents(box)
        eq(box.run("tools/tables.py"), (0, ""))
        table = box.path("tests/runner/targets.py")
        table.write_text(table.read_text().replace("Cortex-M7 on QEMU", "Cortex-M77 on QEMU"))
        error = "tests/README.md: a table is not what its data says\n"
        eq(box.run("tools/tables.py"), (1, error))
        eq(box.run("tools/tables.py", "--write"), (0, "wrote tests/README.md\n"))
        eq(box.run("tools/tables.py"), (0, ""))
        true("| Cortex-M77 on QEMU |" in box.path("tests/README.md").read_text())


end()
