"""Counts instructions and heap bytes on the emulated Cortex-M3.

With -icount shift=6 an instruction takes 64 ns, and CMSDK timer 0 counts down at 25 MHz.
"""

import re
import sys
from pathlib import Path

import documents

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests"))

from runner import install, targets
from runner.board import Board

ICOUNT = 6

PREAMBLE = """\
import gc, io, json
from machine import mem32

# The collector's search begins at the first hole in the heap. With all holes filled up to where
# the free rest begins, each run finds the heap alike.
def fill(n):
    top = id((None,) * n)
    x = 0.5
    while id(x) < top or id(x) & 63 != 48:
        x += 0.5

def prepare(fn, f, x):
    gc.enable()
    gc.collect()
    gc.disable()
    stream = io.BytesIO()
    fill(32768)
    args = f, x, io.BytesIO, stream, stream.seek
    fn(*args)
    fill(2048)
    return args

def runs(fn, f, x):
    args = prepare(fn, f, x)
    results = []
    for i in range(3):
        results.append(fn(*args))
        fill(2048)
    return results

def overhead(f, x, BytesIO, stream, seek):
    heap = gc.mem_alloc()
    mem32[0x40000000] = 0
    mem32[0x40000008] = 0x3FFFFFFF
    mem32[0x40000004] = 0x3FFFFFFF
    mem32[0x40000000] = 1
    t = mem32[0x40000004]
    return t, gc.mem_alloc() - heap
"""

FUNCTION = """
def fn(f, x, BytesIO, stream, seek):
    heap = gc.mem_alloc()
    mem32[0x40000000] = 0
    mem32[0x40000008] = 0x3FFFFFFF
    mem32[0x40000004] = 0x3FFFFFFF
    mem32[0x40000000] = 1
    {statement}
    t = mem32[0x40000004]
    return t, gc.mem_alloc() - heap
"""


class Failed(Exception):
    pass


def program(document, operations, run=True):
    """The program that measures operations on one document; it prints a line for each.

    Without `run` it leaves the last one to be run by `fn(*prepared)`.
    """
    lines = [PREAMBLE, "import msgpack"]
    lines.append(f"data = {documents.msgpack_of(document, single=True)!r}")
    if document in documents.JSON_DOCUMENTS:
        lines.append(f"text = {documents.json_of(document)!r}")
    lines.append("doc = msgpack.unpackb(data)")
    for o in operations:
        lines.append(FUNCTION.format(statement=o.statement))
        call = f"(fn, {o.function}, {o.argument})"
        if run:
            lines.append(f"print('@', {o.name!r}, runs{call}, runs(overhead, None, None))")
        else:
            lines.append(f"prepared = prepare{call}")
    return "\n".join(lines)


def start(options=()):
    """A board with our module on it, ready to run programs."""
    board = Board(targets.select(["mps2-an385/armv7m"])[0], ICOUNT, options)
    try:
        board.start()
        board.run("import os; os.mkdir('/lib')", 60)
        for file in install.module_files(board.target, ["msgpack"]):
            install.put(board, file, f"/lib/{file.name}")
        board.soft_reset()
    except Exception:
        board.stop()
        raise
    return board


def run(board, source, what):
    output, error = board.run(source, 120)
    if error:
        raise Failed(f"{what}:\n{output}{error}")
    return output


def measure(names, operations):
    """{operation: {document: (instructions, heap bytes)}}"""
    results = {o.name: {} for o in operations}
    board = start()
    try:
        for name in names:
            possible = [o for o in operations if name in documents.JSON_DOCUMENTS or not o.is_json]
            output = run(board, program(name, possible), f"document {name}")
            for operation, counts in read(output).items():
                results[operation][name] = counts
            board.soft_reset()
    finally:
        board.stop()
    return results


def read(output):
    results = {}
    for line in output.splitlines():
        if line.startswith("@"):
            operation = re.match(r"@ (.*?) \[", line)[1]
            taken, overhead = eval(line[len(operation) + 3 :].replace("] [", "], ["))
            ticks = sorted(t for t, _ in overhead)[1] - sorted(t for t, _ in taken)[1]
            results[operation] = (ticks * 40 // 64, taken[1][1])
    return results
