# SPDX-License-Identifier: MIT
"""What a board that nobody knows says of itself, and the Target that this makes of it."""

import time
from dataclasses import dataclass

from .paths import TOP  # noqa: F401  (which makes the tools importable)
from .targets import Target

import deploy
import questions
import remote

# Runs on the board. Whether it has large ints is seen by what a shift leaves, as the literal might
# be a SyntaxError.
PROGRAM = """
import gc, os, sys
gc.collect()
d = {'heap': gc.mem_alloc() + gc.mem_free(), 'platform': sys.platform, 'folder': os.getcwd()}
d['build'] = getattr(sys, 'version', '')
v = os.statvfs(d['folder'])
d['block'], d['free'] = v[0], v[0] * v[3]
lacks = []
try:
    float
except NameError:
    lacks.append('floats')
def shifts(n):
    try:
        return 1 << n >> n == 1
    except OverflowError:
        return False
for name, n in (('long-ints', 40), ('big-ints', 80)):
    if not shifts(n):
        lacks.append(name)
try:
    UnicodeError
except NameError:
    lacks.append('unicode')
for name in ('threads', 'time'):
    try:
        __import__({'threads': '_thread'}.get(name, name))
    except ImportError:
        lacks.append(name)
d['lacks'] = lacks
deepest = [0, 0]
try:
    from micropython import stack_use
except ImportError:
    stack_use = lambda: 0
def down(n):
    deepest[0] = n
    deepest[1] = stack_use()
    down(n + 1)
try:
    down(1)
except RuntimeError:
    pass
d['levels'], d['stack'] = deepest
print('@deploy', repr(d))
"""
SAID = {
    "heap": int,
    "stack": int,
    "levels": int,
    "platform": str,
    "build": str,
    "lacks": [str],
    "folder": str,
    "block": int,
    "free": int,
}

# What it may find lacking.
ASKED = ("floats", "long-ints", "big-ints", "unicode", "threads", "time")

# Runs on the board, with n: what a test does most, calls and small objects.
WORK = """
def work(n):
    d = {}
    for i in range(n):
        d[i & 15] = [i, str(i), (i, i)]
work(%d)
"""

# What a target with one of these configurations is called in the tests.
CONFIGURATIONS = {"floats": "nofloat", "unicode": "nounicode"}

# The smallest heap and C stack on which all tests have passed: those of the emulated Pico.
KNOWN_HEAP = 240000
KNOWN_STACK = 7800


@dataclass
class Facts:
    """What a board says of itself."""

    machine: str
    version: tuple
    arch: str
    platform: str
    build: str  # of the firmware
    heap: int
    stack: int  # bytes of C stack that Python gets; 0 when the firmware does not tell
    levels: int  # of Python calls
    lacks: list
    folder: str  # the current one after a reset
    block: int
    free: int
    writes_code: bool  # Each import writes the native code to flash.
    answer: dict  # deploy's
    seconds: float = 0  # for a thousand rounds of WORK

    @property
    def slowness(self):
        """By what the board is slower than one that does all rounds."""
        return max(round(self.seconds / SECONDS), 1)


# A board that takes so long for a thousand rounds, or less, does all rounds of the tests.
SECONDS = 0.04


def evaluate(device, source, shape, timeout=60):
    """What one of deploy's programs, or one like them, answers."""
    output, traceback = device.run(source, timeout)
    answer = remote.said(output, shape)
    if traceback or answer is None:
        raise remote.Failure(f"the board does not say what it is:\n{output}{traceback}".strip())
    return answer


def ask(device, modules):
    """The Facts about a board, if its firmware can load the modules."""
    board = evaluate(device, questions.about((), questions.ASK), questions.BOARD)
    arch = deploy.check_firmware(board, modules)
    said = evaluate(device, PROGRAM, SAID) if board["block"] else {"block": 0}
    if not said["block"]:
        raise remote.Failure("the board has no file system to put the tests in")
    facts = Facts(
        machine=board["machine"],
        version=board["version"],
        arch=arch,
        writes_code=board["esp8266"] is not None,
        answer=board,
        **{name: said[name] for name in SAID},
    )
    facts.seconds = min(_seconds(device) for _ in range(2))
    return facts


def _seconds(device):
    begin = time.monotonic()
    device.run(WORK % 1000, 60)
    return time.monotonic() - begin


def target(facts, small=False):
    """The Target that the tests see: its name has the words by which they know configurations.

    `small` says whether the board gets the small flavour of msgpack.
    """
    words = [CONFIGURATIONS[name] for name in facts.lacks if name in CONFIGURATIONS]
    if "long-ints" in facts.lacks:
        words.append("smallint")
    elif "big-ints" in facts.lacks:
        words.append("longlong")
    return Target(
        "-".join(["connected", *words]),
        "connected",
        facts.arch,
        qualified=True,
        lacks=(*facts.lacks, *(["full"] if small else [])),
        slowness=facts.slowness,
        like=("connected", "connected-small") if small else ("connected",),
        flavour="small" if small else "",
    )
