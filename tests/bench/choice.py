# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What make bench measures by its TARGET, OP and DOC, and what it refuses.

import contextlib
import io
import os
import re
import shlex
import subprocess

from _bench import TOP
from check import case, end, eq, true

import run

# What a make that runs the tests hands down.
SETTINGS = ("TARGET", "OP", "DOC", "PART", "ARCH", "CROSS")


def make(*words):
    """The arguments of bench/run.py, which make does not run."""
    env = {k: v for k, v in os.environ.items() if "MAKE" not in k and k not in SETTINGS}
    command = ["make", "-n", "-o", "ready", "SUBMAKE=make", "-C", TOP, "bench", *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    (given,) = re.findall(r"bench/run\.py(.*)$", done.stdout, re.M)
    return shlex.split(given)


def chosen(*words):
    args = run.arguments(make(*words))
    return [machine.NAME for machine in args.machines], args.op, args.doc


def refused(*words):
    """What the command line says of arguments."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            run.arguments(words)
        except SystemExit as e:
            eq(e.code, 2)
    return said.getvalue()


@case
def by_make():
    everything = run.arguments([])
    eq(everything.everything, True)
    eq(chosen(), (list(run.MACHINES), None, everything.doc))
    for target, machines in (
        ("rpi-pico", ["rpi-pico"]),
        ("mps2-an385", ["cortex-m3"]),
        ("mps2-an385/armv7m", ["cortex-m3"]),
        ("unix-x64,rpi-pico", ["x64", "rpi-pico"]),
    ):
        eq((target, *chosen(f"TARGET={target}")[:1]), (target, machines))
    eq(chosen("TARGET=unix-x64", "OP=packb,loads", "DOC=a"), (["x64"], "packb,loads", ["a"]))


@case
def what_there_is_not():
    for words in (("--doc", "a,z"), ("--op", "packb,punpack"), ("--machine", "x64,z80")):
        name = words[1].split(",")[1]
        true(f"no {words[0][2:]}" in refused(*words) and name in refused(*words) or print(words))
    for op in ("loads", "json.dump,pack", "unpackb"):
        eq(refused("--op", op), "")


end()
