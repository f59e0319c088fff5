#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Show where the emulated Cortex-M3 spends the instructions of one operation.

QEMU logs the address of every instruction; the symbols come from the firmware and from the
module's object files, which must be those that build/armv7m/msgpack.mpy was linked from.
"""

import argparse
import json
import re
import socket
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections import Counter

import cortexm3
import documents
import objects
import onboard
import programs
from elftools.elf.elffile import ELFFile
from operations import OPERATIONS, keyed

MODULE = onboard.TOP / "build/armv7m/msgpack.mpy"
OBJECTS = onboard.TOP / "build/obj/armv7m/msgpack"
OBJDUMP = "arm-none-eabi-objdump"
# The firmware runs this function for every access to mem32.
TIMER_ACCESS = "machine_mem_subscr"


class Monitor:
    """QEMU's monitor, to switch logging on and off."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.replies = self.socket.makefile()
        self.replies.readline()
        self._execute("qmp_capabilities")

    def command(self, line):
        said = self._execute("human-monitor-command", {"command-line": line})
        if said:
            raise onboard.Failed(f"QEMU's monitor: {line}: {said}")

    def _execute(self, name, arguments=None):
        request = {"execute": name, "arguments": arguments or {}}
        self.socket.sendall(json.dumps(request).encode())
        while True:
            reply = json.loads(self.replies.readline())
            if "error" in reply:
                raise onboard.Failed(f"QEMU's monitor: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]


class Symbols:
    """Functions by address, [start, end), sorted."""

    def __init__(self, functions):
        self.functions = sorted(set(functions))
        self.starts = [f[0] for f in self.functions]

    def at(self, address):
        """(start, end, name) or None."""
        i = bisect_right(self.starts, address) - 1
        if i >= 0 and address < self.functions[i][1]:
            return self.functions[i]
        return None


def functions_of(elf, shndx=None):
    """(start, end, name) of each function of an ELF file."""
    for symbol in elf.get_section_by_name(".symtab").iter_symbols():
        if symbol["st_info"]["type"] == "STT_FUNC" and shndx in (None, symbol["st_shndx"]):
            start = symbol["st_value"] & ~1
            yield start, start + max(symbol["st_size"], 2), symbol.name


def firmware_functions(path):
    with open(path, "rb") as f:
        return list(functions_of(ELFFile(f)))


def module_functions(file):
    """The functions of the module, as offsets from the beginning of the .mpy file."""
    contents = file.read_bytes()
    found = []
    for path in sorted(OBJECTS.glob("*.o")):
        with open(path, "rb") as f:
            elf = ELFFile(f)
            for index, _, place, _ in objects.places(elf, contents):
                if place is None:
                    raise onboard.Failed(
                        f"{path.name} is not in {file.name} as it is: make ARCH=armv7m again"
                    )
                for start, end, name in functions_of(elf, index):
                    found.append((start + place, end + place, name))
    return found


def trace(operation, document):
    """(addresses of the instructions in order, where the module's file would lie in memory)"""
    with tempfile.TemporaryDirectory() as folder:
        log, control = f"{folder}/log", f"{folder}/qmp"
        options = ["-D", log, "-qmp", f"unix:{control},server=on,wait=off"]
        board = onboard.start(cortexm3.board(options))
        try:
            source = programs.once(cortexm3, document, operation)
            onboard.run(board, source, f"document {document}")
            monitor = Monitor(control)
            monitor.command("singlestep on")
            monitor.command("log exec,nochain")
            onboard.run(board, "fn(*args)", operation.name)
            monitor.command("log none")
            monitor.command("singlestep off")
            firmware = Symbols(firmware_functions(board.target.interpreter))
            addresses = between_timer_accesses(log, firmware)
            return addresses, firmware, module_place(board, addresses, firmware)
        finally:
            board.stop()


def between_timer_accesses(log, firmware):
    """The addresses between the last access that starts the timer and the one that reads it."""
    with open(log) as f:
        addresses = [int(m[1], 16) for m in re.finditer(r"^Trace .*?\[\w+/(\w+)/", f.read(), re.M)]
    start = {f[0] for f in firmware.functions if f[2] == TIMER_ACCESS}
    if len(start) != 1:
        raise onboard.Failed(f"the firmware has no {TIMER_ACCESS}")
    accesses = [i for i, address in enumerate(addresses) if address in start]
    if len(accesses) != 5:
        raise onboard.Failed(f"{len(accesses)} accesses to the timer in the log, not 5")
    return addresses[accesses[3] : accesses[4]]


def module_place(board, addresses, firmware):
    """The address that the first byte of the module's file would have; None if it did not run."""
    contents = MODULE.read_bytes()
    for address in sorted({a for a in addresses if not firmware.at(a)}):
        source = f"print([mem32[{address & ~3} + i] for i in range(0, 48, 4)])"
        words = eval(onboard.run(board, source, "memory"))
        code = b"".join((w & 0xFFFFFFFF).to_bytes(4, "little") for w in words)
        if contents.count(code) == 1:
            return (address & ~3) - contents.index(code)
    return None


def show(addresses, symbols, place, limit):
    counts, calls = Counter(), Counter()
    for address in addresses:
        function = symbols.at(address)
        counts[function] += 1
        calls[function] += bool(function and function[0] == address)
    total = len(addresses)
    print(f"{total} instructions; * marks functions of the module")
    print(f"{'self':>9}{'%':>7}{'calls':>8}{'each':>8}  function")
    for function, n in counts.most_common(limit):
        name = function[2] if function else "(unknown)"
        if function and place is not None and function[0] >= place:
            name = "*" + name
        entered = calls[function]
        each = f"{n / entered:.1f}" if entered else "-"
        print(f"{n:>9}{100 * n / total:>7.1f}{entered:>8}{each:>8}  {name}")
    ours = sum(n for f, n in counts.items() if f and place is not None and f[0] >= place)
    print(f"{ours:>9}{100 * ours / total:>7.1f}{'':>16}  all of the module")


def show_instructions(name, addresses, symbols, board_elf):
    """The instructions of one function with how often each ran."""
    wanted = [f for f in symbols.functions if f[2] == name]
    if not wanted:
        raise onboard.Failed(f"no function {name}")
    ran = Counter(addresses)
    for start, end, _ in wanted:
        counts = {a - start: n for a, n in ran.items() if start <= a < end}
        if counts:
            print(f"\n{name}")
            for offset, text in disassembly(name, board_elf):
                print(f"{counts.get(offset, ''):>9}  {text}")


def disassembly(name, board_elf):
    """(offset in the function, text) of each instruction."""
    for file in [*sorted(OBJECTS.glob("*.o")), board_elf]:
        output = subprocess.run(
            [OBJDUMP, "-d", "-r", f"--disassemble={name}", file], capture_output=True, text=True
        ).stdout
        start = re.search(rf"^([0-9a-f]+) <{name}>:$", output, re.M)
        if start:
            for line in output[start.end() :].splitlines():
                m = re.match(r" *([0-9a-f]+):\t(.*)", line)
                if m:
                    # Relocations follow their instruction as lines of their own.
                    at = -1 if "R_ARM" in line else int(m[1], 16) - int(start[1], 16)
                    yield at, m[2].expandtabs()
            return


def main(argv):
    parser = argparse.ArgumentParser(prog="bench/profile.py", description=__doc__.split("\n")[0])
    parser.add_argument("operation", help="as bench/run.py names it; its beginning is enough")
    parser.add_argument("document", choices=documents.DOCUMENTS)
    parser.add_argument("-n", type=int, default=40, help="how many functions to show")
    parser.add_argument("--function", action="append", default=[], help="show its instructions")
    args = parser.parse_args(argv)
    operations = [
        o
        for o in (*OPERATIONS, *keyed(args.document))
        if o.name.startswith(args.operation) and programs.possible(o, args.document)
    ]
    if not operations:
        parser.error("no such operation; bench/run.py --list names them")
    try:
        addresses, firmware, place = trace(operations[0], args.document)
        functions = firmware.functions
        if place is not None:
            functions = functions + [
                (start + place, end + place, name) for start, end, name in module_functions(MODULE)
            ]
        symbols = Symbols(functions)
        show(addresses, symbols, place, args.n)
        elf = cortexm3.TARGET.interpreter
        for name in args.function:
            show_instructions(name, addresses, symbols, elf)
    except (onboard.Failed, onboard.install.Missing) as e:
        print(f"profile: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
