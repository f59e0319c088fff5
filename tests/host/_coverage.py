#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which lines of our C the tests run: make coverage.

Two interpreters have the modules built in, for 64 and for 32 bit, and count how often each line
runs; see coverage/. In them run all scripts of the modules and the examples. A line counts as
run when it ran in one of the two. What only the .mpy file has is looked for on a board, see
_onboard.py. Every line that did not run must be listed in coverage/uncovered.txt, with the reason,
and only those.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import _onboard
from _tools import HOST, TOP, Failed, flavoured, usermod_interpreter
from runner import examples, paths, scripts, unix
from runner.targets import Target

import natmods

LEAST = 98.0  # percent
LISTED = HOST / "coverage" / "uncovered.txt"
BUILDS = {
    "x64": TOP / "build/unix-coverage",
    "x86": TOP / "build/unix-coverage-x86",
}
OPTIONS = {"x86": ["MICROPY_FORCE_32BIT=1", "MICROPY_PY_FFI=0", "MICROPY_PY_JNI=0"]}
FOLDERS = (*natmods.FOLDERS, "examples")


def build(name):
    usermod_interpreter(HOST / "coverage", BUILDS[name], OPTIONS.get(name, []))


def run_scripts(name):
    """Run everything in an interpreter from zero counts; a line for each failure."""
    for file in BUILDS[name].rglob("*.gcda"):
        file.unlink()
    plain = Target(BUILDS[name].name, "unix")
    for target in (plain, flavoured(plain, "small"), flavoured(plain, "both")):
        session = unix.Session(target, [])
        session.start()
        session.env["MSGPACK"] = target.flavour
        for script in scripts.collect([], ""):
            if script.path.parent.name not in FOLDERS or not script.wants(target):
                continue
            # With both, the tests are those of the full one once it has taken over.
            if target.flavour == "both" and script.path.stem != "handover":
                continue
            if script.wanted_in_vain(target):
                continue
            run = examples.run if script.is_example else unix.Session.run_script
            for failure in run(session, script).failures:
                where = f"{target.name}: {script.name}:{failure.line}"
                yield f"{where} {failure.case}: {failure.detail}"


def counts(folder, ours=("natmod/", "dynruntime/")):
    """{file: {line: (count, function)}} of our sources, from gcov."""
    found = defaultdict(dict)
    data = sorted(folder.rglob("*.gcda"))
    if not data:
        raise Failed(f"{folder.name}: nothing was counted")
    if not shutil.which("gcov"):
        raise Failed("gcov is missing: it belongs to gcc, which make setup installs")
    said = subprocess.run(
        ["gcov", "--json-format", "--stdout", *data], cwd=TOP, capture_output=True, text=True
    )
    if said.returncode:
        raise Failed(said.stderr)
    for document in map(json.loads, said.stdout.splitlines()):
        for file in document["files"]:
            path = os.path.join(document["current_working_directory"], file["file"])
            name = os.path.relpath(path, TOP)
            if not name.startswith(ours):
                continue
            lines = found[name]
            for line in file["lines"]:
                # An inline function of a header is in several objects.
                before = lines.get(line["line_number"], (0, ""))[0]
                function = line.get("function_name", "")
                lines[line["line_number"]] = before + line["count"], function
    return found


def merged(*all_counts):
    found = defaultdict(dict)
    for each in all_counts:
        for name, lines in each.items():
            for number, (count, function) in lines.items():
                found[name][number] = found[name].get(number, (0, ""))[0] + count, function
    return found


def uncovered(found, source):
    """[(file, function, text, line)] of the lines that did not run; source(file) are its lines."""
    return [
        (name, function, source(name)[number - 1].strip(), number)
        for name in sorted(found)
        for number, (count, function) in sorted(found[name].items())
        if count == 0
    ]


def read_list(text):
    """uncovered.txt as two {(file, function, text): count}: never run, and sometimes run."""
    listed = Counter(), Counter()
    where = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] != " ":
            header = re.fullmatch(r"(\S+) (\w+)(, sometimes)?: \S.*", line)
            if not header:
                raise Failed(f"uncovered.txt, line {number}: not FILE FUNCTION: REASON")
            where = header.groups()[:2]
            kind = listed[header.group(3) is not None]
        elif where is None:
            raise Failed(f"uncovered.txt, line {number}: a source line before any FILE")
        else:
            kind[(*where, line.strip())] += 1
    return listed


def disagreements(lines, listed):
    """A message for each unlisted line that did not run, and each listed line that did."""
    left, sometimes = map(Counter, listed)
    for name, function, text, number in lines:
        for kind in left, sometimes:
            if kind[name, function, text] > 0:
                kind[name, function, text] -= 1
                break
        else:
            yield f"{name}:{number} {function}: no test runs this, and no reason is given: {text}"
    for (name, function, text), n in left.items():
        for _ in range(n):
            yield f"{name} {function}: tests run this, or it is gone; remove it: {text}"


def share(found, names=None):
    """(number of lines, number that ran, percent)"""
    lines = [c for name in names or found for c, _ in found.get(name, {}).values()]
    run = sum(count > 0 for count in lines)
    return len(lines), run, 100 * run / len(lines) if lines else 100.0


def table(by_build):
    """Lines for the terminal."""
    everything = merged(*by_build.values())
    columns = [*by_build, "either"]
    yield f"{'percent of lines run':36}{'lines':>7}" + "".join(f"{h:>8}" for h in columns)
    for name in [*sorted(everything), None]:
        names = [name] if name else None
        row = [share(found, names)[2] for found in (*by_build.values(), everything)]
        lines = share(everything, names)[0]
        yield f"{name or 'all':36}{lines:>7}" + "".join(f"{p:>8.1f}" for p in row)


def source(name):
    return (TOP / name).read_text().splitlines()


def only_on_board(on_board, known, source):
    """The lines of the board's file that are not within a function of the known files.

    The compilers do not agree about which lines of a statement have code. So a line between two
    known lines of the same function does not count.
    """
    found = defaultdict(dict)
    for name, lines in on_board.items():
        there = known.get(name, {})
        numbers = sorted(there)
        text = source(name)
        for number, (count, function) in lines.items():
            at = bisect_left(numbers, number)
            around = [there[n][1] for n in numbers[max(at - 1, 0) : at + 1]]
            inside = number in there or len(around) == 2 and around[0] == around[1]
            if not inside and text[number - 1].strip() != "}":
                found[name][number] = count, function
    return found


def board_table(found):
    yield ""
    yield f"{'only in the .mpy, on a Cortex-M3':36}{'lines':>7}{'run':>8}"
    for name in [*sorted(found), None]:
        lines, run, _ = share(found, [name] if name else None)
        yield f"{name or 'all':36}{lines:>7}{run:>8}"


def complaints(by_build, board):
    for name, found in by_build.items():
        lines, run, percent = share(found)
        if percent < LEAST:
            yield f"{name}: {run} of {lines} lines are {percent:.1f} %, less than {LEAST:.0f} %"
    lines = uncovered(merged(*by_build.values()), source) + uncovered(board, source)
    yield from disagreements(lines, read_list(LISTED.read_text()))


def measure():
    """(counts by build, those of the board alone, complaints about failing scripts)"""
    failures = []
    try:
        for name in BUILDS:
            build(name)
        with ThreadPoolExecutor() as pool:
            for found in pool.map(lambda name: list(run_scripts(name)), BUILDS):
                failures += found
    finally:
        shutil.rmtree(paths.SCRATCH, ignore_errors=True)
    by_build = {name: counts(folder) for name, folder in BUILDS.items()}
    on_board, more = _onboard.measure()
    return by_build, only_on_board(on_board, merged(*by_build.values()), source), failures + more


def main(argv):
    parser = argparse.ArgumentParser(prog="make coverage", description=__doc__.split("\n")[0])
    parser.parse_args(argv)
    try:
        by_build, board, found = measure()
        print("\n".join([*table(by_build), *board_table(board)]))
        found += complaints(by_build, board)
    except (Failed, _onboard.objects.Failed) as e:
        found = [str(e)]
    for line in found:
        print(f"coverage: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
