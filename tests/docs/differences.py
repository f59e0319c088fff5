# SPDX-License-Identifier: MIT
# targets: host
# needs: msgpack
#
# The tables of differences in natmod/msgpack/README.md, by running all that they compare.

import array
import io
import re

import msgpack
from _documents import BUILD, INTERPRETER, TOP, prompt
from check import case, end, eq, skip, true

README = (TOP / "natmod/msgpack/README.md").read_text()
IMPORTS = ("import msgpack\n", "from msgpack import *\n", "from io import BytesIO\n")
IMPORTS += ("from array import array\n",)
HOOKS = """def outcomes():
    unpacker = msgpack.Unpacker(ext_hook=lambda code, data: [][0])
    unpacker.feed(b"\\x92\\xd4\\x01a\\x05\\x07")
    found = []
    for i in range(3):
        try:
            found.append(unpacker.unpack())
        except Exception as e:
            found.append(type(e).__name__)
    return found

"""


def rows(heading):
    """The (expression, here, there) of a table."""
    section = README[README.index(f"## {heading}\n") :].split("\n## ")[0]
    found = re.findall(r"^\| `(.*)` \| `(.*)` \| `(.*)` \|$", section, re.M)
    eq(len(found), section.count("\n| `"))
    true(len(found) > 5)
    return found


def ours(expressions, before=()):
    for file in (INTERPRETER, BUILD / "x64/msgpack.mpy"):
        if not file.exists():
            skip(f"{file.relative_to(TOP)} has not been built")
    first = [*IMPORTS, *before]
    outputs = prompt(first + [f"print(repr({e}))\n" for e in expressions])
    return [output.strip() for output in outputs[len(first) :]]


def theirs(module, expressions, before=()):
    names = dict(vars(module), msgpack=module, BytesIO=io.BytesIO, array=array.array)
    for source in before:
        exec(source, names)
    found = []
    for expression in expressions:
        try:
            found.append(repr(eval(expression, names)))
        except Exception as e:
            found.append(type(e).__name__)
    return found


def differ(outputs, cells):
    """Where an output is neither the cell's value nor its exception."""
    return [(o, c) for o, c in zip(outputs, cells) if c != o and c != re.split("[: ]", o)[0]]


@case
def cpython_msgpack():
    expressions, here, there = zip(*rows("Differences from CPython's msgpack"))
    eq(differ(ours(expressions), here), [])
    eq(differ(theirs(msgpack, expressions), there), [])
    eq([e for e, a, b in zip(expressions, here, there) if a == b], [])


@case
def hooks():
    eq(ours(["outcomes()"], [HOOKS]), ["['IndexError', 7, 'OutOfData']"])
    eq(theirs(msgpack, ["outcomes()"], [HOOKS]), ["['IndexError', 'IndexError', 'IndexError']"])


@case
def umsgpack():
    expressions, here, there = zip(*rows("Differences from umsgpack"))
    eq(differ(ours(expressions), here), [])
    try:
        import umsgpack
    except ImportError:
        skip("python3-u-msgpack is not installed")
    eq(differ(theirs(umsgpack, expressions), there), [])


end()
