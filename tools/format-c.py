#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check that C sources are formatted as MicroPython's own, or format them.

usage: format-c.py [--fix] TREE FILE...

TREE is a MicroPython source tree, whose configuration of uncrustify and whose mending of what
uncrustify does to preprocessor lines are used.
"""

import difflib
import os
import subprocess
import sys
import tempfile


def formatted(tree, path, fixup):
    """The text of the file as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(path))
        config = os.path.join(tree, "tools", "uncrustify.cfg")
        command = ["uncrustify", "-q", "-c", config, "-lC", "-f", path, "-o", copy]
        subprocess.run(command, check=True)
        fixup(copy)
        with open(copy) as f:
            return f.read()


def main(args):
    fix = args[:1] == ["--fix"]
    if fix:
        args = args[1:]
    if not args:
        sys.exit(__doc__.split("\n\n")[1])
    tree, *paths = args
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(tree, "tools"))
    from codeformat import fixup_c

    status = 0
    for path in paths:
        with open(path) as f:
            before = f.read()
        after = formatted(tree, path, fixup_c)
        if before == after:
            continue
        if fix:
            with open(path, "w") as f:
                f.write(after)
            print("formatted", path)
        else:
            lines = difflib.unified_diff(
                before.splitlines(True), after.splitlines(True), path, path + " as it should be"
            )
            sys.stdout.writelines(lines)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
