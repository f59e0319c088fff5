# SPDX-License-Identifier: MIT
"""Versions and options of the measured interpreters; with another build the figures differ."""

import json
import os
import re
import shlex
import subprocess

import cortexm3
import onboard
import pico
import x64


OPTION = re.compile("-(m|O|std|D)")


class Missing(Exception):
    pass


def describe():
    """{what: version or options}"""
    board, unix = config(cortexm3.TARGET.interpreter.parent), config(x64.INTERPRETER.parent)
    return {
        "micropython": ".".join(re.findall(r"\d+", board)[:3]),
        "pico-sdk": sdk_version(),
        "rp2040js": package_version("rp2040js"),
        "qemu-system-arm": version("qemu-system-arm"),
        "valgrind": version("valgrind"),
        "arm-none-eabi-gcc": version("arm-none-eabi-gcc"),
        "gcc": version("gcc"),
        "options of the board's firmware": options(board),
        "options of the Pico's firmware": pico_options(),
        "options of the unix port": options(unix),
    }


def version(tool):
    try:
        said = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    except OSError:
        raise Missing(f"{tool} is missing: make setup installs it") from None
    # The first number outside brackets, which contain the distribution's version.
    return re.search(r"\d+(\.\d+)+", re.sub(r"\([^()]*(\([^()]*\))?[^()]*\)", "", said))[0]


def config(folder):
    """How the interpreter was built: versions and checksums, then make's arguments."""
    file = folder / "config.txt"
    if not file.exists():
        raise Missing(f"{folder.name} is missing: make bench builds it")
    return file.read_text()


def sdk_version():
    """Of the pico-sdk that setup has fetched."""
    file = onboard.TOP / "build/deps/pico-sdk/usr/src/pico-sdk/pico_sdk_version.cmake"
    if not file.exists():
        raise Missing("pico-sdk is missing: make setup fetches it")
    return ".".join(re.findall(r"^set\(PICO_SDK_VERSION_[A-Z]+ (\d+)\)", file.read_text(), re.M))


def package_version(name):
    """Of a package of the Pico's emulator."""
    wanted = onboard.TOP / "tests/boards/rpi-pico/package.json"
    return json.loads(wanted.read_text())["dependencies"][name]


def pico_options():
    """The options that count of the compiler for the Pico's firmware."""
    file = pico.TARGET.interpreter.parent / "port/CMakeFiles/firmware.dir/flags.make"
    if not file.exists():
        raise Missing(f"{pico.NAME} is missing: make bench builds it")
    flags = re.search(r"^C_FLAGS = (.*)$", file.read_text(), re.M)[1]
    return " ".join(w for w in flags.split() if OPTION.match(w))


def options(text):
    """The compiler's options that change figures: machine, optimisation, definitions."""
    arguments = [
        "-C " + text.split("-C ", 1)[1].strip(),
        "--eval",
        "'options:;@echo \"$(CFLAGS)\"'",
    ]
    said = subprocess.run(
        ["make", "-s", *shlex.split(" ".join(arguments)), "options"],
        capture_output=True,
        text=True,
        # The arguments of an outer make must not reach this one.
        env={"PATH": os.environ["PATH"]},
    )
    if said.returncode:
        raise Missing(f"make does not tell the interpreter's options:\n{said.stderr}")
    words = said.stdout.splitlines()[-1].split()
    return " ".join(w for w in words if OPTION.match(w))
