#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the modules cost a Raspberry Pi Pico: as files, and built into its firmware.

It wants `make interpreter TARGET=rpi-pico,rpi-pico-builtin`, and writes builtin.json and the table
in docs/usermod.md. In builtin.json, in bytes:
  firmware      the stock firmware, and that with all modules built in
  modules       of each module, flash and static RAM of its objects, and the heap that it takes
                as a file and built in: after an import, and after one use of everything in it, as
                in size.py
  shared        flash and static RAM of the objects that the modules share
"""

import json
import subprocess
import sys
from pathlib import Path

import size

import natmods
import tables
from runner import targets

FILE = Path(__file__).parent / "builtin.json"
OBJECTS = "port/CMakeFiles/firmware.dir"


def target(board):
    (found,) = targets.with_board([board])
    return found


def objects(folder):
    """Flash and static RAM of the objects that are compiled from a folder of ours."""
    files = sorted(
        (target("rpi-pico-builtin").interpreter.parent / OBJECTS).rglob(f"{folder}/*.o")
    )
    command = ["arm-none-eabi-size", "--totals", *files]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    text, data, bss = map(int, lines[-1].split()[:3])
    return {"flash": text + data, "static": data + bss}


def measure():
    """What builtin.json holds."""
    stock, builtin = target("rpi-pico"), target("rpi-pico-builtin")
    # Firmware has the full flavour built in.
    as_file, built_in = (size.ram(t, natmods.NAMES) for t in (stock, builtin))
    return {
        "firmware": {
            "stock": stock.interpreter.stat().st_size,
            "built in": builtin.interpreter.stat().st_size,
        },
        "modules": {
            module.name: {
                **objects(f"natmod/{module.folder.name}"),
                "file": as_file[module.name],
                "built in": built_in[module.name],
            }
            for module in natmods.MODULES
        },
        "shared": objects("dynruntime"),
    }


def save(found):
    """JSON with one module per line, so that diffs are legible."""
    rows = json.dumps
    modules = [f"    {rows(name)}: {rows(sizes)}" for name, sizes in found["modules"].items()]
    parts = [f'  "{name}": {rows(found[name])}' for name in found if name != "modules"]
    parts.append('  "modules": {\n' + ",\n".join(modules) + "\n  }")
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def show(found):
    """Lines for the terminal."""
    row = "{:<16}{:>8}{:>8}{:>10}{:>8}{:>10}{:>8}".format
    yield row("", "flash", "static", "RAM: file", "used", "built in", "used")
    for name, sizes in found["modules"].items():
        ram = [sizes[kind][what] for kind in ("file", "built in") for what in size.RAM]
        yield row(name, sizes["flash"], sizes["static"], *ram)
    yield row("what they share", *found["shared"].values(), *[""] * 4)
    before, after = found["firmware"].values()
    yield f"the firmware: {before:,} bytes, with all modules {after:,}: {after - before:,} more"


def main():
    try:
        found = measure()
    except size.Failed as e:
        return str(e)
    print("\n".join(show(found)))
    save(found)
    for file in (FILE.relative_to(tables.TOP), *tables.write()):
        print(f"wrote {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
