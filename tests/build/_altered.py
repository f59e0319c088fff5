# SPDX-License-Identifier: MIT
"""Copies of the test run's MicroPython tree in which some files read as in other versions."""

import os
from pathlib import Path

from _sandbox import MPY_DIR
from check import skip


def altered(folder, changes):
    """Make a tree in `folder` where texts are replaced: {path of a file: [(old, new), ...]}.

    All that does not change is symbolic links.
    """
    folder.mkdir()
    for name, replacements in changes.items():
        text = Path(MPY_DIR, name).read_text()
        for old, new in replacements:
            if old not in text:
                skip(f"{MPY_DIR}/{name} has no {old.splitlines()[0].strip()!r}")
            text = text.replace(old, new)
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)
    _link(MPY_DIR, folder)
    return folder


def _link(original, copy):
    for entry in os.scandir(original):
        other = copy / entry.name
        if not other.exists():
            other.symlink_to(os.path.abspath(entry.path))
        elif other.is_dir() and not other.is_symlink():
            _link(entry.path, other)
