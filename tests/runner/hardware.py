# SPDX-License-Identifier: MIT
"""The report about a run on a real board, and its row in docs/hardware.md."""

import re
import subprocess

from .asking import ASKED
from .paths import BUILD, TOP
from .report import Report

from printing import printable

FOLDER = BUILD / "hardware"
TABLE = TOP / "docs/hardware.md"
COLUMNS = ("board", "firmware", "ARCH", "modules", "passed, failed, skipped", "RAM, bytes")
COLUMNS += ("packing, times faster than json", "unpacking, times faster than json")
ROW = re.compile(
    r"\| [^|]+ \| v\d+\.\d+[^|]* \| [a-z0-9]+ \| \d[^|]* \| \d+, \d+, \d+ \| \d+(,\d{3})* \|"
    r"( [\d.]+–[\d.]+ \| [\d.]+–[\d.]+ \|| – \| – \|)"
)


def version():
    """That of the modules, with the commit if git knows it."""
    text = (TOP / "VERSION").read_text().strip()
    git = ["git", "-C", TOP, "describe", "--always", "--dirty", "--abbrev=9", "--exclude=*"]
    try:
        found = subprocess.run(git, capture_output=True, text=True).stdout.strip()
    except OSError:
        found = ""
    return f"{text} {found}".strip()


def firmware(facts):
    return "v" + ".".join(str(part) for part in facts.version)


def ratios(speed, ours):
    """The least and the greatest ratio of json's time to ours, of which `ours` is the place."""
    found = [v[ours + 1] / v[ours] for v in speed.values() if isinstance(v, list)]
    return f"{min(found):.1f}–{max(found):.1f}" if found else "–"


def modules(session):
    return version() + (", small msgpack" if session.target.is_small else "")


def row(session, report, speed):
    """The line to copy into docs/hardware.md."""
    facts = session.facts
    counts = f"{report.passed}, {report.failed}, {report.skipped}"
    ram = f"{sum(session.ram.values()):,}"
    board = facts.machine.replace("|", "/")
    times = ratios(speed, 0), ratios(speed, 2)
    cells = (board, firmware(facts), facts.arch, modules(session), counts, ram, *times)
    return "| " + " | ".join(cells) + " |"


def speed_table(speed):
    yield "| document | `packb` | `json.dumps` | ratio | `unpackb` | `json.loads` | ratio |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for name, times in speed.items():
        if isinstance(times, str):
            yield f"| {name} | {times} | | | | | |"
            continue
        pack, dumps, unpack, loads = times
        yield (
            f"| {name} | {pack:.0f} | {dumps:.0f} | {dumps / pack:.1f} "
            f"| {unpack:.0f} | {loads:.0f} | {loads / unpack:.1f} |"
        )


def text(session, report, speed, minutes, is_part):
    """The whole report, in Markdown; one of a part of the tests has no row."""
    facts = session.facts
    has = [name for name in ASKED if name not in facts.lacks]
    boot = session.device.boot_output.strip()
    about = {
        "board": f"{facts.machine} ({facts.platform})",
        "firmware": f"MicroPython {firmware(facts)} ({facts.build.split(';')[-1].strip()})",
        "ARCH": facts.arch,
        "modules": modules(session),
        "heap": f"{facts.heap:,} bytes",
        "C stack": f"{facts.stack:,} bytes, {facts.levels} levels of Python calls",
        "has": ", ".join(has) or "–",
        "lacks": ", ".join(facts.lacks) or "–",
        "boot.py": f"prints `{boot.splitlines()[0]}`" if boot else "prints nothing",
        "tests": f"{report.passed} passed, {report.failed} failed, {report.skipped} skipped",
        "took": f"{minutes:.1f} minutes, {session.written:,} bytes written",
    }
    lines = [f"# mpy-natmods {version()} on {facts.machine}", "", "| | |", "|---|---|"]
    lines += [f"| {key} | {value.replace('|', '/')} |" for key, value in about.items()]
    lines += ["", "## RAM", "", "| module | file, bytes | RAM, bytes |", "|---|--:|--:|"]
    for file in session.files:
        ram = session.ram[file.module]
        lines.append(f"| `{file.module}` | {file.info.size:,} | {ram:,} |")
    lines += ["", "## Speed", ""]
    if speed:
        lines += ["Microseconds by the board's clock; documents of the bench.", ""]
        lines += speed_table(speed)
    else:
        lines.append("Not measured.")
    for title, found in (("Failed", report.failures), ("Skipped", report.skips)):
        lines += ["", f"## {title}", "", *(f"- {line}" for line in found or ["nothing"])]
    last = "None: only a part of the tests was run." if is_part else row(session, report, speed)
    return "\n".join([*lines, "", "## Row for docs/hardware.md", "", last, ""])


class DetailedReport(Report):
    """A Report that also keeps what failed and what was skipped, a line for each."""

    def __init__(self):
        super().__init__()
        self.failures = []
        self.skips = []

    def add(self, target, name, result, seconds):
        super().add(target, name, result, seconds)
        for failure in result.failures:
            first = failure.detail.splitlines()[:1]
            self.failures.append(": ".join([f"{name}:{failure.line} {failure.case}", *first]))
        self.skips += [f"{name} {case}: {reason}" for case, reason in result.skips]


def write(session, *rest):
    """Write the report; its path."""
    facts = session.facts
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9.]+", "-", f"{facts.machine} {firmware(facts)}".lower()).strip("-")
    path = FOLDER / f"{name}.md"
    path.write_text(printable(text(session, *rest), "\n"))
    return path
