# SPDX-License-Identifier: MIT
"""Which lines of C that only the .mpy file has run on the emulated Cortex-M3.

These are what the interpreters of `make coverage` do not compile: memory functions, the entry
point, the dropping of the import's code. QEMU says which instructions of the module's code it has
translated, which it does when it comes to them, and debug information of the same code says whose
lines they are.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

from _tools import TOP, Failed

sys.path.append(str(TOP / "bench"))

import objects  # noqa: E402
from elftools.elf.elffile import ELFFile  # noqa: E402
from runner import install, qemu, scripts  # noqa: E402
from runner.board import Board  # noqa: E402
from runner.targets import select  # noqa: E402

ARCH = "armv7m"
TARGET = select([f"mps2-an385/{ARCH}"])[0]
TOOLS = "arm-none-eabi-"
# These scripts run all lines that only the .mpy file has.
SCRIPTS = """
    msgpack/basic msgpack/exceptions msgpack/strs msgpack/streams_native msgpack/packer_class
    msgpack/stack_threads msgpack/exttype_class msgpack/timestamps msgpack/unpacker_class
    finaliser/proxy finaliser/finalize finaliser/reset
""".split()
# The small flavour is not among what coverage is asked of here.
MODULES = [module for module in objects.FOLDERS if module not in objects.SMALL]
# Where the module's code is in memory, at least this many blocks give the same offset.
AGREED = 20


class Session(qemu.Session):
    log = None

    def _start(self, by_mpremote=False):
        self.board = Board(self.target, options=["-d", "in_asm", "-D", self.log])
        self.board.start()
        install.onto_board(self.board, self.names)
        self.board.soft_reset()


def run_scripts(log):
    session = Session(TARGET, MODULES)
    session.log = log
    try:
        session.start()
        for name in SCRIPTS:
            result = session.run_script(scripts.read(TOP / f"tests/{name}.py"))
            for failure in result.failures:
                yield f"{TARGET.name}: {name}:{failure.line} {failure.case}: {failure.detail}"
    except install.Missing as e:
        raise Failed(str(e)) from None
    finally:
        session.stop()


def read_log(log):
    """[[(address, code)]] of the blocks of instructions that ran."""
    blocks = []
    with open(log, errors="replace") as f:
        for line in f:
            found = re.match(r"0x([0-9a-f]{8}):  ([0-9a-f]{4})(?: ([0-9a-f]{4}))?\b", line)
            if line.startswith("IN:"):
                blocks.append([])
            elif found and blocks:
                halves = [
                    int(half, 16).to_bytes(2, "little") for half in found.groups()[1:] if half
                ]
                blocks[-1].append((int(found[1], 16), b"".join(halves)))
    return [block for block in blocks if block]


def executed(blocks, file):
    """The offsets in the .mpy file of the instructions that ran, wherever it was loaded."""
    blocks = [(block[0][0], b"".join(code for _, code in block), block) for block in blocks]
    bases = Counter()
    for address, code, _ in blocks:
        if len(code) >= 10 and file.count(code) == 1:
            bases[address - file.index(code)] += 1
    found = set()
    for base in [base for base, n in bases.items() if n >= AGREED]:
        for address, code, block in blocks:
            at = address - base
            if 0 <= at and file[at : at + len(code)] == code:
                found.update(a - base for a, _ in block)
    return found


def instructions(target, section):
    said = subprocess.run(
        [TOOLS + "objdump", "-d", "-j", section, target],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for line in said.splitlines():
        found = re.match(r" *([0-9a-f]+):\t[0-9a-f ]+\t(\S+)", line)
        if found and not found[2].startswith("."):
            yield int(found[1], 16)


def lines_of(target, section, folder):
    """{address: {(file, line, function)}} of a section's instructions, inlined ones as well."""
    addresses = list(instructions(target, section))
    said = subprocess.run(
        [TOOLS + "addr2line", "-e", target, "-j", section, "-a", "-i", "-f"],
        input="\n".join(map(hex, addresses)),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = {}
    while said:
        line = said.pop(0)
        if line.startswith("0x"):
            at = found.setdefault(int(line, 16), set())
            continue
        path, _, number = said.pop(0).partition(" ")[0].rpartition(":")
        # The compiler was told to leave out where the repository is, and here puts the folder
        # in which it ran in front of what has been in the repository.
        name = os.path.normpath(path).removeprefix(folder + "/")
        name = name if os.path.exists(TOP / name) else f"{folder}/{name}"
        if re.match(r"(natmod|dynruntime)/", name) and number.isdigit():
            at.add((name, int(number), line.partition(".")[0]))
    return found


def measure():
    """({file: {line: (1 if it ran, function)}}, failures of the scripts)"""
    counts = defaultdict(dict)
    with tempfile.TemporaryDirectory() as scratch:
        log = os.path.join(scratch, "log")
        failures = list(run_scripts(log))
        blocks = read_log(log)
        for module in MODULES:
            folder = objects.FOLDERS[module]
            file = (TOP / f"build/{ARCH}/{module}.mpy").read_bytes()
            ran = executed(blocks, file)
            target = objects.compile_again(ARCH, module, scratch, "-g")
            with open(target, "rb") as f:
                sections = objects.places(ELFFile(f), file)
            for _, section, place, _ in sections:
                if place is None:
                    raise Failed(
                        f"{module}.mpy is not what its object has: make ARCH={ARCH} again"
                    )
                for address, lines in lines_of(target, section, folder).items():
                    for name, line, function in lines:
                        before = counts[name].get(line, (0, ""))[0]
                        counts[name][line] = before | (place + address in ran), function
    return counts, failures
