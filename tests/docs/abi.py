# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# docs/abi.md: what the import checks is what layout.c checks, and the files and functions that it
# names exist.

import re
from pathlib import Path

from check import case, end, eq, true

TOP = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in (TOP / "docs/abi.md").read_text().splitlines()
    if line.count("|") == 5 and not line.startswith("|---")
]
TESTS = {file.name for file in (TOP / "tests").glob("*/*.py")}


@case
def checks():
    source = (TOP / "dynruntime/layout.c").read_text()
    names = re.findall(r'"(\w+)",', source[source.index("layout_names") :])
    said = {name for row in ROWS if "import," in row[3] for name in re.findall(r"`(\w+)`", row[3])}
    true(len(names) > 5)
    eq(sorted(set(names) - said), [])
    words = {"parent", "make_new", "drop_init"}
    eq(sorted(said - set(names) - words), [])


@case
def files_and_functions():
    true(len(ROWS) > 20)
    for _, _, used, checked in ROWS:
        for file, function in re.findall(r"`([\w/]+\.[ch])`(?: \(`(\w+)`\))?", used):
            folder = "natmod" if "/" in file else "dynruntime"
            text = (TOP / folder / file).read_text()
            eq((file, function, function in text), (file, function, True))
        for name in re.findall(r"`(\w+\.py)`", checked):
            eq((name, name in TESTS), (name, True))


end()
