# SPDX-License-Identifier: MIT
"""What the measured interpreters were made of; with another build the figures differ."""

import os
import re
import shlex
import subprocess

from cortexm3 import TARGET
from x64 import INTERPRETER


class Missing(Exception):
    pass


def describe():
    """{what: version or options}"""
    board, unix = config(TARGET.interpreter.parent), config(INTERPRETER.parent)
    return {
        "micropython": ".".join(re.findall(r"\d+", board)[:3]),
        "qemu-system-arm": version("qemu-system-arm"),
        "valgrind": version("valgrind"),
        "arm-none-eabi-gcc": version("arm-none-eabi-gcc"),
        "gcc": version("gcc"),
        "options of the board's firmware": options(board),
        "options of the unix port": options(unix),
    }


def version(tool):
    try:
        said = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    except OSError:
        raise Missing(f"{tool} is missing: make setup installs it") from None
    # The first number outside of brackets, which hold the distribution's own.
    return re.search(r"\d+(\.\d+)+", re.sub(r"\([^()]*(\([^()]*\))?[^()]*\)", "", said))[0]


def config(folder):
    """How the interpreter was built: versions and checksums, then make's arguments."""
    file = folder / "config.txt"
    if not file.exists():
        raise Missing(f"{folder.name} is missing: make bench builds it")
    return file.read_text()


def options(text):
    """The compiler's options that count: for the machine, optimisation, definitions."""
    arguments = [
        "-C " + text.split("-C ", 1)[1].strip(),
        "--eval",
        "'options:;@echo \"$(CFLAGS)\"'",
    ]
    said = subprocess.run(
        ["make", "-s", *shlex.split(" ".join(arguments)), "options"],
        capture_output=True,
        text=True,
        # What a make above has been given is not for this one.
        env={"PATH": os.environ["PATH"]},
    )
    if said.returncode:
        raise Missing(f"make does not tell the interpreter's options:\n{said.stderr}")
    words = said.stdout.splitlines()[-1].split()
    return " ".join(w for w in words if re.match(r"-(m|O|std|D)", w))
