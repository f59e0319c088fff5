#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The modules: each folder of natmod/ with a Makefile is one. If small/ in it has a Makefile, too,
that builds the small flavour. Then the module's folder has the module's name. small/in_place.mk
builds that for execution in place.

usage: natmods.py               print the folders' names, for make
       natmods.py small         print the names of those that have a small flavour
       natmods.py in_place      print the names of those that can be executed in place
       natmods.py FOLDER NAME   print what the Makefile in a folder sets a variable to, if it does
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
FULL, SMALL = "full", "small"  # Flavours.
IN_PLACE = "in_place"  # The small flavour, executed in flash.


@dataclass(frozen=True)
class Module:
    name: str  # the name to import, and of the .mpy file: MOD of the Makefile
    folder: Path

    @property
    def stub(self):
        return self.folder / f"{self.name}.pyi"

    @property
    def has_small(self):
        return (self.folder / "small/Makefile").exists()

    @property
    def has_in_place(self):
        return (self.folder / "small/in_place.mk").exists()


def built(folder, arch, module, flavour=FULL):
    """The file of a module in the folder of a build."""
    return Path(folder, *([flavour] if flavour != FULL else []), arch, f"{module}.mpy")


def block(mpy):
    """The file beside it with the code that is executed in place."""
    return mpy.with_suffix(".blk")


def entry(module, flavour):
    """What bench/budget.json and the names of files call a module's flavour."""
    return module if flavour == FULL else f"{module}-{flavour.replace('_', '-')}"


def full_name(module):
    """The name by which the small flavour imports the full one."""
    return f"{module}_full"


def small_name(module):
    """The name by which the code that is executed in place imports the flavour in RAM instead."""
    return f"{module}_small"


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


def release():
    """What make dist has put into install.py about its release; None in a tree."""
    try:
        return json.loads(__loader__.get_data(str(Path(__file__).with_name("release.json"))))
    except OSError:
        return None


RELEASE = release()
MODULES = () if RELEASE else find()
FOLDERS = tuple(module.folder.name for module in MODULES)
INSTALLER = "natmods"  # The file for boards that installs the others.
# The Python files for boards, beside the modules and to install them, by their names.
PYTHON = {
    path.stem: path
    for pattern in ("natmod/*/*.py", "installer/*.py")
    for path in sorted(TOP.glob(pattern))
    if not RELEASE
}
if RELEASE:
    NAMES = tuple(RELEASE["names"])
    WITH_SMALL = tuple(RELEASE["with_small"])
    LIBRARY = tuple(RELEASE["library"])
else:
    NAMES = tuple(module.name for module in MODULES)
    WITH_SMALL = tuple(module.name for module in MODULES if module.has_small)
    LIBRARY = tuple(name for name in PYTHON if name != INSTALLER)
# Python files that are in the folder of a module which is installed as one, by the module's name.
PACKAGES = {
    module.name: tuple(sorted(module.folder.glob("package/*.py")))
    for module in MODULES
    if (module.folder / "package").is_dir()
}
WITH_IN_PLACE = tuple(module.name for module in MODULES if module.has_in_place)


if __name__ == "__main__":
    if sys.argv[1:] == ["small"]:
        print(*WITH_SMALL)
    elif sys.argv[1:] == ["in_place"]:
        print(*WITH_IN_PLACE)
    elif sys.argv[1:]:
        folder, name = sys.argv[1:]
        print(setting(Path(folder, "Makefile"), name) or "")
    else:
        print(*FOLDERS)
