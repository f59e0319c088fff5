# SPDX-License-Identifier: MIT
"""Where deploy.py takes files from: this tree, or the folder of a release."""

import json
import re
import subprocess
from pathlib import Path

import natmods
import roles
from remote import Failure, option

BUILD = roles.TOP / "build"


class Tree:
    """The files of this tree."""

    def get(self, arch, has_native, has_bytecode):
        """Let make build what is to be copied."""
        # The second goal compiles for all boards.
        words = [f"ARCH={arch}", "all"] if has_native else []
        words += ["bytecode"] if has_bytecode else []
        make = ["make", "--no-print-directory", "-C", roles.TOP, *words]
        if words and subprocess.run(make).returncode:
            raise Failure(f"make {' '.join(words)} failed")

    def native(self, arch, module, flavour):
        return natmods.built(BUILD, arch, module, flavour)

    def bytecode(self, name):
        return Path(BUILD, "bytecode", f"{name}.mpy")

    def drop_in(self, name):
        return Path(roles.TOP, roles.drop_in(name))

    def parts(self, role):
        """The names of the package's modules that a side of the co-processor needs."""
        return roles.needs(BUILD, role)[0]


class Folder:
    """The files of a release in a folder."""

    def __init__(self, path):
        self.path = path

    def get(self, arch, has_native, has_bytecode):
        """All is there already."""

    def file(self, name):
        """The path of a file, by its name in the release."""
        return Path(self.path, name)

    def native(self, arch, module, flavour):
        folder = arch if flavour == natmods.FULL else f"{arch}/{flavour}"
        if flavour == natmods.IN_PLACE and not Path(self.path, folder).exists():
            raise Failure(
                f"a release has no files to execute in flash: {option('small', 'force')} takes "
                "the flavour in RAM, make deploy IN_PLACE=1 in the source tree those in flash"
            )
        return self.file(f"{folder}/{module}.mpy")

    def bytecode(self, name):
        return self.file(f"{name}.mpy")

    def drop_in(self, name):
        return self.file(roles.drop_in(name))

    def parts(self, role):
        description = self.file(f"{roles.package(role)}.json")
        try:
            places = [place for place, _ in json.loads(description.read_text())["urls"]]
        except OSError as e:
            raise Failure(f"{description}: {e.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise Failure(f"{description} is not the file of a release") from None
        names = [re.fullmatch(rf"{roles.PACKAGE}/(\w+)\.mpy", str(place)) for place in places]
        # A release from elsewhere must not write elsewhere.
        if not all(names):
            raise Failure(f"{description} has files for other places than {roles.PACKAGE}/")
        return [name[1] for name in names]
