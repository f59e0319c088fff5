# SPDX-License-Identifier: MIT
"""The parts of make test-long, and the stamps of those that passed.

A part that ends without a failure leaves a stamp, build/test-long/NAME, with the hash of the tree
that it tested: of all files that git does not ignore, committed or not.
"""

import json
import os
import subprocess
import time

from .paths import BUILD, TOP
from .report import Report
from .targets import PARTS, of_part

STAMPS = BUILD / "test-long"
FETCHED = BUILD / "deps/micropython"


def tree_hash():
    """The hash of the working tree, or None if it does not tell what was tested: without git, and
    with a MicroPython that setup has not fetched."""
    given = os.environ.get("MPY_DIR")
    if given and os.path.realpath(given) != os.path.realpath(FETCHED):
        return None
    STAMPS.mkdir(parents=True, exist_ok=True)
    index = STAMPS / "index"
    index.unlink(missing_ok=True)

    def git(*words):
        env = dict(os.environ, GIT_INDEX_FILE=str(index))
        command = ["git", "-C", str(TOP), *words]
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout

    try:
        if os.path.realpath(git("rev-parse", "--show-toplevel").strip()) != os.path.realpath(TOP):
            return None
        git("add", "--all")
        return git("write-tree").strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    finally:
        index.unlink(missing_ok=True)


def stamp_of(part, tree):
    """The Report of the part for this tree if it passed, and the minutes that it took."""
    try:
        stamp = json.loads((STAMPS / part).read_text())
    except (OSError, ValueError):
        return None, 0
    if stamp["tree"] != tree:
        return None, 0
    return Report(stamp["passed"], 0, stamp["skipped"]), stamp["minutes"]


def run_all(names, run):
    """Run the parts: those named, or all that have no stamp of this tree; the exit status.

    run(part) runs the part's tests, and returns its Report.
    """
    tree = tree_hash()
    if tree is None:
        print("no stamps: this is no git checkout, or MPY_DIR is not what setup fetched")
    total = Report()
    good = True
    for part in names or PARTS:
        report, minutes = stamp_of(part, tree)
        if report and not names:
            print(f"part {part}: passed with this tree before", flush=True)
        else:
            print(f"part {part}: {', '.join(of_part(part))}", flush=True)
            (STAMPS / part).unlink(missing_ok=True)
            begin = time.monotonic()
            report = run(part)
            minutes = round((time.monotonic() - begin) / 60)
            if not report.is_good:
                good = False
            elif tree and tree == tree_hash():
                counts = {"passed": report.passed, "skipped": report.skipped}
                (STAMPS / part).write_text(
                    json.dumps({"tree": tree, **counts, "minutes": minutes})
                )
            elif tree:
                print("no stamp: the tree has changed meanwhile", flush=True)
        print(f"part {part}: {report.totals}, {minutes} minutes\n", flush=True)
        total += report
    print(total.totals, flush=True)
    return 0 if good else 1
