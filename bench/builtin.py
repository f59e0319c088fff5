#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the modules cost a Raspberry Pi Pico: as files, and built into its firmware.

It wants `make interpreter TARGET=rpi-pico,rpi-pico-builtin`. RAM is heap: after an import, and
after one use of everything in the module, as in size.py. Flash and static RAM are what is added
to the firmware.
"""

import subprocess
import sys

import size

import natmods
from runner import targets

OBJECTS = "port/CMakeFiles/firmware.dir"


def target(board):
    (found,) = targets.with_board([board])
    return found


def parts(folder):
    """Bytes of flash and of static RAM of the objects that are compiled from a folder of ours."""
    files = sorted(
        (target("rpi-pico-builtin").interpreter.parent / OBJECTS).rglob(f"{folder}/*.o")
    )
    command = ["arm-none-eabi-size", "--totals", *files]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    text, data, bss = map(int, lines[-1].split()[:3])
    return text + data, data + bss


def main():
    stock, builtin = target("rpi-pico"), target("rpi-pico-builtin")
    try:
        as_file, built_in = size.ram(stock), size.ram(builtin)
    except size.Failed as e:
        return str(e)
    row = "{:<16}{:>8}{:>8}{:>10}{:>8}{:>10}{:>8}".format
    print(row("", "flash", "static", "RAM: file", "used", "built in", "used"))
    for module in natmods.MODULES:
        ram = [found[module.name][what] for found in (as_file, built_in) for what in size.RAM]
        print(row(module.name, *parts(f"natmod/{module.folder.name}"), *ram))
    print(row("what they share", *parts("dynruntime"), *[""] * 4))
    before, after = (t.interpreter.stat().st_size for t in (stock, builtin))
    print(f"the firmware: {before:,} bytes, with all modules {after:,}: {after - before:,} more")


if __name__ == "__main__":
    sys.exit(main())
