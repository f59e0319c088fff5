#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the RAM of msgpack's parts, by builds for the emulated Cortex-M3 without some of them.

usage: bench/parts.py

Builds copies of the sources below build/parts, from whose import parts have been struck; the
compiler leaves out what nothing uses then. "for size" is compiled with what is to be fast compiled
for size like the rest.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import size

TOP = Path(__file__).resolve().parents[1]
COPY = TOP / "build/parts"
ARCH = "armv7m"
BYTECODE = "bench/bytecode.py"

BYTES = ("packb", "unpackb")
STREAMS = ("pack", "unpack", "pack_into")
ALIASES = {"dumps": "packb", "loads": "unpackb", "dump": "pack", "load": "unpack"}

ALL = ("ext", "timestamp", "packer", "unpacker")

# (name, functions, parts of the import, whether it is optimised for size)
VARIANTS = (
    ("packb and unpackb alone, for size", BYTES, (), True),
    ("packb and unpackb alone", BYTES, (), False),
    ("and with pack, unpack and pack_into", BYTES + STREAMS, (), False),
    ("and with ExtType and Timestamp", BYTES + STREAMS, ("ext", "timestamp"), False),
    ("and with Packer", BYTES + STREAMS, ("ext", "timestamp", "packer"), False),
    ("all", BYTES + STREAMS, ALL, False),
    ("all, for size", BYTES + STREAMS, ALL, True),
    ("all but the class Timestamp", BYTES + STREAMS, ("ext", "packer", "unpacker"), False),
)


class Failed(Exception):
    pass


def replace(path, pattern, new, count):
    """Replace the matches of a pattern in a file of the copy; their number must be as given."""
    file = COPY / path
    text, found = re.subn(pattern, new, file.read_text(), flags=re.MULTILINE)
    if found != count:
        raise Failed(f"{path} has changed: {pattern!r} is there {found} times, not {count}")
    file.write_text(text)


def run(*command):
    result = subprocess.run(command, cwd=COPY, capture_output=True, text=True)
    if result.returncode:
        raise Failed(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout


def copy():
    """The sources, with the build's downloads and interpreters."""
    shutil.rmtree(COPY, ignore_errors=True)
    for path in TOP.iterdir():
        if path.is_file():
            COPY.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, COPY)
        elif path.name not in ("build", ".git"):
            shutil.copytree(path, COPY / path.name)
    (COPY / "build").mkdir()
    for name in ("deps", "mps2-an385"):
        (COPY / "build" / name).symlink_to(TOP / "build" / name)


def measure(functions, parts, for_size):
    """The bytes of RAM after the import."""
    copy()
    source = "natmod/msgpack/module.c"
    for name in ("packb", "unpackb", "pack", "unpack", "pack_into", *ALIASES):
        if ALIASES.get(name, name) not in functions:
            replace(source, rf"^    NATMOD_FUN\(MP_QSTR_{name},.*\n", "", 1)
    for part in ("ext", "timestamp", "packer", "unpacker"):
        if part not in parts:
            replace(source, rf"^    {part}_init\(st\);\n", "", 1)
    if for_size:
        replace("dynruntime/toolkit.h", r"^#define NATMOD_FAST .*", "#define NATMOD_FAST", 1)
    # The names that a program has are not the module's. So it keeps all of them.
    with open(COPY / "bench/use_msgpack.py", "a") as file:
        file.write("\n\ndef use(m):\n    pass\n")
    # Functions that have become unused are no errors here.
    run("make", f"ARCH={ARCH}", "CFLAGS_EXTRA=-Wno-error=unused-function")
    (line,) = re.findall(rf"^{ARCH} +msgpack .*", run(sys.executable, "bench/size.py", ARCH), re.M)
    return int(line.split()[-2])


def main():
    try:
        for name, *variant in VARIANTS:
            print(f"{measure(*variant):6}  {name}", flush=True)
        program = COPY / BYTECODE
        program.write_text(size.RAM_PROGRAM + program.read_text())
        bytecode = run("tests/run.py", "--target", f"mps2-an385/{ARCH}", "--program", BYTECODE)
        print(f"{int(bytecode):6}  the class Timestamp in bytecode")
    except Failed as e:
        print(f"parts: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
