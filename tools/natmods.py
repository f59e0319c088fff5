#!/usr/bin/env python3
"""The modules, as the tree has them: each folder of natmod/ with a Makefile is one.

usage: natmods.py      print the folders' names, for make
"""

import re
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Module:
    name: str  # what is imported, and the .mpy file's name: MOD of the Makefile
    folder: Path

    @property
    def stub(self):
        return self.folder / f"{self.name}.pyi"


def find(top=TOP):
    """The modules by their folders' names."""
    modules = []
    for makefile in sorted(Path(top, "natmod").glob("*/Makefile")):
        name = re.search(r"^MOD\s*:?=\s*(\w+)\s*$", makefile.read_text(), re.M)
        if not name:
            raise SystemExit(f"natmods: {makefile} does not set MOD")
        modules.append(Module(name[1], makefile.parent))
    return tuple(modules)


MODULES = find()
NAMES = tuple(module.name for module in MODULES)
FOLDERS = tuple(module.folder.name for module in MODULES)


if __name__ == "__main__":
    print(*FOLDERS)
