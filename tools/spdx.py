#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check that sources begin with their SPDX line, after a "#!" line, or add it.

usage: spdx.py [--fix] FILE...

Line numbers of scripts in tests/harness/fixtures/ are part of tests, so those have no such line.
"""

import sys
from pathlib import Path

LICENCE = "SPDX-License-Identifier: MIT"
SLASHES = (".c", ".h", ".S", ".mjs", ".js")
EXEMPT = "tests/harness/fixtures/"


def line_of(path):
    if path.suffix == ".ld":
        return f"/* {LICENCE} */\n"
    return f"{'//' if path.suffix in SLASHES else '#'} {LICENCE}\n"


def with_line(path, text):
    """The text of a file, with the line added if it is missing."""
    line = line_of(path)
    end = text.find("\n") + 1 if text.startswith("#!") else 0
    return text if text.startswith(line, end) else text[:end] + line + text[end:]


def main(args):
    fix = args[:1] == ["--fix"]
    status = 0
    for path in map(Path, args[1:] if fix else args):
        if EXEMPT in f"{path}":
            continue
        text = path.read_text()
        wanted = with_line(path, text)
        if wanted == text:
            continue
        if fix:
            path.write_text(wanted)
        else:
            print(f"{path}: no line {line_of(path)}", end="", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
