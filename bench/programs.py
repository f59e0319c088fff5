# SPDX-License-Identifier: MIT
"""The MicroPython programs that measure, for the board and for unix alike.

A program decodes its document from bytes or text, so that the document's strings are not interned,
and runs each operation twice: the first run does not count.

What an operation costs depends on the heap, whose free blocks are searched from the first one on.
So that the program does not matter, the heap is made alike before each run: everything below a
certain address is taken, then comes a row of holes, then free memory. It also depends on how many
strings are interned. recorded.json says with which holes, and how many names, stock json costs
what was recorded for it together with the figures of the other codecs.
"""

import documents

# A block has four words. The collector's table has one byte for four blocks.
PREAMBLE = """\
import gc, io, json
{imports}

def take_all(n):
    # Free memory begins after a large object, as small ones fill the holes before it.
    global taken
    top = id((None,) * n)
    while id(taken) < top or id(taken) & {mask} != {last}:
        taken = (taken,)

def make_holes(sizes):
    global taken, first_hole
    gc.enable()
    taken = None
    gc.collect()
    gc.disable()
    taken = (taken,)
    take_all(16384)
    kept = [None] * len(sizes)
    take_all(1024)
    first_hole = id(taken) + 1
    for i in range(len(sizes)):
        kept[i] = (None,) * (4 * sizes[i] - 2)
        taken = (taken,)

def go_to_first_hole():
    gc.collect()
    # take_all's large object has left the only gap of its size, which this fills at once.
    x = (None,) * 16384
    x = 0.5
    while id(x) < first_hole:
        x += 0.5

def empty(f, x, BytesIO, stream, seek):
    before = gc.mem_alloc()
    {start}
    {stop}
    return t, gc.mem_alloc() - before

def prepare(fn, f, x):
    stream = io.BytesIO()
    args = f, x, io.BytesIO, stream, stream.seek
    make_holes({holes})
    fn(*args)
    return args

def measure(name, fn, f, x):
    args = prepare(fn, f, x)
    go_to_first_hole()
    nothing = empty(*args)
    go_to_first_hole()
    print("@", name, "@", nothing, "@", fn(*args))
"""

FUNCTION = """\
def fn(f, x, BytesIO, stream, seek):
    before = gc.mem_alloc()
    {start}
    {statement}
    {stop}
    return t, gc.mem_alloc() - before
"""


def begin(machine, names, imports=()):
    """The beginning of a program for a machine, see cortexm3.py and x64.py.

    `names` are interned, as a program's own are.
    """
    block = 4 * machine.WORD
    return PREAMBLE.format(
        imports="\n".join([*(f"import {m}" for m in imports), machine.IMPORTS]),
        mask=4 * block - 1,
        last=3 * block,
        holes=list(machine.HOLES),
        start=machine.START,
        stop=machine.STOP,
    ) + "".join(f"{name} = None\n" for name in names)


def contents(document, machine, codec):
    """Lines that define the document: as MessagePack, as JSON and decoded."""
    lines = [f"data = {documents.msgpack_of(document, machine.SINGLE)!r}"]
    if document in documents.JSON_DOCUMENTS:
        lines.append(f"text = {documents.json_of(document)!r}")
    decoding = {"msgpack": "msgpack.unpackb(data)", "json": "json.loads(text)"}
    lines.append(f"doc = {decoding[codec]}")
    return "\n".join(lines) + "\n"


def function(operation, machine):
    statement = operation.statement.replace("\n", "\n    ")
    return FUNCTION.format(start=machine.START, statement=statement, stop=machine.STOP)


def measuring(operation, machine):
    """Lines that measure an operation and print "@ name @ (time, heap) @ (time, heap)"."""
    call = f"measure({operation.name!r}, fn, {operation.function}, {operation.argument})\n"
    return function(operation, machine) + call


def possible(operation, document):
    return not operation.is_json or document in documents.JSON_DOCUMENTS


def program(machine, document, operations):
    """Measures operations on a document, with our module imported."""
    text = begin(machine, machine.DOCUMENT_NAMES, ["msgpack"]) + contents(
        document, machine, "msgpack"
    )
    return text + "".join(measuring(o, machine) for o in operations if possible(o, document))


def once(machine, document, operation):
    """Prepares the measured state, in which `fn(*args)` then runs the operation."""
    text = begin(machine, machine.DOCUMENT_NAMES, ["msgpack"])
    text += contents(document, machine, "msgpack") + function(operation, machine)
    text += f"args = prepare(fn, {operation.function}, {operation.argument})\n"
    return text + "go_to_first_hole()\n"


def reference(machine, document, operations):
    """Measures stock json in the state in which the figures were recorded, without our module."""
    text = begin(machine, machine.DOCUMENT_NAMES + machine.OTHER_NAMES) + contents(
        document, machine, "json"
    )
    return text + "".join(measuring(o, machine) for o in operations)


def read(output):
    """{operation: ((time, heap) of nothing, (time, heap))} of what the program printed."""
    results = {}
    for line in output.splitlines():
        if line.startswith("@ "):
            _, name, nothing, taken = line.split("@")
            results[name.strip()] = eval(nothing), eval(taken)
    return results
