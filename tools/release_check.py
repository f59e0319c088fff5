#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check that what is committed can be released.

usage: release_check.py [STEP...]

STEP is dist, chroot or test-long; without any, all run that have not passed with this tree. One
that passes leaves a stamp, build/release-check/NAME.json, with the hash of the tree. Their table
is build/release-check/report.md.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests"))

import check_release  # noqa: E402
from runner import handed_down, parts  # noqa: E402
from runner.targets import PARTS  # noqa: E402

FOLDER = TOP / "build/release-check"
TOTALS = re.compile(r"^\d+ passed, \d+ failed(, \d+ skipped)?$", re.M)


class Failed(Exception):
    """A step has not passed, and why."""


def run(command, log, cwd=TOP):
    """Run a command, whose output is shown and goes into the file log, too; its output."""
    print(f"$ {command}", flush=True)
    text = []
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command,
        shell=True,
        cwd=cwd,
        env=handed_down.without(os.environ, "MPY_DIR"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    with open(log, "w") as file, process:
        for line in process.stdout:
            text.append(line)
            file.write(line)
            print(line, end="", flush=True)
    if process.returncode:
        raise Failed(f"{command}: exit status {process.returncode}; its output is {log}")
    return "".join(text)


def totals(output):
    """The last totals of a run of the tests."""
    found = [match[0] for match in TOTALS.finditer(output)]
    if not found:
        raise Failed("the tests did not get to their end")
    return found[-1]


def clone(folder):
    """A fresh clone of what is committed."""
    shutil.rmtree(folder, ignore_errors=True)
    command = ["git", "clone", "--quiet", "--no-hardlinks", str(TOP), str(folder)]
    subprocess.run(command, check=True)


def compare(first, second):
    """How many files two folders have; Failed if one differs."""
    one, other = (
        {p.relative_to(d): p for p in d.rglob("*") if p.is_file()} for d in (first, second)
    )
    differ = [str(n) for n in one.keys() | other.keys() if not _same(one.get(n), other.get(n))]
    if differ:
        names = ", ".join(sorted(differ))
        raise Failed(f"make dist made other bytes the second time: {names} (in {first}, {second})")
    return len(one)


def _same(one, other):
    return one and other and one.read_bytes() == other.read_bytes()


def dist():
    """make dist twice, in folders of other lengths; its files agree with VERSION, CHANGELOG.md"""
    made = []
    for place in "first", "second/with/a/longer/path":
        tree = FOLDER / place / "tree"
        clone(tree)
        (tree / "build").mkdir()
        (tree / "build/deps").symlink_to(TOP / "build/deps")
        run("make dist", FOLDER / f"dist-{len(made)}.log", tree)
        made.append(tree / "dist")
    files = compare(*made)
    version = (TOP / "VERSION").read_text().strip()
    wrong = list(check_release.wrong(TOP, f"v{version}", made[0]))
    if wrong:
        raise Failed("; ".join(wrong))
    return f"{files} files, twice the same bytes"


def chroot():
    """README's two commands, make demo and make test, in a fresh Debian 12"""
    place = FOLDER / "chroot"
    tool = shlex.quote(str(TOP / "tools/chroot.sh"))
    root = shlex.quote(str(place))
    run(f"{tool} make {root}", FOLDER / "chroot-make.log")
    clone(place / "root/mpy-natmods")
    for goal in "demo", "test":
        command = f"CI=true {tool} run {root} 'cd /root/mpy-natmods && make {goal}'"
        output = run(command, FOLDER / f"chroot-{goal}.log")
    shutil.rmtree(place)
    return f"demo; test: {totals(output)}"


def test_long():
    """all parts of make test-long"""
    return totals(run("make test-long", FOLDER / "test-long.log"))


STEPS = {"dist": dist, "chroot": chroot, "test-long": test_long}


def stamp_of(step, tree):
    """What the step's stamp says of this tree, or None."""
    try:
        stamp = json.loads((FOLDER / f"{step}.json").read_text())
    except (OSError, ValueError):
        return None
    return stamp if stamp["tree"] == tree else None


def check(names, tree):
    """Run the steps; what has failed, in words."""
    failed = []
    for step in names or STEPS:
        if not names and stamp_of(step, tree):
            print(f"{step}: passed with this tree before", flush=True)
            continue
        file = FOLDER / f"{step}.json"
        file.unlink(missing_ok=True)
        print(f"\n== {step}: {STEPS[step].__doc__}", flush=True)
        begin = time.monotonic()
        try:
            result = STEPS[step]()
            if state() != (tree, ""):
                raise Failed("the tree has changed meanwhile")
        except (Failed, OSError, subprocess.CalledProcessError) as e:
            failed.append(f"{step}: {e}")
            continue
        minutes = round((time.monotonic() - begin) / 60)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"tree": tree, "result": result, "minutes": minutes}))
    return failed


def report(tree):
    """The table of the steps that have passed, and of those that have not."""
    version = (TOP / "VERSION").read_text().strip()
    lines = [f"v{version}, tree {tree}", "", "| step | result | minutes |", "|---|---|---|"]
    for step, function in STEPS.items():
        stamp = stamp_of(step, tree) or {"result": "**not passed**", "minutes": "–"}
        lines.append(f"| {function.__doc__} | {stamp['result']} | {stamp['minutes']} |")
    for part in PARTS:
        passed, minutes = parts.stamp_of(part, tree)
        what = passed.totals if passed else "**not passed**"
        lines.append(f"| – part `{part}` | {what} | {minutes if passed else '–'} |")
    return "\n".join(lines) + "\n"


def state():
    """The tree's hash, and what is not committed."""
    status = subprocess.run(
        ["git", "-C", str(TOP), "status", "--porcelain"],
        capture_output=True,
        text=True,
        check=True,
    )
    return parts.tree_hash(), status.stdout


def main(names):
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        sys.exit(f"release-check: no step {unknown[0]!r}; there are {', '.join(STEPS)}")
    tree, changes = state()
    if tree is None:
        sys.exit("release-check: this is no git checkout, or MPY_DIR is not what setup fetched")
    if changes:
        sys.exit(f"release-check: not committed, so that no clone has it:\n{changes}")
    failed = check(names, tree)
    text = report(tree)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "report.md").write_text(text)
    print(f"\n{text}", flush=True)
    if failed:
        sys.exit("\n".join(f"release-check: {words}" for words in failed))
    missing = [step for step in STEPS if not stamp_of(step, tree)]
    if missing:
        print(f"release-check: not run yet: {', '.join(missing)}")


if __name__ == "__main__":
    main(sys.argv[1:])
