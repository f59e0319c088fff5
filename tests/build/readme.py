# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What README.md and the pages it was divided into say is so.

import contextlib
import io
import os
import re
import subprocess
import sys
from types import SimpleNamespace

from _sandbox import TOP
from check import case, end, eq, skip, true

sys.path.insert(0, str(TOP / "tools"))

import firmware  # noqa: E402
import mpyinfo  # noqa: E402

README = (TOP / "README.md").read_text()
PAGES = ("boards", "building", "esp8266", "troubleshooting")
TEXTS = {f"docs/{page}.md": (TOP / f"docs/{page}.md").read_text() for page in PAGES}
TEXTS["README.md"] = README
TEXTS["CONTRIBUTING.md"] = (TOP / "CONTRIBUTING.md").read_text()
BOARDS = TEXTS["docs/boards.md"]
MAKEFILE = (TOP / "Makefile").read_text()
ARCHS = re.search(r"^ARCHS = (.*)$", (TOP / "dynruntime/toolchain.mk").read_text(), re.M)[
    1
].split()


def blocks(language, text=README):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [text for name, text in found if name == language]


@case
def the_line_that_prints_a_board_s_arch():
    line = blocks("python", BOARDS)[0]
    eq((line.count("\n"), line.startswith("import sys; ")), (1, True))
    for number, arch in enumerate(mpyinfo.ARCHS):
        mpy = 6 | 3 << 8 | number << 10 | 0x4000  # With the flag of v1.27 for RISC-V's variants.
        fake = SimpleNamespace(implementation=SimpleNamespace(_mpy=mpy))
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(line.removeprefix("import sys; "), {"sys": fake})
        # Firmware for a Cortex-M3 says armv7em, for which MicroPython's linker has no name.
        eq(output.getvalue(), ("armv7m" if arch == "armv7em" else arch) + "\n")


@case
def every_arch_has_a_board():
    named = {board["arch"] for board in firmware.BOARDS}
    # No stock board has 64-bit RISC-V.
    eq(named, {*ARCHS, "xtensawin"} - {"rv64imc"})


@case
def usage():
    micropython = TOP / "build/unix-x64/micropython"
    if not micropython.exists():
        skip("make interpreter TARGET=unix-x64 builds what this needs")
    result = subprocess.run(
        [micropython, "-c", blocks("python")[0]],
        env={"MICROPYPATH": str(TOP / "build/x64")},
        capture_output=True,
        text=True,
    )
    got = result.stdout.splitlines()
    expected = blocks("")[0].splitlines()
    # Which lamp goes first depends on where it lies in memory.
    eq((got[0], sorted(got), result.stderr), (expected[0], sorted(expected), ""))


@case
def commands():
    goals = set(" ".join(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)).split())
    text = "\n".join(TEXTS.values())
    named = set(re.findall(r"(?:^    |`)make ([a-z][a-z-]*)\b(?!=)", text, re.M))
    true({"demo", "test", "setup"} <= named)
    eq(named - goals, set())


@case
def links():
    for name, text in TEXTS.items():
        for link in re.findall(r"\]\(([^)]+)\)", text):
            path = (TOP / name).parent / link.partition("#")[0]
            true(link.startswith("https:") or os.path.exists(path) or print(name, link))


@case
def paths_that_contributing_names():
    text = TEXTS["CONTRIBUTING.md"]
    named = re.findall(r"(?:`|tests/run.py .* )((?:[\w-]+/)+[\w.-]*)", text)
    # NAME and build/ stand for what there is later.
    paths = [p for p in named if "NAME" not in p and not p.startswith("build/")]
    true(len(paths) > 20)
    eq([p for p in paths if not (TOP / p).exists()], [])


@case
def pages_are_short():
    true(len(README.splitlines()) <= 94)
    true(len(TEXTS["CONTRIBUTING.md"].splitlines()) <= 120)


end()
