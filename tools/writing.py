# SPDX-License-Identifier: MIT
"""Writes files to a board so that a former file stays until the new one is complete.

Files are written under names that no import finds, compared with what they should be, and renamed.
A connection or power that fails at any time leaves the former file, or none, but no part of one.
On FAT, MicroPython removes the former file when it renames, so that power which fails between both
leaves only the new file under its other name.
"""

import tempfile
from pathlib import Path

from questions import DIGEST
from remote import Failure, said

NEW = ".new"  # How the names of files end that do not have theirs yet.

# Runs on the board, after a line that sets `files` to [(name, its digests or None)]. Prints the
# names of the files that are not what they should be; if there are none, all get their names.
FINISH = """
import os
wrong = [n for n, d in files if d and digest(n + '.new')[0] not in d]
if not wrong:
    for n, d in files:
        try:
            os.rename(n + '.new', n)
        except OSError as e:
            # A file system may refuse to replace a file.
            if e.args[0] != 17:
                raise
            os.remove(n)
            os.rename(n + '.new', n)
print('@deploy', repr(wrong))
"""
WRONG = [str]


def finish(files):
    """The program that gives new files their names: [(place, its digests or None)]."""
    return f"marks = {{}}\nfiles = {files!r}\n{DIGEST}{FINISH}"


def check(wrong):
    """Fail if a file is not what it should be, by what the program has printed."""
    if wrong:
        names = " ".join(f":{name}{NEW}" for name in wrong)
        raise Failure(f"{names} is not what was written to it; try another cable")


def write(mpremote, files):
    """Write files into one folder of the board: [(path, place, digests)]."""
    places = [place for _, place, _ in files]
    program = finish([(place, digests) for _, place, digests in files])
    with tempfile.TemporaryDirectory() as folder:
        copies = []
        for path, place, _ in files:
            copies.append(Path(folder, place.rpartition("/")[2] + NEW))
            copies[-1].write_bytes(path.read_bytes())
        to = places[0].rpartition("/")[0]
        status, output = mpremote.run("cp", *copies, f":{to}/", "+", "exec", program)
    wrong = said(output, WRONG) if status == 0 else None
    if wrong != []:
        mpremote.discard([place + NEW for place in places], status)
        check(wrong)
        mpremote.fail(status, output, [path.name for path, *_ in files])
