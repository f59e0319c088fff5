# targets: host
# needs: nothing
#
# The tables in the documents that are made from data.

import shutil
import sys

from _sandbox import TOP, Sandbox
from check import case, end, eq, true

sys.path.append(str(TOP / "tools"))

import tables  # noqa: E402


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
def what_is_not_current_is_said_and_mended():
    with Sandbox() as box:
        for name in tables.DOCUMENTS:
            box.path(name).parent.mkdir(exist_ok=True)
            shutil.copy(TOP / name, box.path(name))
        eq(box.run("tools/tables.py"), (0, ""))
        table = box.path("tests/runner/targets.py")
        table.write_text(table.read_text().replace("Cortex-M7 on QEMU", "Cortex-M77 on QEMU"))
        error = "tests/README.md: a table is not what its data says\n"
        eq(box.run("tools/tables.py"), (1, error))
        eq(box.run("tools/tables.py", "--write"), (0, "wrote tests/README.md\n"))
        eq(box.run("tools/tables.py"), (0, ""))
        true("| Cortex-M77 on QEMU |" in box.path("tests/README.md").read_text())


end()
