# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 1200
# long: host
#
# coprocessor.json was measured with this code, or with code that is nearly as fast; and data fill
# three quarters of the line.

import json

import _bench  # noqa: F401  (which makes the bench importable)
from check import case, end, eq, note, true

import coprocessor

LEAST = 0.75 * coprocessor.BAUD / 10


def flat(found):
    """{name of a figure: figure}"""
    figures = {f"call {name}": n for name, n in found["call"].items()}
    for what in "rpc", "tasks", "socket":
        for size, rates in found[what].items():
            figures[f"{what} {size} sent"], figures[f"{what} {size} received"] = rates
    return figures


@case
def near_the_results():
    measured = flat(coprocessor.measure())
    written = flat(json.loads(coprocessor.FILE.read_text()))
    eq(set(measured), set(written))
    for name, n in measured.items():
        true(0.9 < n / written[name] < 1.1 or print(name, n, written[name]))
        # A call of rpc waits for its answer, so less than that travels in blocks of 1 kB.
        if not name.startswith(("call", "rpc 1024", "tasks")):
            true(n >= LEAST or print(name, n))
    note(f"{measured['call per second']} calls a second")


end()
