#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build MicroPython's firmware for a board, with all modules built in; see docs/usermod.md.

usage: build_firmware.py MPY_DIR BOARD

Boards are those of ports/rp2 that need no source that is missing from the tree.
"""

import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

from build_folder import building

TOP = Path(__file__).resolve().parents[1]
MAKER = TOP / "tests/boards/rpi-pico"
PORT = "ports/rp2"

# What boards need besides MicroPython, the Pico SDK, TinyUSB and mbedTLS, and what says so.
SOURCES = {
    "MICROPY_PY_NETWORK_CYW43": "lib/cyw43-driver",
    "MICROPY_PY_NETWORK_WIZNET5K": "lib/wiznet5k",
    "MICROPY_PY_LWIP": "lib/lwip",
    "MICROPY_BLUETOOTH_BTSTACK": "lib/btstack",
    "MICROPY_BLUETOOTH_NIMBLE": "lib/mynewt-nimble",
}


class Failure(Exception):
    pass


def lacking(tree, board):
    """The sources of a board of ports/rp2 that the tree lacks."""
    text = (tree / PORT / "boards" / board / "mpconfigboard.cmake").read_text()
    wanted = set(re.findall(r"^\s*set\((\w+)\s+(?!OFF|0)\w+\s*\)", text, re.M))
    folders = [tree / folder for setting, folder in SOURCES.items() if setting in wanted]
    return [str(f.relative_to(tree)) for f in folders if not (f.is_dir() and any(f.iterdir()))]


def check(tree, board):
    """Raise Failure if the board's firmware cannot be built from the tree."""
    boards = sorted(f.parent.name for f in tree.glob(f"{PORT}/boards/*/mpconfigboard.cmake"))
    if board in boards:
        lacks = lacking(tree, board)
        if lacks:
            raise Failure(
                f"{board} needs {', '.join(lacks)}, of which the tree at {tree} has nothing; "
                "give MPY_DIR=/path/to/micropython with its submodules"
            )
        return
    others = sorted(f.parent.parent.name for f in tree.glob("ports/*/boards/*") if f.name == board)
    if others:
        raise Failure(
            f"{board} is a board of ports/{others[0]}, which does not build from Debian's "
            "packages; docs/usermod.md has the commands"
        )
    known = " ".join(name for name in boards if not lacking(tree, name))
    unknown = f"unknown BOARD '{board}'" if board else "give BOARD=name"
    raise Failure(f"{unknown}; known are: {known}")


def build(tree, board):
    """The firmware's file."""
    folder = TOP / "build/firmware" / board
    command = ["make", "-C", MAKER, "firmware.uf2", f"BOARD={board}", f"MPY_DIR={tree}"]
    command += [f"DEPS={TOP / 'build/deps'}", f"BUILD={folder}", f"PYTHON={sys.executable}"]
    command += [f"USER_C_MODULES={TOP / 'natmod/micropython.cmake'}"]
    # What the build does not notice by itself.
    inputs = [tree / "py/mpconfig.h", MAKER / "Makefile", MAKER / "manifest.py"]
    config = f"{command} {[zlib.crc32(file.read_bytes()) for file in inputs]}\n"
    if "jobserver" not in os.environ.get("MAKEFLAGS", ""):
        command.append(f"-j{os.cpu_count()}")
    log = folder / "build.log"
    with building(folder, config):
        # A make has its jobserver's file descriptors open.
        with log.open("w") as output:
            status = subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, close_fds=False
            ).returncode
        if status != 0:
            last = "\n".join(log.read_text().splitlines()[-30:])
            raise Failure(f"{last}\n{board}: the firmware does not build (all output: {log})")
    return folder / "firmware.uf2"


def main(mpy_dir, board):
    tree = Path(mpy_dir).resolve()
    try:
        check(tree, board)
        print(f"Building the firmware for {board}, which takes minutes", flush=True)
        file = build(tree, board)
    except Failure as e:
        return f"make firmware: {e}"
    flash = (file.parent / "firmware.bin").stat().st_size
    print(f"{file.relative_to(TOP)}: {file.stat().st_size:,} bytes, {flash:,} of flash")
    print("Frozen are the port's own modules and asyncio, no drivers of micropython-lib.")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
