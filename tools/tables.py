#!/usr/bin/env python3
"""The tables in documents that are made from data: write them, or see whether they are current.

usage: tables.py [--write]

A table stands between <!-- table NAME --> and <!-- end of table NAME -->.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / "tools"), str(TOP / "tests")]

import firmware  # noqa: E402
from runner.targets import TARGETS  # noqa: E402


def lines(*rows):
    """A table of Markdown; the first row is its head."""
    written = ["|" + "".join(f" {cell} |" if cell else " |" for cell in row) for row in rows]
    return "\n".join([written[0], "|---" * len(rows[0]) + "|", *written[1:]]) + "\n"


def targets(table=TARGETS):
    """Targets with the same words about them share a row."""
    groups = {}
    for target in table:
        groups.setdefault((target.about, target.long), []).append(target)
    rows = [("target", "interpreter", "module files", "runs in")]
    for (about, long), members in groups.items():
        names = ", ".join(f"`{t.name}`" for t in members)
        archs = ", ".join(dict.fromkeys(t.arch for t in members if t.arch))
        rows.append((names, about, archs or "–", "make test-long" if long else "make test"))
    return lines(*rows)


def boards():
    rows = [(b["board"], b["arch"], b.get("firmware", "")) for b in firmware.BOARDS]
    return lines(("board", "ARCH", "firmware"), *rows)


TABLES = {"boards": boards, "targets": targets}
DOCUMENTS = ("docs/boards.md", "tests/README.md")


def current(text):
    """The document's text with its tables as they should be."""
    return re.sub(
        r"(<!-- table (\S+) -->\n).*?(<!-- end of table \2 -->)",
        lambda m: m[1] + TABLES[m[2]]() + m[3],
        text,
        flags=re.S,
    )


def main(argv):
    status = 0
    for name in DOCUMENTS:
        path = TOP / name
        text = path.read_text()
        wanted = current(text)
        if wanted == text:
            continue
        if "--write" in argv:
            path.write_text(wanted)
            print(f"wrote {name}")
        else:
            print(f"{name}: a table is not what its data says", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
