# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 3600
# long: host
#
# Calls between two emulated Picos, by their own machine.UART and in their own time: the line has
# errors, is cut, and either board is reset. Each call returns the right value, or raises what it
# may raise, in time. Afterwards the line works, and no object is left on the server.

import sys
from ast import literal_eval

sys.path[:0] = ["tests"]

from _pico_pair import calls, resets_of_client  # noqa: E402
from check import case, end, eq, note, true  # noqa: E402
from runner.children import side_by_side  # noqa: E402

RX = 64, 1024
SESSION = 300000  # Microseconds, and some more.


def spread(count):
    """Points in the course of a session."""
    return [SESSION * i // count for i in range(count)]


def counts(line):
    """{result of calls: how many}"""
    return dict(literal_eval(line[line.index("[(") : line.index(")]") + 2]))


@case
def a_thousand_calls():
    line = calls([("errors", (1000, 125))])[0]
    note(line)
    eq(list(counts(line)), ["right"])
    true(counts(line)["right"] > 1000)


@case
def errors():
    def run(kind):
        rx, every = kind
        return calls([("errors", (every, 10))], rx=rx)[0]

    kinds = [(rx, every) for rx in RX for every in (1000, 100)]
    for (rx, _), line in zip(kinds, side_by_side(run, kinds)):
        note(f"rx {rx}: {line}")
        true(counts(line)["right"] > 60)


@case
def cuts():
    lengths = 50, 500, 5000
    lines = side_by_side(lambda ms: calls([("cuts", (ms, spread(10)))])[0], lengths)
    for ms, line in zip(lengths, lines):
        note(line)
        # Short ones delay.
        true(list(counts(line)) == ["right"] if ms < 3000 else counts(line)["timeout"])


@case
def garbage_before_the_hello():
    for line in side_by_side(lambda rx: calls([("none", 1)], rx=rx, garbage=300)[0], RX):
        eq(list(counts(line)), ["right"])


@case
def resets_of_the_server():
    for line in side_by_side(lambda rx: calls([("resets", spread(20))], rx=rx)[0], RX):
        note(line)
        true(counts(line)["reset"] and "timeout" not in counts(line))


@case
def resets_of_the_client():
    for lines in side_by_side(lambda rx: resets_of_client(spread(20), rx), RX):
        eq(lines, ["20 resets"])


end()
