# SPDX-License-Identifier: MIT
"""Finds test scripts and examples, and reads their header comments."""

import difflib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from . import x86
from .paths import EXAMPLES, MODULES, PACKAGES, SUITES, TESTS, WITH_SMALL, shown
from .targets import FEATURES

DIRECTIVES = ("targets", "also", "not", "long", "needs", "wants", "cpython", "seeds", "timeout")
FILE = "file"  # Of "# needs:" lines, for tests of what only a file can do.
SOFT_RESET = re.compile(r"^# --- soft reset ---[ \t]*$", re.MULTILINE)


class BadScript(Exception):
    pass


@dataclass
class Script:
    path: Path
    text: str
    directives: dict = field(default_factory=dict)
    named: bool = False  # on the command line

    @property
    def name(self):
        return shown(self.path)

    @property
    def is_example(self):
        return self.path.parent == EXAMPLES

    @property
    def on_host(self):
        """Scripts in tests/harness test the runner, so by default they run on the host only."""
        return self.path.parent == TESTS / "harness"

    @property
    def concerns_flavours(self):
        """Is it about a module that has a small flavour?"""
        if self.is_example:
            return any(f"import {name}\n" in self.text for name in WITH_SMALL)
        if self.path.parent.name in WITH_SMALL:
            return True
        # A package may use one: its scripts that need the module are run with each flavour.
        return self.path.parent.name in PACKAGES and any(n in self.needs for n in WITH_SMALL)

    @property
    def needs(self):
        given = self.directives.get("needs")
        if given is not None:
            names = [name for name in given.split() if name not in ("nothing", FILE)]
            if names or FILE not in given.split():
                return names
        return [] if self.on_host else list(MODULES)

    def wanted_in_vain(self, target):
        """The firmware's features that the script needs and the target lacks, in words."""
        if target.builtin and FILE in self.directives.get("needs", "").split():
            return "the modules' files: they are built in"
        wants = self.directives.get("wants", "").split()
        # The unix port's threads send each other signals to collect. The user mode of QEMU 7.2
        # crashes then, whatever the program.
        if "threads" in wants and target.kind == "unix" and x86.is_emulated(target.interpreter):
            return f"threads under {x86.EMULATOR}, which runs it because this kernel does not"
        return " and ".join(FEATURES[f] for f in wants if f in target.lacks)

    @property
    def timeout(self):
        """Seconds. What a script takes on the host depends most on what else runs there."""
        targets = self.directives.get("targets", "host" if self.on_host else "")
        return float(self.directives.get("timeout", 600 if targets == "host" else 60))

    def seeds(self, target):
        """The seeds for a target whose cores interleave differently with each."""
        given = self.directives.get("seeds", "1 1").split()
        many = os.environ.get("TEST_LONG") and not (target.builtin or target.optional)
        return range(int(given[1 if many else 0]))

    def wants(self, target):
        """Does the script run on the target?"""

        def listed(key):
            return any(target.matches(p) for p in self.directives.get(key, "").split())

        if target.plain and not self.concerns_flavours:
            return False
        if listed("not"):
            return False
        if not (self.named or os.environ.get("TEST_LONG")):
            names = self.directives.get("targets", "").split()
            if listed("long") or (target.own and target.board not in names):
                return False
        if listed("also"):
            return True
        if target.name == "cpython" and self.directives.get("cpython") == "yes":
            return True
        if "targets" in self.directives:
            return listed("targets")
        return target.name == "host" if self.on_host else not target.subset

    def sections(self):
        """The parts between soft resets. Each keeps the line numbers of the file."""
        parts = SOFT_RESET.split(self.text)
        line = 0
        result = []
        for part in parts:
            result.append("\n" * line + part)
            line += part.count("\n")
        return result


def read(path):
    path = Path(path).resolve()
    try:
        text = path.read_text()
    except OSError as e:
        raise BadScript(str(e)) from None
    directives = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        match = re.match(r"# ?([a-z-]+): *(.*?)\s*$", line)
        if not match:
            continue
        key, value = match.groups()
        if key in DIRECTIVES:
            directives[key] = value
        elif difflib.get_close_matches(key, DIRECTIVES, cutoff=0.75):
            raise BadScript(f"{shown(path)}: unknown directive {key!r}; known: {DIRECTIVES}")
    unknown = set(directives.get("wants", "").split()) - set(FEATURES)
    if unknown:
        raise BadScript(f"{shown(path)}: wants {unknown}; known: {list(FEATURES)}")
    return Script(path, text, directives)


def collect(files, pattern):
    """The given scripts, or all, whose names contain the pattern."""
    named = bool(files)
    if not named:
        files = []
        for suite in SUITES:
            files += sorted((TESTS / suite).glob("*.py"))
        files += sorted(p for p in EXAMPLES.glob("*.py") if not p.name.endswith(".check.py"))
    scripts = [read(f) for f in files if not Path(f).name.startswith("_")]
    for script in scripts:
        script.named = named
    return [s for s in scripts if pattern in s.name]
