#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The interpreters to build, for boards.mk, from the runner's table of targets.

usage: table.py [TARGET]      TARGET as make has it: with commas, with architectures; default: all

What is printed are make's assignments, without spaces, for which | stands.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runner import targets  # noqa: E402

# The tests on the host run some on one target of each kind, and on one with double precision.
FOR_HOST = ("unix-x64", "mps2-an385", "mps2-an500", "rpi-pico")


def variables(target):
    def of_kind(kind, in_user_mode=False):
        return targets.boards(
            lambda t: t.kind == kind and t.is_user_mode == in_user_mode and not t.plain
        )

    kinds = {
        "UNIX": of_kind("unix"),
        "QEMU": of_kind("qemu"),
        "PICO": of_kind("pico"),
        "XTENSA": of_kind("qemu", in_user_mode=True),
    }
    buildable = {name for names in kinds.values() for name in names}
    named = targets.firmware(targets.boards_of(target)) or buildable
    if "host" in named:
        named |= set(FOR_HOST)
    configs = {
        f"config_{t.board}": [t.config] for t in targets.TARGETS if t.config and not t.plain
    }
    return {**kinds, **configs, "names": sorted(named & buildable)}


def main(target=""):
    try:
        found = variables(target)
    except targets.UnknownTarget as e:
        return f"$(error {e})"
    return "\n".join(f"{name} := {' '.join(words)}" for name, words in found.items())


if __name__ == "__main__":
    print(main(*sys.argv[1:]).replace(" ", "|"))
