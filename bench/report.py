# SPDX-License-Identifier: MIT
"""Tables for people, in the terminal and in the documents, and the charts."""

import json
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))

import chart
import documents
import figures
import recorded
import tables
from operations import C2020_PEER, C2020_WANTED, JSON_PEER, JSON_WANTED
from operations import SMALL_C2020_WANTED, SMALL_JSON_WANTED

HERE = Path(__file__).parent
TOP = HERE.parent
# The written text is between <!-- bench NAME --> and <!-- end of bench NAME -->.
SIZES = ("mpy", "text", "rodata", "bss", "import", "use")
FILES = (HERE / "README.md",)
SMALL = figures.SMALL


def table(machine, measured):
    """Lines for the terminal."""
    unit = figures.MACHINES[machine].unit
    rows = measured[unit]
    names = [n for n in documents.DOCUMENTS if any(n in row for row in rows.values())]

    def line(title, cells, more=""):
        cells = "".join(f"{cells.get(n, '-'):>9}" for n in names)
        return f"  {title:24}{cells}  {more}".rstrip()

    yield line(f"{machine}", {n: n for n in names}).lstrip()
    for kind, title in ((unit, unit), ("heap", "bytes of heap")):
        yield title
        for operation, row in measured[kind].items():
            yield line(operation, row)
    if recorded.has(machine):
        yield "instructions as part of what the C module of 2020 needed"
    for operation, row in rows.items():
        ratios = figures.of_c2020(machine, operation, row)
        if ratios:
            yield line(operation, rounded(ratios), c2020_summary(machine, operation, ratios))
    yield "how many times as many json needs"
    for operation in rows:
        ratios = figures.times_json(rows, operation)
        if ratios:
            yield line(operation, rounded(ratios), json_summary(machine, operation, ratios))

    if SMALL in measured:
        yield from small_table(machine, measured, line)


def small_table(machine, measured, line):
    """The same of the small flavour of msgpack."""
    yield f"{machine}, small flavour"
    rows = figures.with_small(machine, measured)
    for operation, row in measured[SMALL].items():
        yield line(operation, row)
        ratios = figures.of_c2020(machine, operation, row)
        if ratios:
            most = SMALL_C2020_WANTED.get(operation)
            mean = (
                f"mean {figures.mean(figures.plain(ratios)):.3f}" if figures.plain(ratios) else ""
            )
            wanted = f" (wanted: {most})" if most else ""
            yield line("  of the C module's", rounded(ratios), mean + wanted)
        ratios = figures.times_json(rows, operation)
        if ratios:
            least = SMALL_JSON_WANTED.get(operation)
            wanted = f" (wanted: {least})" if least else ""
            text = f"least {min(ratios.values()):.2f}{wanted}"
            yield line("  times faster than json", rounded(ratios), text)


def rounded(ratios):
    return {n: f"{r:.2f}" for n, r in ratios.items()}


def c2020_summary(machine, operation, ratios):
    ratios = figures.plain(ratios)
    text = f"mean {figures.mean(ratios):.3f}, most {max(ratios):.2f}" if ratios else ""
    if machine == "cortex-m3" and operation in C2020_WANTED:
        text += " (wanted: {}, {})".format(*C2020_WANTED[operation])
    return text


def json_summary(machine, operation, ratios):
    text = f"least {min(ratios.values()):.2f}"
    if machine == "cortex-m3" and operation in JSON_WANTED:
        text += f" (wanted: {JSON_WANTED[operation]})"
    return text


def markdown(head, rows, names=1):
    """A table whose first columns are names, the others figures."""
    lines = [head, ["---"] * names + ["--:"] * (len(head) - names), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def cells(row):
    return [row.get(n, "–") for n in documents.DOCUMENTS]


def summary(results):
    """The summary in the bench's README: the Cortex-M3, and the ratios."""
    rows = results["cortex-m3"]["instructions"]
    body = []
    for operation in ("packb", "pack, reused BytesIO", "unpackb"):
        row = rows[operation]
        body.append([f"`{operation}`", *cells(row)])
        if operation in JSON_PEER:
            ratios = rounded(figures.times_json(rows, operation))
            body.append(["times faster than json", *cells(ratios)])
        ratios = rounded(figures.of_c2020("cortex-m3", operation, row))
        body.append(["part of the C module's", *cells(ratios)])
    return markdown(["", *documents.DOCUMENTS], body)


def details(machine, results):
    """All tables of one machine, for the bench's README."""
    measured = results[machine]
    names = list(documents.DOCUMENTS)
    rows = figures.counted(machine, results)
    mhz = measured.get("mhz")
    parts = []
    if mhz:
        body = [[o, *cells(figures.microseconds(row, mhz))] for o, row in rows.items()]
        parts.append(markdown([f"Microseconds at {mhz} MHz", *names], body))
    unit = figures.MACHINES[machine].unit
    for kind, title in ((unit, unit.capitalize()), ("heap", "Bytes of heap")):
        body = [[o, *cells(row)] for o, row in measured[kind].items()]
        parts.append(markdown([title, *names], body))
    body = []
    for operation in C2020_PEER if recorded.has(machine) else ():
        ratios = figures.of_c2020(machine, operation, rows[operation])
        mean = f"{figures.mean(figures.plain(ratios)):.3f}"
        body.append([operation, *cells(rounded(ratios)), mean])
    if body:
        parts.append(markdown(["Part of the C module's", *names, "mean"], body))
    body = []
    for operation in JSON_PEER:
        ratios = figures.times_json(rows, operation)
        if ratios:
            body.append([operation, *cells(rounded(ratios)), f"{min(ratios.values()):.2f}"])
    parts.append(markdown(["Times faster than json", *names, "least"], body))
    return "\n".join(parts)


def small(machine, results):
    """The tables of the small flavour of msgpack, for the bench's README."""
    measured = results[machine]
    names = list(documents.DOCUMENTS)
    unit = figures.MACHINES[machine].unit
    rows = figures.with_small(machine, measured)
    ours, c2020, json_ = [], [], []
    for operation, row in measured[SMALL].items():
        ours.append([operation, *cells(row)])
        ratios = figures.of_c2020(machine, operation, row)
        if ratios:
            mean = f"{figures.mean(figures.plain(ratios)):.3f}"
            c2020.append([operation, *cells(rounded(ratios)), mean])
        ratios = figures.times_json(rows, operation)
        if ratios:
            json_.append([operation, *cells(rounded(ratios)), f"{min(ratios.values()):.2f}"])
    return "\n".join(
        [
            markdown([unit.capitalize(), *names], ours),
            markdown(["Part of the C module's", *names, "mean"], c2020),
            markdown(["Times faster than json", *names, "least"], json_),
        ]
    )


def sizes():
    """The budget of sizes, for the bench's README."""
    budget = json.loads((HERE / "budget.json").read_text())
    rows = [
        [name, module, *(found.get(what, "–") for what in SIZES)]
        for name, modules in budget.items()
        for module, found in modules.items()
    ]
    return markdown(["ARCH or board", "module", *SIZES], rows, names=2)


def stack():
    """The budget of the C stack, and the measured figures, for the bench's README."""
    budget = json.loads((HERE / "stack.json").read_text())
    columns = ("armv6m", "armv7m", "measured")
    rows = [
        [module, f"`{entry}`", *(row.get(column, "–") for column in columns)]
        for module, entries in budget.items()
        for entry, row in entries.items()
    ]
    return markdown(["module", "function", *columns], rows, names=2)


def made_of(results):
    """The build that results.json describes."""
    return "".join(f"- {what}: `{value}`\n" for what, value in results["build"].items())


def contents(results):
    """{file: what it must contain}"""
    pieces = {
        "summary": summary(results),
        "build": made_of(results),
        "sizes": sizes(),
        "small": small("cortex-m3", results),
        "stack": stack(),
        **{machine: details(machine, results) for machine in figures.MACHINES},
    }
    found = {}
    for file in FILES:
        found[file] = re.sub(
            r"(<!-- bench (\S+) -->\n).*?(<!-- end of bench \2 -->)",
            lambda m: f"{m[1]}{pieces[m[2]]}{m[3]}",
            file.read_text(),
            flags=re.S,
        )
    for machine in figures.MACHINES:
        found[HERE / f"{machine}.svg"] = chart.draw(machine, figures.counted(machine, results))
    return found


def write(results):
    """Write the documents and the charts; yield which."""
    for file, text in contents(results).items():
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
            yield file.relative_to(TOP)
    yield from tables.write()
