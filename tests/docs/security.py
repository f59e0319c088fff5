# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# docs/security.md says for each invariant which files enforce it: they exist.

import re
from pathlib import Path

from check import case, end, eq, true

TOP = Path(__file__).resolve().parents[2]
TEXT = (TOP / "docs/security.md").read_text()
ROW = re.compile(r"^\| ([MFI]\d+) \| (.*) \| (.*) \|$", re.MULTILINE)


def enforcers(cell):
    """The paths in the last cell of a row; one without a folder lies beside the one before."""
    folder = None
    for name in re.findall(r"`([^`(]+)`", cell):
        if "/" in name:
            folder = name.rsplit("/", 1)[0]
        elif "." in name:
            name = f"{folder}/{name}"
        else:
            continue  # A case inside the file before, or a command.
        yield name


@case
def invariants_are_numbered():
    numbers = [number for number, _, _ in ROW.findall(TEXT)]
    for letter in "MFI":
        own = [n for n in numbers if n[0] == letter]
        eq(own, [f"{letter}{i + 1}" for i in range(len(own))])
        true(len(own) > 3)


@case
def enforcers_exist():
    for number, _, cell in ROW.findall(TEXT):
        names = list(enforcers(cell))
        true(names)
        missing = [name for name in names if not (TOP / name).exists()]
        eq((number, missing), (number, []))


end()
