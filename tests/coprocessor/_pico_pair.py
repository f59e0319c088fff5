# SPDX-License-Identifier: MIT
# Runs _pico_client.py and _pico_server.py on two emulated Picos.

import sys
from pathlib import Path

sys.path[:0] = ["tests"]

from check import skip  # noqa: E402
from runner import pair, targets  # noqa: E402

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "_pico_client.py", HERE / "_pico_server.py"
RPC = "coprocessor", "msgpack", "finaliserproxy"


def run(programs, files=({}, {})):
    """[lines] that two programs say."""
    if not all(target.interpreter.exists() for target in targets.select(["rpi-pico", "unix-x64"])):
        skip("run make interpreter TARGET=rpi-pico,unix-x64")
    return pair.run(programs, RPC, files)


def calls(events, rx=1024, garbage=0):
    """What the client says when these events have happened."""
    return run_both(PROGRAMS, events, rx, garbage, ())


def resets_of_client(points, rx=1024):
    """What the server says that resets the client so many microseconds after it begins."""
    return run_both(PROGRAMS[::-1], None, rx, 0, points)


def run_both(programs, events, rx, garbage, points):
    settings = {"BAUD": 921600, "RX": rx, "GARBAGE": garbage, "EVENTS": events, "POINTS": points}
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    return run(programs, ({"/settings.py": text}, {"/settings.py": text}))[0]
