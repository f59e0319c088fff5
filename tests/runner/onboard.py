# SPDX-License-Identifier: MIT
"""The command line of tests/board.py, and the order of things on a real board."""

import argparse
import os
import signal
import sys
import time

from . import asking, clocked, connected, examples, hardware, scripts, serial_port
from .connected import Device, Session, lost
from .paste import Gone
from .paths import MODULES, shown
from .protocol import Result
from .rawrepl import Died
from .targets import FLAVOUR_ENDS, REPEATS

import deploy
import remote
import natmods
import supply

# From this slowness on a board runs only what the emulated Pico runs in make test.
SLOW = 6

# How much longer than asking.WORK the installation and the bench take, and a file of tests.
FIXED = 100
EACH = 15


class Interrupted(BaseException):
    """Ctrl-C, or the terminal is closed."""


def arguments(argv):
    parser = argparse.ArgumentParser(prog="tests/board.py", description=__doc__)
    parser.add_argument("--from", dest="folder", metavar="FOLDER", help="ARCH/MODULE.mpy to test")
    parser.add_argument("--port", default="", help="the board's serial port, as /dev/ttyACM0")
    parser.add_argument("--small", action="store_true", help="test the small flavour of msgpack")
    parser.add_argument("-k", metavar="PATTERN", default="", help="files with this in the name")
    parser.add_argument("files", nargs="*", help="test scripts; default: all")
    return parser.parse_args(argv)


def main(argv):
    args = arguments(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        return run(args)
    except (remote.Failure, scripts.BadScript) as e:
        sys.stdout.flush()
        print(f"test-board: {e}", file=sys.stderr)
        return 1
    except Interrupted:
        print("test-board: interrupted", file=sys.stderr)
        return 130


def interrupt(number, frame):
    raise Interrupted()


def run(args):
    """The exit status."""
    port = serial_port.find(args.port)
    device = Device(port)
    session = None
    try:
        device.begin()
        facts = asking.ask(device, MODULES)
        # As make deploy chooses.
        small = args.small or facts.answer["ram"] < deploy.LITTLE_RAM
        target = asking.target(facts, small)
        chosen = [s for s in scripts.collect(args.files, args.k) if wanted(s, target)]
        introduce(device, facts, chosen, small)
        needed = [m for m in MODULES if any(m in s.needs for s in chosen)]
        flavours = dict.fromkeys(needed, natmods.FULL)
        if small:
            flavours.update((m, natmods.SMALL) for m in needed if m in natmods.WITH_SMALL)
        source = supply.Folder(args.folder) if args.folder else supply.Tree()
        source.get(facts.arch, bool(flavours), False)
        files = deploy.find_files(source, facts.arch, flavours, [], lambda name: name)
        session = Session(device, facts, files, chosen, small)
        return test(session, chosen, bool(args.files or args.k))
    except Gone:
        raise remote.Failure(lost(session, port)) from None
    except Died:
        raise remote.Failure(remote.no_answer(port)) from None
    finally:
        device.stop()


def wanted(script, target):
    """Does the script run there? Real boards have time for what the Pico's emulator has not."""
    long = script.directives.get("long", "").split()
    # What another target does with another flavour, or firmware, the board does not repeat.
    long = [p for p in long if not (p.endswith(FLAVOUR_ENDS) or p == REPEATS)]
    too_long = target.slowness >= SLOW or not all("pico" in pattern for pattern in long)
    if long and too_long and not (script.named or os.environ.get("TEST_LONG")):
        return False
    return script.wants(target)


def introduce(device, facts, chosen, small):
    """Say what the board is, and how long it takes."""
    print(f"{facts.machine}, MicroPython {hardware.firmware(facts)}: {facts.arch}")
    words = [f"heap {facts.heap:,} bytes", f"C stack {facts.stack:,}"]
    words += [f"no {name}" for name in facts.lacks]
    print(", ".join(words))
    if small:
        print("msgpack is tested in its small flavour.")
    if device.boot_output:
        print(f"boot.py prints at each reset: {device.boot_output.splitlines()[0]}")
    print(
        f"The tests take about {estimate(device, facts, chosen)}, with {len(chosen)} files. They "
        f"write to the folder {connected.FOLDER} on the board, which is removed afterwards.",
        flush=True,
    )


def estimate(device, facts, chosen):
    """How long it takes, in words."""
    each = EACH * facts.seconds + 2 * device.reset_seconds
    minutes = round((FIXED * facts.seconds + each * len(chosen)) / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"


def test(session, chosen, is_part):
    """Install, run the scripts, measure, and remove everything again: the exit status."""
    report = hardware.DetailedReport()
    begin = time.monotonic()
    speed = {}
    # Refuses a folder that is not ours, so nothing is removed at the end before this.
    session.remove()
    try:
        report.add(session.target.name, "install", session.start(), time.monotonic() - begin)
        for script in chosen:
            run_script(session, script, report)
        clocked_by = {"time", "floats"} - set(session.facts.lacks)
        if len(clocked_by) == 2 and "msgpack" in session.names:
            speed = clocked.measure(session)
    finally:
        remove(session)
    minutes = (time.monotonic() - begin) / 60
    path = hardware.write(session, report, speed, minutes, is_part)
    report.finish()
    print(f"The folder is removed. Report: {shown(path)}")
    print("main.py runs again after the next reset of the board.")
    return 1 if report.failed or not report.passed else 0


def remove(session):
    try:
        session.remove()
    except (Interrupted, remote.Failure, Died):
        print(f"The next run removes :{session.folder} from the board.")
        raise


def run_script(session, script, report):
    begin = time.monotonic()
    lacking = script.wanted_in_vain(session.target)
    if lacking:
        result = Result(skips=[("the file", f"this firmware lacks {lacking}")])
    elif script.is_example:
        result = examples.run(session, script)
    else:
        result = session.run_script(script)
    report.add(session.target.name, script.name, result, time.monotonic() - begin)
