#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The modules: each folder of natmod/ with a Makefile is one.

usage: natmods.py               print the folders' names, for make
       natmods.py FOLDER NAME   print what the Makefile in a folder sets a variable to, if it does
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Module:
    name: str  # the name to import, and of the .mpy file: MOD of the Makefile
    folder: Path

    @property
    def stub(self):
        return self.folder / f"{self.name}.pyi"


def setting(makefile, name):
    """The value of a variable that a Makefile sets, or None."""
    found = re.search(rf"^{name}\s*:?=\s*(\w+)\s*$", makefile.read_text(), re.M)
    return found and found[1]


def find(top=TOP):
    """The modules by their folders' names."""
    modules = []
    for makefile in sorted(Path(top, "natmod").glob("*/Makefile")):
        name = setting(makefile, "MOD")
        if not name:
            raise SystemExit(f"natmods: {makefile} does not set MOD")
        modules.append(Module(name, makefile.parent))
    return tuple(modules)


MODULES = find()
NAMES = tuple(module.name for module in MODULES)
FOLDERS = tuple(module.folder.name for module in MODULES)


if __name__ == "__main__":
    if sys.argv[1:]:
        folder, name = sys.argv[1:]
        print(setting(Path(folder, "Makefile"), name) or "")
    else:
        print(*FOLDERS)
