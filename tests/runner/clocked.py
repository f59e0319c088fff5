# SPDX-License-Identifier: MIT
"""The documents of the bench by a board's own clock: msgpack and its json."""

import sys

from . import asking
from .paths import TOP

sys.path.append(str(TOP / "bench"))

import documents  # noqa: E402

import remote  # noqa: E402
from shapes import OneOf  # noqa: E402

# Runs on the board, with `text`. Calls are timed together until a clock that counts milliseconds
# would do, but not so many that their results fill the heap, for no collection may be among them.
PROGRAM = """
import gc, json, msgpack, time
doc = json.loads(text)
data = msgpack.packb(doc)
def timed(f, x, n):
    gc.collect()
    t = time.ticks_us()
    for _ in range(n):
        f(x)
    return time.ticks_diff(time.ticks_us(), t)
def measure(f, x):
    f(x)
    gc.collect()
    before = gc.mem_alloc()
    f(x)
    size = max(gc.mem_alloc() - before, 16)
    most = max(gc.mem_free() // 2 // size, 1)
    n = min(max(20000 // max(timed(f, x, 1), 1), 1), most)
    return min(timed(f, x, n) for _ in range(5)) / n
print('@deploy', repr((measure(msgpack.packb, doc), measure(json.dumps, doc),
    measure(msgpack.unpackb, data), measure(json.loads, text))))
"""
MEASURED = (OneOf(int, float),) * 4


def measure(session):
    """{document: microseconds of packb, json.dumps, unpackb and json.loads, or why not}"""
    results = {}
    for name in documents.JSON_DOCUMENTS:
        shown = f"{name}: {documents.CONTENTS[name]}"
        try:
            session.begin()
            source = f"text = {documents.json_of(name)!r}\n{PROGRAM}"
            results[shown] = asking.evaluate(session.device, source, MEASURED)
        except remote.Failure as e:
            results[shown] = str(e).splitlines()[-1]
    return results
