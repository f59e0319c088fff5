#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What make has to do for its goals: which tools they need, what is built and for which targets.

usage: plan.py [SETTING=VALUE...] GOAL...

SETTING is TARGET, PART, ARCH, ARCHS, CROSS, CROSS_xtensawin or FETCHED, as the Makefile has them.
What is printed are make's assignments, without spaces, for which | stands: make makes lines of
them.
"""

import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from runner import targets  # noqa: E402

# The group of tools/setup.sh with the compiler of an architecture.
COMPILERS = {
    "x64": "x64",
    "x86": "x86",
    "armv6m": "arm",
    "armv7m": "arm",
    "armv7emsp": "arm",
    "armv7emdp": "arm",
    "rv32imc": "riscv",
    "rv64imc": "riscv",
    "xtensa": "xtensa",
    "xtensawin": "xtensa",
}

# The groups that goals need besides those of compilers and targets.
GROUPS = {
    "setup": ["test-python", "x64", "x86", "fuzz", "serial", "mpremote", "check"],
    "interpreter": ["test-python"],
    "test": ["test-python"],
    "test-long": ["test-python"],
    "test-board": ["test-python"],
    "bench": ["test-python", "valgrind"],
    "size": ["test-python"],
    "stack": ["test-python"],
    "coverage": ["test-python", *itertools.chain(*targets.UNIX_NEEDS.values())],
    "fuzz": ["x64", "x86", "fuzz"],
    "deploy": ["serial", "mpremote"],
    # Bytecode is compiled by a compiler for this machine.
    "bytecode": ["x64"],
    "dist": ["x64"],
    "release-check": ["chroot"],
    "firmware": ["arm", "x64", "cmake", "pico"],
    "check": ["check"],
    "format": ["check"],
}

# The goals that run something on targets, those that do without naming any, and on this machine.
RUN = {"setup", "interpreter", "test", "test-long", "bench", "size", "stack", "coverage"}
RUN |= {"demo", "examples"}
TESTS = {"interpreter", "test", "test-long"}
# Those that PART goes with.
IN_PARTS = {"interpreter", "test-long"}
ON_HOST = {"setup", "test", "test-long"}
HOST = ["host", "cpython"]
# The goals that build for every architecture unless ARCH is given, and those that do so unless
# ARCH or TARGET is given.
BUILD_ALL = {"all", "setup", "check", "dist"}
BUILD_ALL_BY_DEFAULT = {"test", "test-long", "interpreter", "size"}
# The targets of make demo, and that of make examples unless one is given.
DEMO = "rpi-pico,unix-x64"
EXAMPLES = "unix-x64"


class Wrong(Exception):
    """The arguments make no sense."""


def of_the_day():
    return targets.boards(lambda t: not t.long and t.board not in HOST)


def long():
    return targets.boards(lambda t: t.long)


def measured(goal, arch):
    """The boards that a goal measures on; make size has one for each architecture and the Pico."""
    if goal == "bench":
        return ["mps2-an385", "rpi-pico", "unix-x64"]
    if goal in ("stack", "coverage"):
        return ["mps2-an385"]
    if goal != "size":
        return []
    return one_for_each(arch)


def one_for_each(archs):
    """The boards for the architectures (without any, for all), and the Pico."""
    kinds = "unix", "qemu", "pico"
    main = (t for t in targets.TARGETS if t.kind in kinds and not t.variant and not t.optional)
    return list(dict.fromkeys(t.board for t in main if not archs or t.arch in archs))


def groups_of(board):
    """The groups of tools/setup.sh that a board needs."""
    found = targets.with_board([board])
    groups = [group for target in found for group in target.needs]
    if found[0].optional:
        groups.append("next")
    if board == "host":
        others = (t for t in targets.TARGETS if not t.long and not t.optional)
        groups += [group for other in others for group in other.needs]
    return groups


def archs_of(board, archs):
    """The architectures whose files a board runs."""
    return archs if board == "host" else [t.arch for t in targets.with_board([board])]


def plan(goals, archs, TARGET="", ARCH="", CROSS="", CROSS_xtensawin="", FETCHED="", PART=""):
    """{variable of make: words}, or Wrong, or UnknownTarget."""
    if CROSS and not ARCH:
        raise Wrong(f"CROSS={CROSS} goes with one ARCH; give ARCH=... too")
    if PART and (TARGET or not IN_PARTS & set(goals)):
        raise Wrong(f"PART={PART} goes with make test-long or interpreter, and without TARGET")
    parts = targets.parts_of(PART)
    if TARGET and "demo" in goals:
        raise Wrong("make demo is for the emulated Pico; make examples takes a TARGET")
    TARGET = TARGET or ",".join(name for part in parts for name in targets.of_part(part))
    goals = list(dict.fromkeys(goals))
    in_full = PART or "test-long" in goals
    arch = ARCH.split()
    named = targets.boards_of(TARGET)
    shown = [name for goal, name in (("demo", DEMO), ("examples", EXAMPLES)) if goal in goals]
    if not TESTS & set(goals):
        named = named or targets.boards_of(",".join(shown))
    measuring = [goal for goal in goals if measured(goal, [])]
    if measuring:
        measurable = list(dict.fromkeys(b for g in measuring for b in measured(g, arch)))
        named = named or sorted(measurable)
        if set(named) - set(measurable):
            words = " ".join(measuring), " ".join(measurable)
            raise Wrong("make {} measures on {} only".format(*words))

    everything = BUILD_ALL & set(goals) or not TARGET and BUILD_ALL_BY_DEFAULT & set(goals)
    built = [a for board in named for a in archs_of(board, archs)]
    wanted = [a for a in archs if a in (arch or (archs if everything else built))]

    needs = ["python"] + (["micropython"] if FETCHED else [])
    # A compiler that the user names is the user's business, and Espressif's own will do.
    own = {"xtensawin"} if CROSS_xtensawin.startswith("xtensa-esp32") else set()
    needs += [COMPILERS[a] for a in wanted if not CROSS and a not in own]
    if RUN & set(goals):
        default = of_the_day() + (HOST if ON_HOST & set(goals) else [])
        default += long() if in_full else []
        needs += [group for board in named or default for group in groups_of(board)]
    needs += [group for goal in goals for group in GROUPS.get(goal, ())]

    if measuring:
        interpreters = named
    elif TESTS & set(goals):
        interpreters = [TARGET] if TARGET else of_the_day()
        if not TARGET and in_full:
            interpreters = list(dict.fromkeys(interpreters + long()))
        elif "host" in named and in_full:
            # The tests on this machine then use a board of each architecture, one with TLS, and
            # one that lacks much.
            interpreters += [*one_for_each(()), "unix-x64-ssl", "mps2-an385-samd21"]
    else:
        interpreters = [TARGET] if TARGET else shown
    return {
        "WANTED": wanted,
        "NEEDS": sorted(set(needs)),
        "INTERPRETERS": [",".join(interpreters)],
        "EXAMPLES_TARGET": [TARGET or EXAMPLES],
    }


def main(words):
    settings = dict(word.split("=", 1) for word in words if "=" in word)
    goals = [word for word in words if "=" not in word]
    try:
        found = plan(goals, settings.pop("ARCHS").split(), **settings)
    except (Wrong, targets.UnknownTarget) as e:
        return f"$(error {e})"
    return "\n".join(f"{name} := {' '.join(words)}" for name, words in found.items())


if __name__ == "__main__":
    print(main(sys.argv[1:]).replace(" ", "|"))
