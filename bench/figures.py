# SPDX-License-Identifier: MIT
"""The bench's results as results.json holds them, and what follows from them.

{"build": {...}, machine: {unit: {operation: {document: n}}, "heap": the same,
"reference": instructions of stock json in the recorded state, "mhz": n,
"small": counts of the small flavour of msgpack}}

The unit is what the machine counts. Only one that counts cycles has a clock, and only one for
which other codecs were recorded has a reference.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import documents
import recorded
from operations import C2020_PEER, JSON_PEER

FILE = Path(__file__).parent / "results.json"
TOLERANCE = 0.01


@dataclass(frozen=True)
class Machine:
    about: str
    unit: str = "instructions"


MACHINES = {
    "rpi-pico": Machine("an emulated Raspberry Pi Pico", "cycles"),
    "cortex-m3": Machine("an emulated Cortex-M3"),
    "x64": Machine("x64"),
}
SMALL = "small"
# The two forms of one document count once in means.
VARIANTS = ("gx",)


class Deviation(Exception):
    """The figures of stock json differ from those that were recorded."""


def load():
    return json.loads(FILE.read_text())


def save(results):
    """JSON with one operation per line, so that diffs are legible."""
    text = json.dumps(results, indent=2)
    rows = json.dumps
    machines = []
    for machine in MACHINES:
        kinds = []
        for kind, by_operation in results[machine].items():
            value = rows(by_operation)
            if isinstance(by_operation, dict):
                lines = [f"      {rows(o)}: {rows(row)}" for o, row in by_operation.items()]
                value = "{\n" + ",\n".join(lines) + "\n    }"
            kinds.append(f'    "{kind}": {value}')
        machines.append(f'  "{machine}": {{\n' + ",\n".join(kinds) + "\n  }")
    build = json.dumps({"build": results["build"]}, indent=2)[2:-2]
    text = "{\n" + ",\n".join([build, *machines]) + "\n}\n"
    FILE.write_text(text)


def counted(machine, results):
    """{operation: {document: count}} of a machine, in its unit."""
    return results[machine][MACHINES[machine].unit]


def with_small(machine, measured):
    """The counts of a machine, with those of the small flavour in place of the full one's."""
    return {**measured[MACHINES[machine].unit], **measured[SMALL]}


def microseconds(row, mhz):
    """{document: time, as whole microseconds} of cycles."""
    return {name: round(n / mhz) for name, n in row.items()}


def mean(ratios):
    """The geometric mean."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def plain(ratios):
    """The documents that count in means."""
    return [r for name, r in ratios.items() if name not in VARIANTS]


def of_c2020(machine, operation, row):
    """{document: our instructions divided by the C module's}"""
    peer = C2020_PEER.get(operation)
    theirs = recorded.figures(machine, f"C 2020 {peer}")
    return {n: row[n] / theirs[n] for n in documents.DOCUMENTS if n in row and n in theirs}


def times_json(rows, operation):
    """{document: json's figure divided by ours}"""
    theirs = rows.get(JSON_PEER.get(operation), {})
    row = rows[operation]
    return {n: theirs[n] / row[n] for n in documents.DOCUMENTS if n in row and n in theirs}


def check_reference(machine, reference):
    """Raise Deviation unless json needs what was recorded for it, within TOLERANCE."""
    wrong = []
    for operation, row in reference.items():
        for name, expected in recorded.figures(machine, operation).items():
            if name in row and abs(row[name] / expected - 1) > TOLERANCE:
                percent = 100 * (row[name] / expected - 1)
                wrong.append(
                    f"  {operation} {name}: {row[name]}, not {expected} ({percent:+.2f} %)"
                )
    if wrong:
        raise Deviation(
            f"{machine}: stock json does not need what it needed when the figures of the C module "
            "of 2020 were recorded, so they do not compare with this build's:\n"
            + "\n".join(wrong)
            + "\nIs this another MicroPython, compiler or QEMU than results.json names?"
        )
