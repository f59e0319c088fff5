# SPDX-License-Identifier: MIT
# Several boards of one target share its scripts: each script runs once, on whichever is free. On
# this machine those of one folder run one after another.

import argparse
import contextlib
import io
import os
import sys
import threading
from pathlib import Path

import check
from check import case, eq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runner import main, targets  # noqa: E402
from runner.protocol import Result  # noqa: E402

PICO = targets.select(["rpi-pico"])
HOST = targets.select(["host"])
PROCESSORS = 2
sessions = []
both_run = threading.Barrier(PROCESSORS)


class Script:
    is_example = False

    def __init__(self, name):
        self.name = name
        self.path = Path(name)

    def wants(self, target):
        return True

    def wanted_in_vain(self, target):
        return None


class Session:
    """Waits in its first script until the other board runs one, too."""

    by_mpremote = False

    def __init__(self):
        self.ran = []
        sessions.append(self)

    def start(self):
        return Result(passed=1)

    def run_script(self, script):
        if not self.ran:
            both_run.wait(60)
        self.ran.append(script.name)
        return Result(passed=1)

    def stop(self):
        self.ran.append("stop")


def report_of(found, names):
    """The report of a run of these scripts on the targets, with sessions that only count."""
    kept = main.open_session, main.scripts.collect
    main.open_session = lambda args, target, wanted: Session()
    main.scripts.collect = lambda files, pattern: [Script(name) for name in names]
    args = argparse.Namespace(files=[], k="", j=PROCESSORS)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return main.run_tests(args, found)
    finally:
        main.open_session, main.scripts.collect = kept


@case
def each_script_once():
    names = [f"script{i}" for i in range(9)]
    report = report_of(PICO, names)
    eq(len(sessions), PROCESSORS)
    eq(sorted(name for s in sessions for name in s.ran if name != "stop"), names)
    eq([s.ran[-1] for s in sessions], ["stop"] * PROCESSORS)
    # The installation counts once.
    eq((report.passed, report.failed), (len(names) + 1, 0))


@case
def folders_stay_together_on_this_machine():
    sessions.clear()
    names = [f"{folder}/{i}" for folder in ("a", "b", "c") for i in range(4)]
    report = report_of(HOST, names)
    eq((report.passed, report.failed), (len(names) + 1, 0))
    ran = [s.ran[:-1] for s in sessions]
    eq(sorted(map(len, ran)), [4, 8])
    eq(sorted(sum(ran, [])), names)
    for each in ran:
        eq(each, sorted(each))


@case
def only_the_longest():
    def number(names, processors=4, n_scripts=9, long=""):
        plan = [(t, [None] * n_scripts) for t in targets.select(names)]
        os.environ["TEST_LONG"] = long
        return [main.boards_for(plan, *item, processors) for item in plan]

    kept = os.environ.get("TEST_LONG", "")
    try:
        eq(number(["rpi-pico"]), [4])
        eq(number(["rpi-pico"], 1), [1])
        eq(number(["rpi-pico"], 4, 2), [2])
        eq(number(["rpi-pico", "unix-x64"]), [1, 1])
        eq(number(["rpi-pico", "unix-x64"], long="1"), [4, 1])
        eq(number(["virt-rv32"], long="1"), [1])
        eq(number(["host"]), [4])
        eq(number(["host", "unix-x64"]), [1, 1])
    finally:
        os.environ["TEST_LONG"] = kept


check.end()
