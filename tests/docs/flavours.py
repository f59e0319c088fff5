# SPDX-License-Identifier: MIT
# targets: host
# needs: msgpack
#
# The table of differences in natmod/msgpack/small/README.md, by running all that it compares.

import re
import shutil
import tempfile
from pathlib import Path

from _documents import BUILD, INTERPRETER, TOP, prompt
from check import case, end, eq, skip, true

README = TOP / "natmod/msgpack/small/README.md"
NAMES = "pack packb unpack unpackb ExtType ExtraData FormatError StackError OutOfData"
FIRST = [
    "import msgpack\n",
    "from io import BytesIO\n",
    "from array import array\n",
    f"from msgpack import {', '.join(NAMES.split())}\n",
    "class Mixin: pass\n",
    "class Mixed(Mixin, list): pass\n",
    "class Bytes(bytes): pass\n",
    """class ReadsStr:
    def __init__(self, text):
        self.text = text
    def read(self, n):
        return self.text
""",
    """class Proxy:
    def __init__(self, stream):
        self.stream = stream
    def __getattr__(self, name):
        if name == "read":
            return self.stream.read
        raise AttributeError(name)
""",
    """class Pauses:
    paused = False
    def write(self, data):
        if not self.paused:
            self.paused = True
            raise OSError(11)
""",
    """class Returns:
    def __init__(self, result):
        self.result = result
    def write(self, data):
        return self.result
""",
    """class Large:
    start = b"\\xc6\\0\\x80\\0\\0"
    left = 5 + 0x800000
    def read(self, n):
        n = min(n, self.left)
        self.left -= n
        data, self.start = self.start[:n], self.start[n:]
        return data + bytes(n - len(data))
""",
    """def is_inside(stream):
    try:
        unpack(stream)
    except MemoryError:
        return stream.left > 0
""",
]


def rows():
    """The (expression, small, full) of the table."""
    section = README.read_text().split("\n## Differences from the full flavour\n")[1]
    found = re.findall(r"^\| `(.*)` \| `(.*)` \| `(.*)` \|$", section, re.M)
    eq(len(found), section.count("\n| `"))
    true(len(found) > 10)
    return found


def outputs(file, expressions):
    """What the prompt prints for each, with only the module's file on the path."""
    for needed in (INTERPRETER, file):
        if not needed.exists():
            skip(f"{needed.relative_to(TOP)} has not been built")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(file, Path(folder, "msgpack.mpy"))
        got = prompt(FIRST + [f"print(repr({e}))\n" for e in expressions], folder)
    eq("".join(got[: len(FIRST)]), "")
    return [output.strip() for output in got[len(FIRST) :]]


def differ(expressions, outputs, cells):
    """Where an output is neither the cell's value nor its exception."""
    found = zip(expressions, outputs, cells)
    return [(e, o, c) for e, o, c in found if c not in (o, re.split("[: ]", o)[0])]


@case
def small():
    expressions, cells, _ = zip(*rows())
    eq(differ(expressions, outputs(BUILD / "small/x64/msgpack.mpy", expressions), cells), [])


@case
def full():
    expressions, _, cells = zip(*rows())
    eq(differ(expressions, outputs(BUILD / "x64/msgpack.mpy", expressions), cells), [])


@case
def each_row_is_a_difference():
    eq([expression for expression, a, b in rows() if a == b], [])


end()
