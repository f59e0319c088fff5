#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the tables in documents that are made from data, or check that they are current.

usage: tables.py [--write]

A table stands between <!-- table NAME --> and <!-- end of table NAME -->.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / "tools"), str(TOP / "tests")]

import costs  # noqa: E402
import firmware  # noqa: E402
from runner.targets import PARTS, TARGETS, of_part  # noqa: E402


def lines(*rows):
    """A table of Markdown; the first row names the columns."""
    written = ["|" + "".join(f" {cell} |" if cell else " |" for cell in row) for row in rows]
    return "\n".join([written[0], "|---" * len(rows[0]) + "|", *written[1:]]) + "\n"


def targets(table=TARGETS):
    """Targets with the same description share a row."""
    groups = {}
    for target in table:
        groups.setdefault((target.about, target.long, target.part), []).append(target)
    rows = [("target", "interpreter", "module files", "runs in", "part")]
    for (about, long, _), members in groups.items():
        names = ", ".join(f"`{t.name}`" for t in members)
        archs = ", ".join(dict.fromkeys(t.arch for t in members if t.arch))
        when = "make test-long" if long else "make test"
        parts = ", ".join(part for part in PARTS if members[0].name in of_part(part))
        rows.append((names, about, archs or "–", when, parts))
    return lines(*rows)


def boards():
    rows = [(b["board"], b["arch"], b.get("firmware", "")) for b in firmware.BOARDS]
    return lines(("board", "ARCH", "firmware"), *rows)


def modules():
    return lines(*costs.modules())


def alternatives():
    return lines(*costs.alternatives())


def builtin():
    return lines(*costs.builtin())


def coprocessor():
    return lines(*costs.coprocessor())


TABLES = {
    "alternatives": alternatives,
    "boards": boards,
    "builtin": builtin,
    "coprocessor": coprocessor,
    "modules": modules,
    "targets": targets,
}
DOCUMENTS = (
    "README.md",
    "coprocessor/README.md",
    "docs/boards.md",
    "docs/usermod.md",
    "tests/README.md",
)


def current(text):
    """The document's text with current tables."""
    return re.sub(
        r"(<!-- table (\S+) -->\n).*?(<!-- end of table \2 -->)",
        lambda m: m[1] + TABLES[m[2]]() + m[3],
        text,
        flags=re.S,
    )


def outdated():
    """Yield (path, current text) of each document that is not current."""
    for name in DOCUMENTS:
        path = TOP / name
        text = path.read_text()
        wanted = current(text)
        if wanted != text:
            yield path, wanted


def write():
    """Make the documents current; yield the names of those that were not."""
    for path, text in outdated():
        path.write_text(text)
        yield path.relative_to(TOP)


def main(argv):
    if "--write" in argv:
        for name in write():
            print(f"wrote {name}")
        return 0
    names = [path.relative_to(TOP) for path, _ in outdated()]
    for name in names:
        print(f"{name}: a table is not what its data says", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
