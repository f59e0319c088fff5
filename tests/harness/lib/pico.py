# SPDX-License-Identifier: MIT
"""For tests of the emulated Pico: a board of one's own for each program."""

import sys

sys.path.insert(0, "tests")

import check  # noqa: E402
from runner import targets  # noqa: E402
from runner.board import Board  # noqa: E402
from runner.rawrepl import Died  # noqa: E402

TARGET = targets.select(["rpi-pico"])[0]


def board(*options):
    if not TARGET.interpreter.exists():
        check.skip("there is no build/rpi-pico: run make interpreter TARGET=rpi-pico")
    return Board(TARGET, options=options)


def run(source, *options, timeout=120):
    """(output, error): that of the emulator, if the board has died of the program."""
    device = board(*options)
    try:
        device.start()
        return device.run(source, timeout)
    except Died as e:
        return "", e.output
    finally:
        device.stop()
