# SPDX-License-Identifier: MIT
"""A copy of the build system in a temporary folder, with one small module of its own."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
MPY_DIR = os.environ.get("MPY_DIR") or str(TOP / "build/deps/micropython")

PYCACHE = shutil.ignore_patterns("__pycache__")

MAKEFILE = """\
MOD = tiny
SRC = tiny.c
include ../module.mk
"""

SOURCE = """\
#include "toolkit.h"
#include "tiny.h"

size_t natmod_state_size(void) {
    return sizeof(natmod_t);
}

void natmod_init(natmod_t *nm) {
    (void)nm;
    mp_store_global(MP_QSTR_answer, MP_OBJ_NEW_SMALL_INT(ANSWER));
}
"""


class Sandbox:
    """Use it as a context manager: the folder goes when the block ends."""

    def __enter__(self):
        self._temporary = tempfile.TemporaryDirectory()
        self.top = Path(self._temporary.name)
        shutil.copytree(TOP / "dynruntime", self.top / "dynruntime")
        shutil.copytree(TOP / "tools", self.top / "tools")
        shutil.copytree(TOP / "tests/runner", self.top / "tests/runner", ignore=PYCACHE)
        (self.top / "bench").mkdir()
        (self.top / "natmod").mkdir()
        files = "Makefile VERSION bench/bench.mk bench/size.py natmod/module.mk"
        for name in *files.split(), "tests/tests.mk", "tests/run.py":
            shutil.copy(TOP / name, self.top / name)
        self.write("natmod/tiny/Makefile", MAKEFILE)
        self.write("natmod/tiny/tiny.h", "#define ANSWER 42\n")
        self.write("natmod/tiny/tiny.c", SOURCE)
        self.mpy = self.top / "build/armv7m/tiny.mpy"
        return self

    def __exit__(self, *exception):
        self._temporary.cleanup()

    def path(self, name):
        return self.top / name

    def write(self, name, text):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *command, **environment):
        """Run a command in the folder; (status, all output)."""
        env = {k: v for k, v in os.environ.items() if k != "MPY_DIR"}
        env.update(environment, LC_ALL="C")
        result = subprocess.run(
            [str(word) for word in command],
            cwd=self.top,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return result.returncode, result.stdout

    def make(self, *arguments, **environment):
        """Run make with the MicroPython tree of this test run, unless arguments name another."""
        if not any(str(a).startswith("MPY_DIR=") for a in arguments):
            arguments = (f"MPY_DIR={MPY_DIR}", *arguments)
        return self.run("make", *arguments, **environment)

    def make_module(self, *arguments):
        """Run make in the module's folder, which spares what the top Makefile looks for first."""
        return self.make("--no-print-directory", "-C", "natmod/tiny", *arguments)

    def fake_tools(self, absent=(), **scripts):
        """A PATH whose only folder lacks some tools and has shell scripts in place of others."""
        folder = self.path("fake-bin")
        folder.mkdir()
        for directory in reversed(os.environ["PATH"].split(":")):
            if not os.path.isdir(directory):
                continue
            for name in os.listdir(directory):
                if not name.startswith(tuple(absent)):
                    link = folder / name
                    link.unlink(missing_ok=True)
                    link.symlink_to(os.path.join(directory, name))
        for name, text in scripts.items():
            name = name.replace("_", "-")
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_text("#!/bin/sh\n" + text + "\n")
            (folder / name).chmod(0o755)
        return str(folder)


def said(output):
    """The lines of a make's output that are not make's own report of which rule failed."""
    return [
        line
        for line in output.splitlines()
        if not line.startswith("make") or ": *** [" not in line
    ]
