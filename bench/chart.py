# SPDX-License-Identifier: MIT
"""Draws the bars of one machine as SVG.

Each group is one document, each bar one codec; the longest bar of a group fills the width, as the
documents' sizes differ too much for one scale.
"""

from xml.sax.saxutils import escape

import documents
import figures
import recorded

PANELS = (
    ("Packing to bytes", "packb", "json.dumps", "C 2020 pack, new BytesIO"),
    ("Unpacking from bytes", "unpackb", "json.loads", "C 2020 unpack(BytesIO)"),
)
CODECS = (
    ("ours", "msgpack"),
    ("c2020", "C module of 2020, in firmware"),
    ("json", "json, in firmware"),
)
SHOWN = [n for n in documents.DOCUMENTS if n not in figures.VARIANTS]

WIDTH = 880
MARGIN = 24
PANEL = (WIDTH - 3 * MARGIN) // 2
LABEL = 118  # Width of the document's name, left of the bars.
NUMBER = 62  # Width of the figure, right of the bars.
BAR, GAP, GROUP_GAP = 11, 2, 11
TOP = 102

# The card has its own background, so that it is legible on any page. It is dark if the reader has
# chosen a dark colour scheme.
STYLE = """\
.card { fill: #ffffff; stroke: #d0d7de }
text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.head { font-size: 13px; font-weight: 600 }
.soft { fill: #59636e; font-size: 11px }
.number { font-size: 11px; font-variant-numeric: tabular-nums }
.ours { fill: #0b7a75 }
.c2020 { fill: #d98324 }
.json { fill: #8c96a3 }
@media (prefers-color-scheme: dark) {
  .card { fill: #151b23; stroke: #3d444d }
  text { fill: #f0f6fc }
  .soft { fill: #9198a1 }
  .ours { fill: #2fb8ac }
  .c2020 { fill: #e29a4c }
  .json { fill: #77818d }
}
"""


def text(x, y, content, style="", anchor="start"):
    style = f' class="{style}"' if style else ""
    anchor = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}"{style}{anchor}>{escape(content)}</text>'


def bar(codec, x, y, length):
    return f'<rect class="{codec}" x="{x:g}" y="{y}" width="{length}" height="{BAR}" rx="1.5"/>'


def short(n):
    """1234567 as 1235 k."""
    return f"{n / 1000:.1f} k" if n < 100000 else f"{n / 1000:.0f} k"


def bars(machine, rows, panel):
    """[(document, [(codec, count)])]"""
    _, ours, json, c2020 = panel
    c2020 = recorded.figures(machine, c2020)
    for name in SHOWN:
        found = [("ours", rows[ours][name])]
        if name in c2020:
            found.append(("c2020", c2020[name]))
        if name in rows[json]:
            found.append(("json", rows[json][name]))
        yield name, found


def draw_panel(machine, rows, panel, left):
    y = TOP
    yield text(left, y - 12, panel[0], "head")
    width = PANEL - LABEL - NUMBER
    for name, found in bars(machine, rows, panel):
        most = max(n for _, n in found)
        height = len(found) * (BAR + GAP)
        yield text(left, y + height / 2 + 3, name)
        yield text(left + 22, y + height / 2 + 3, documents.CONTENTS[name], "soft")
        for codec, n in found:
            length = max(1, round(width * n / most))
            x = left + LABEL
            yield bar(codec, x, y, length)
            yield text(x + length + 5, y + BAR - 2, short(n), "number")
            y += BAR + GAP
        y += GROUP_GAP


def height_of(machine):
    """Of the higher panel; json cannot hold each document."""
    others = len(codecs(machine)) - 1
    bars_of = [others + (n in documents.JSON_DOCUMENTS) for n in SHOWN]
    return TOP + sum(n * (BAR + GAP) + GROUP_GAP for n in bars_of) + MARGIN // 2


def codecs(machine):
    """Those of CODECS that were measured there."""
    return [c for c in CODECS if c[0] != "c2020" or recorded.has(machine)]


def legend(machine):
    x = MARGIN
    for codec, name in codecs(machine):
        yield bar(codec, x, 49, BAR)
        yield text(x + 17, 59, name)
        x += 17 + 6.4 * len(name) + 22
    yield text(
        WIDTH - MARGIN, 59, "shorter is better; each group has its own scale", "soft", "end"
    )


def draw(machine, rows):
    """The chart as SVG text."""
    about = figures.MACHINES[machine]
    title = f"{about.unit.capitalize()} on {about.about}"
    compared = "msgpack, the C module of 2020" if recorded.has(machine) else "msgpack"
    height = height_of(machine)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' width="{WIDTH}" height="{height}" role="img">',
        f"<title>{title}: {compared} and stock json</title>",
        f"<style>\n{STYLE}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        text(MARGIN, 33, title, "title"),
        *legend(machine),
    ]
    for i, panel in enumerate(PANELS):
        lines += draw_panel(machine, rows, panel, MARGIN + i * (PANEL + MARGIN))
    return "\n".join([*lines, "</svg>"]) + "\n"
