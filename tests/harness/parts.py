# SPDX-License-Identifier: MIT
# make test-long: which parts run, and what their stamps say.

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import check
from check import case, eq, true

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from runner import main, parts, targets  # noqa: E402
from runner.report import Report  # noqa: E402
from runner.targets import PARTS  # noqa: E402

folder = tempfile.TemporaryDirectory()
TREE = Path(folder.name) / "tree"
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
fails = set()
ran = []


def git(*words):
    subprocess.run(["git", "-C", TREE, *words], check=True, capture_output=True)


def run(part):
    ran.append(part)
    return Report(10, 1) if part in fails else Report(10, 0, 2)


def run_all(*names):
    """(exit status, the parts that ran, the output) of make test-long."""
    ran.clear()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        status = parts.run_all(names, run)
    return status, list(ran), output.getvalue()


def change(text):
    (TREE / "file").write_text(text)


@case
def prepare():
    os.environ.update(GIT)
    os.environ.pop("MPY_DIR", None)
    TREE.mkdir()
    change("1")
    (TREE / ".gitignore").write_text("/build/\n")
    git("init")
    parts.TOP = TREE
    parts.STAMPS = TREE / "build/test-long"


@case
def parts_without_a_stamp_run():
    fails.add("pico")
    status, names, output = run_all()
    eq((status, names), (1, list(PARTS)))
    n = len(PARTS)
    eq(output.splitlines()[-1], f"{10 * n} passed, 1 failed, {2 * (n - 1)} skipped")
    # The one that failed has none.
    fails.clear()
    status, names, output = run_all()
    eq((status, names), (0, ["pico"]))
    eq(output.splitlines()[-1], f"{10 * n} passed, 0 failed, {2 * n} skipped")
    status, names, output = run_all()
    eq((status, names), (0, []))
    eq(output.splitlines()[-1], f"{10 * n} passed, 0 failed, {2 * n} skipped")


@case
def a_part_that_is_named_runs():
    status, names, output = run_all("unix")
    eq((status, names), (0, ["unix"]))
    eq(output.splitlines()[-1], "10 passed, 0 failed, 2 skipped")


@case
def another_tree_has_no_stamp():
    # Not committed, and then a file that git does not know.
    change("2")
    eq(run_all()[1], list(PARTS))
    eq(run_all()[1], [])
    (TREE / "new").write_text("")
    eq(run_all()[1], list(PARTS))
    # What is built is not of the tree, and what is committed changes nothing.
    (TREE / "build/file").write_text("")
    git("add", "-A")
    git("-c", "user.name=n", "-c", "user.email=e", "commit", "-m", "m")
    eq(run_all()[1], [])


@case
def a_failure_takes_the_stamp():
    fails.add("unix")
    eq(run_all("unix")[:2], (1, ["unix"]))
    fails.clear()
    eq(run_all()[:2], (0, ["unix"]))


@case
def a_tree_that_changes_in_a_run_gets_no_stamp():
    def run_and_change(part):
        change("3")
        return Report(1)

    with contextlib.redirect_stdout(io.StringIO()) as output:
        eq(parts.run_all(["unix"], run_and_change), 0)
    true("the tree has changed" in output.getvalue())
    true("unix" in run_all()[1])


@case
def nothing_ran():
    with contextlib.redirect_stdout(io.StringIO()):
        eq(parts.run_all(["unix"], lambda part: Report()), 1)


@case
def no_checkout():
    parts.TOP = Path(folder.name)
    for _ in range(2):
        status, names, output = run_all()
        eq((status, names), (0, list(PARTS)))
        true("no git checkout" in output)
    # A folder of another project's checkout.
    parts.TOP = TREE / "build"
    eq(run_all()[1], list(PARTS))
    parts.TOP = TREE
    run_all()
    eq(run_all()[1], [])
    os.environ["MPY_DIR"] = folder.name
    eq(run_all()[1], list(PARTS))
    del os.environ["MPY_DIR"]


@case
def every_script_is_in_one_part_of_its_target():
    everything = main.arguments([])

    def planned(names, part=None):
        found = main.planned(everything, targets.select(names), part)
        return sorted((t.name, script.name) for t, wanted in found for script in wanted)

    total = []
    for part in PARTS:
        in_part = planned(targets.of_part(part), part)
        true(in_part)
        total += in_part
    eq(sorted(total), planned([t.name for t in targets.TARGETS]))
    for part, folders in ("release", {"installer", "release"}), ("coprocessor", {"coprocessor"}):
        names = [name for _, name in planned(["host"], part)]
        with contextlib.redirect_stdout(io.StringIO()) as output:
            eq(main.run(main.arguments(["--list", "--parts", part])), 0)
        eq(sorted(line.split()[1] for line in output.getvalue().splitlines()), names)
        eq({Path(name).parent.name for name in names}, folders)


def make(*words):
    """(exit status, the commands of make), which runs none of them."""
    command = ["make", "-n", "-o", "ready", "SUBMAKE=make", "-C", TOP, *words]
    process = subprocess.run(command, capture_output=True, text=True)
    return process.returncode, process.stdout + process.stderr


def built(commands):
    """The boards whose interpreters the commands build."""
    (found,) = re.findall(r"boards\.mk interpreter TARGET=(\S+)$", commands, re.M)
    return set(targets.boards_of(found))


def runner(setting):
    """(exit status, the boards with an interpreter that it runs on, the errors) of the runner."""
    ran.clear()
    names = []
    change(f"runs {setting}")
    output = io.StringIO()
    kept = main.run_tests

    def run_tests(args, found, part):
        names.extend(t.name for t in found)
        return run(part)

    main.run_tests = run_tests
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(output):
            status = main.run(main.arguments(["--parts", setting]))
    finally:
        main.run_tests = kept
    eq(len(ran), len(set(ran)))
    boards = {t.board for t in targets.TARGETS if t.name in names and t.kind != "cpython"}
    return status, boards, output.getvalue()


@case
def make_builds_what_the_runner_runs():
    several = ("unix,next", "next,,unix,next", "builtin, host,", "boards pico", ",")
    for setting in (*PARTS, *several, ""):
        status, commands = make("test-long", f"PART={setting}")
        eq((setting, status), (setting, 0 if status == 0 else commands))
        (given,) = re.findall(r"tests/run\.py --parts '(.*)'$", commands, re.M)
        status, boards, _ = runner(given)
        eq((given, status, boards - built(commands)), (setting, 0, set()))
        # Every part but those of this machine has some.
        true(boards or setting in ("host", *targets.HOST_FOLDERS.values()))
        if setting in several:
            eq(built(make("interpreter", f"PART={setting}")[1]), built(commands))


@case
def a_part_that_is_unknown_stops_all():
    for setting in ("pics", "unix,pics", "pics next"):
        status, commands = make("test-long", f"PART={setting}")
        eq((status, "unknown PART 'pics'; known are: host" in commands), (2, True))
        status, _, error = runner(setting)
        eq((status, ran), (2, []))
        true("unknown PART 'pics'; known are: host" in error)


folder.cleanup()
check.end()
