# SPDX-License-Identifier: MIT
"""The command line, and the sequence of a run."""

import argparse
import itertools
import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from . import children, examples, install, parts, qemu, scripts, unix
from .paths import MODULES, PACKAGES, PYTHON, SCRATCH
from .protocol import Result
from .rawrepl import Died
from .report import Report
from .targets import PARTS, UnknownTarget, is_in_part, of_part, parts_of, select, with_arch

IN_CI = os.environ.get("CI") == "true"


def arguments(argv):
    parser = argparse.ArgumentParser(prog="tests/run.py", description=__doc__)
    parser.add_argument("--target", default="", help="target names, separated by commas")
    parser.add_argument(
        "--parts",
        metavar="NAMES",
        help="parts of make test-long, separated by commas; '' for all without a stamp",
    )
    parser.add_argument("--list", action="store_true", help="show what would run")
    parser.add_argument(
        "-k", metavar="PATTERN", default="", help="only files with this in the name"
    )
    parser.add_argument(
        "-j", metavar="N", type=int, default=os.cpu_count(), help="targets at once"
    )
    parser.add_argument("--arch", help="use the module files of another architecture")
    parser.add_argument("--icount", type=int, metavar="SHIFT", help="QEMU's -icount shift=SHIFT")
    parser.add_argument("--program", metavar="FILE", help="run a program and show its output")
    parser.add_argument("files", nargs="*", help="test scripts; default: all")
    return parser.parse_args(argv)


def main(argv):
    args = arguments(argv)
    signal.signal(signal.SIGINT, _interrupted)
    signal.signal(signal.SIGTERM, _interrupted)
    remove_leftovers()
    try:
        return run(args)
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)


def remove_leftovers():
    """Remove the scratch folders of runners that were killed."""
    for folder in SCRATCH.parent.glob("run-*"):
        if not os.path.exists(f"/proc/{folder.name[4:]}"):
            shutil.rmtree(folder, ignore_errors=True)


def run(args):
    """The exit status."""
    try:
        if args.parts is not None:
            names = parts_of(args.parts)
            if not args.list:
                return parts.run_all(
                    names, lambda part: run_tests(args, select(of_part(part)), part)
                )
            for part in names or PARTS:
                list_tests(args, select(of_part(part)), part)
            return 0
        targets = select(split(args.target))
        if args.arch:
            targets = [with_arch(t, args.arch) for t in targets]
        if args.program:
            return run_program(args, targets)
        if args.list:
            return list_tests(args, targets)
        return 0 if run_tests(args, targets).is_good else 1
    except (UnknownTarget, scripts.BadScript) as e:
        print(f"tests/run.py: {e}", file=sys.stderr)
        return 2


def split(names):
    return [name for name in names.split(",") if name]


def planned(args, targets, part=None):
    """(target, its scripts) for the targets that have some, in a part or in all."""

    def runs(script, target):
        in_part = part is None or is_in_part(part, target, script.path.parent.name)
        return in_part and script.wants(target)

    chosen = scripts.collect(args.files, args.k)
    plan = [(t, [s for s in chosen if runs(s, t)]) for t in targets]
    plan = [(t, wanted) for t, wanted in plan if wanted]
    # The longest targets run first, so that no processor is idle at the end.
    plan.sort(key=lambda item: (item[0].name != "host", item[0].kind != "pico"))
    return plan


def list_tests(args, targets, part=None):
    for target, wanted in planned(args, targets, part):
        for script in wanted:
            if not script.wanted_in_vain(target):
                print(f"{target.name:20} {script.name}")
    return 0


def run_tests(args, targets, part=None):
    """Run the scripts on the targets, those of a part or all; the Report."""
    plan = planned(args, targets, part)
    report = Report()
    if not plan:
        print("no test matches", file=sys.stderr)
    with ThreadPoolExecutor(max(1, args.j)) as pool:
        futures = []
        for target, wanted in plan:
            # Whichever board of the target is free takes the next group.
            left = groups(target, wanted)
            boards = boards_for(plan, target, left, args.j)
            left = iter(left)
            for number in range(boards):
                job = report, args, target, wanted, left, number == 0
                futures.append(pool.submit(run_target, *job))
        for future in futures:
            future.result()
    report.finish()
    return report


def groups(target, wanted):
    """The scripts in lists of those that run one after another: on this machine those of a folder,
    because they may build in the same place."""
    if target.name != "host":
        return [[script] for script in wanted]
    by_folder = {}
    for script in wanted:
        by_folder.setdefault(script.path.parent, []).append(script)
    return list(by_folder.values())


def boards_for(plan, target, left, processors):
    """How many boards share a target's groups of scripts: one for each processor if it is the Pico
    or this machine, whose tests are the longest, and it is alone, or all of its tests run."""
    in_full = len(plan) == 1 or os.environ.get("TEST_LONG") == "1"
    share = in_full and (target.kind == "pico" or target.name == "host")
    return max(1, min(processors, len(left))) if share else 1


def run_target(report, args, target, *scripts):
    """Run scripts on one target. No exception propagates: the other targets must go on."""
    try:
        _run_target(report, args, target, *scripts)
    except install.Absent as e:
        report.skip(target.name, "start", str(e))
    except install.Missing as e:
        # Tools may be absent from a developer's machine, but not from CI's; what the build
        # makes must be there.
        if IN_CI or "make setup" not in str(e):
            report.fail(target.name, "start", str(e))
        else:
            report.skip(target.name, "start", str(e))
    except install.NotInstalled as e:
        report.fail(target.name, "install", str(e))
    except Died as e:
        report.fail(target.name, "start", f"{e.reason}\n{e.output}")
    except Exception as e:
        report.fail(target.name, "runner", f"{type(e).__name__}: {e}")
        raise


def _run_target(report, args, target, wanted, left, is_first):
    session = open_session(args, target, wanted)
    try:
        begin = time.monotonic()
        installed = session.start()
        if installed and is_first:
            name = "install by mpremote" if session.by_mpremote else "install"
            report.add(target.name, name, installed, time.monotonic() - begin)
        for script in itertools.chain.from_iterable(left):
            begin = time.monotonic()
            lacking = script.wanted_in_vain(target)
            if lacking:
                skips = [("the file", f"this firmware lacks {lacking}")]
                report.add(target.name, script.name, Result(skips=skips), 0)
                continue
            if script.is_example:
                result = examples.run(session, script)
            else:
                result = session.run_script(script)
            report.add(target.name, script.name, result, time.monotonic() - begin)
    finally:
        session.stop()


def open_session(args, target, wanted):
    needs = [m for m in (*MODULES, *PACKAGES, *PYTHON) if any(m in s.needs for s in wanted)]
    kind = unix if target.kind in ("unix", "cpython") else qemu
    return kind.Session(target, needs, args.icount)


def run_program(args, targets):
    """Show the output of a program on one target; the exit status says whether it ended well."""
    if len(targets) != 1:
        names = ", ".join(t.name for t in targets)
        print(f"--program needs one --target, not {len(targets)} ({names})", file=sys.stderr)
        return 2
    script = scripts.read(args.program)
    session = open_session(args, targets[0], [script])

    def echo(text):
        print(text, end="", flush=True)

    try:
        session.start()
        _, error = session.run_program(script, echo)
    except (install.Absent, install.Missing, install.NotInstalled, Died) as e:
        error = f"{targets[0].name}: {e}"
    finally:
        session.stop()
    if error:
        print(error, file=sys.stderr)
    return 1 if error else 0


def _interrupted(number, frame):
    children.stop_all()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    print("\ninterrupted", file=sys.stderr, flush=True)
    # Threads may wait for boards that have ended, so this does not wait for threads.
    os._exit(128 + number)
