# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# docs/hardware.md: its table has the columns and rows that a report has.

import sys
from pathlib import Path

from check import case, end, eq, true

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests"))

from runner import hardware, serial_port  # noqa: E402, F401

from mpyinfo import ARCHS  # noqa: E402

TEXT = hardware.TABLE.read_text().split("\n## ")[1]
HEAD, _, *ROWS = [line for line in TEXT.splitlines() if line.startswith("|")]
GOOD = "| Pico | v1.25.0 | armv6m | 0.1.0 1234abcd | 500, 0, 20 | 27,568 | 7.1–20.0 | 3.0–9.5 |"


def is_good(row):
    return bool(hardware.ROW.fullmatch(row)) and row.split(" | ")[2] in ARCHS


@case
def columns():
    eq(HEAD, "| " + " | ".join(hardware.COLUMNS) + " |")


@case
def rows():
    true(is_good(GOOD))
    true(is_good(GOOD.replace("7.1–20.0 | 3.0–9.5", "– | –")))
    for old, new in (("armv6m", "armv5"), ("500, 0, 20", "500"), ("v1.25.0", "new"), ("27", "")):
        eq((new, is_good(GOOD.replace(old, new))), (new, False))
    eq([row for row in ROWS if not is_good(row)], [])


@case
def it_says_when_it_is_empty():
    eq("There are none yet." in TEXT, not ROWS)


end()
