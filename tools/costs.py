# SPDX-License-Identifier: MIT
"""What the modules and the alternatives cost, for the tables of README.md and docs/usermod.md.

bench/README.md defines the figures. Ours are in bench/budget.json (`make size` measures them),
bench/results.json (`make bench`), and in builtin.json and coprocessor.json there, which scripts of
these names write; those of other codecs are in bench/recorded.json.
"""

import json
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
# The file and the emulated board: of the modules, and where other codecs were measured too.
PICO_ARCH, PICO = "armv6m", "rpi-pico"
ARCH, MACHINE = "armv7m", "cortex-m3"
DOCUMENT = "a"  # Whose times are shown.
UNKNOWN = "–"
CIRCUITPYTHON = "https://github.com/adafruit/circuitpython/tree/main/shared-module/msgpack"
UMSGPACK = "https://github.com/peterhinch/micropython-msgpack"


def read(name):
    return json.loads((TOP / "bench" / name).read_text())


def short(number):
    """Two significant digits."""
    return f"{float(f'{number:.2g}'):g}"


def ratios(codec, theirs):
    """json's instructions divided by the codec's: the lowest and the highest of all documents.

    Both are {document: instructions}; json cannot hold all documents.
    """
    found = [theirs[name] / codec[name] for name in theirs]
    return f"{short(min(found))}–{short(max(found))}"


def ours():
    """How many times faster than json msgpack packs and unpacks."""
    rows = read("results.json")[MACHINE]["instructions"]
    return ratios(rows["packb"], rows["json.dumps"]), ratios(rows["unpackb"], rows["json.loads"])


def small():
    """The same of the small flavour."""
    measured = read("results.json")[MACHINE]
    rows, json_rows = measured["small"], measured["instructions"]
    return (
        ratios(rows["packb"], json_rows["json.dumps"]),
        ratios(rows["unpackb"], json_rows["json.loads"]),
    )


def recorded(pack, unpack):
    """The same for another codec. Its figures and json's were recorded together."""
    everything = read("recorded.json")
    rows = {
        operation: {n: value for n, value in zip(everything["documents"], row) if value}
        for operation, row in everything[MACHINE]["instructions"].items()
    }
    return ratios(rows[pack], rows["json.dumps"]), ratios(rows[unpack], rows["json.loads"])


def times():
    """What packing and unpacking the document takes on the Pico, and what json needs for it."""
    board = read("results.json")[PICO]

    def time(operation):
        return short(board["cycles"][operation][DOCUMENT] / board["mhz"])

    return (
        f"packing {time('packb')} µs (`json` {time('json.dumps')} µs), "
        f"unpacking {time('unpackb')} µs (`json` {time('json.loads')} µs)"
    )


def modules():
    budget = read("budget.json")
    title = f"[a telemetry dict](bench/documents.py) at {read('results.json')[PICO]['mhz']} MHz"
    rows = [("on a Raspberry Pi Pico", "file, bytes", "RAM, bytes", title)]
    for module, size in budget[PICO_ARCH].items():
        speed = times() if module == "msgpack" else UNKNOWN
        ram = budget[PICO][module]["use"]
        name = module.removesuffix("-small").removesuffix("-in-place")
        words = f"`{name}`"
        if module.endswith("-small"):
            words += ", [small flavour](natmod/msgpack/small/README.md)"
        elif module.endswith("-in-place"):
            words += ", [executed in flash](docs/in-place.md), experimental"
        # In flash, there are two files.
        file = size["mpy"] + size.get("blk", 0)
        rows.append((words, f"{file:,}", f"{ram:,}", speed))
    return rows


def builtin():
    """What the modules cost as files and built into the Pico's firmware, the largest first."""
    found = read("builtin.json")
    stock, firmware = found["firmware"]["stock"], found["firmware"]["built in"]
    shared = found["shared"]

    def row(name, file, heap, static, flash):
        built_in = f"{heap:,} + {static:,}"
        return (name, f"{file:,}", built_in, f"{file - heap - static:,}", f"{flash:,}")

    sizes = {
        name: (m["file"]["import"], m["built in"]["import"], m["static"], m["flash"])
        for name, m in sorted(found["modules"].items(), key=lambda item: -item[1]["flash"])
    }
    file, heap, static, flash = map(sum, zip(*sizes.values()))
    static += shared["static"]
    rest = firmware - stock - flash - shared["flash"]
    return [
        ("", "RAM of the file", "RAM built in: heap + static", "RAM saved", "flash"),
        *[row(f"`{name}`", *of_module) for name, of_module in sizes.items()],
        ("code that they share", *[UNKNOWN] * 3, f"{shared['flash']:,}"),
        ("interned strings and other tables", *[UNKNOWN] * 3, f"{rest:,}"),
        row("all", file, heap, static, firmware - stock),
        ("the stock firmware", *[UNKNOWN] * 3, f"{stock:,}"),
    ]


def coprocessor():
    """How fast data travel between two emulated Picos, and calls."""
    found = read("coprocessor.json")
    line_rate = found["baud"] / 10

    def rate(n):
        return f"{n:,} ({100 * n // line_rate:.0f} %)"

    names = {"socket": "socket", "rpc": "rpc", "tasks": "rpc, two tasks with `Async`"}
    rows = [
        (f"{name}, blocks of {int(size):,} bytes", *map(rate, rates))
        for what, name in names.items()
        for size, rates in found[what].items()
    ]
    call = found["call"]
    return [
        ("bytes a second, and part of the line rate", "sent", "received"),
        *rows,
        ("`remote.add(1, 2)`", f"{call['per second']} a second", f"{call['cycles']:,} cycles"),
    ]


def alternatives():
    budget = read("budget.json")[ARCH]
    size, small_size = budget["msgpack"], budget["msgpack-small"]
    peers = read("recorded.json")["bytes"]
    flash = {name: f"{peer['flash']:,}" for name, peer in peers.items()}
    ram = {name: f"{peer['ram']:,}" for name, peer in peers.items() if "ram" in peer}
    return [
        ("on a Cortex-M3", "runs on", "API", "safety", "RAM", "flash", "packing", "unpacking"),
        (
            "`msgpack` here",
            "stock firmware",
            "CPython's msgpack",
            "[tested](docs/security.md): limits, no recursion",
            f"{size['use']:,}",
            f"{size['mpy']:,}",
            *ours(),
        ),
        (
            "`msgpack` here, [small](natmod/msgpack/small/README.md)",
            "stock firmware",
            "CPython's msgpack, without classes",
            "[tested](docs/security.md): no recursion",
            f"{small_size['use']:,}",
            f"{small_size['mpy']:,}",
            *small(),
        ),
        (
            "`json`",
            "stock firmware, built in",
            "`dumps`, `loads`",
            "no limits, no recursion in `loads`",
            UNKNOWN,
            f"{flash['json']} and shared code",
            "1",
            "1",
        ),
        (
            f"[umsgpack]({UMSGPACK}), in Python",
            "stock firmware",
            "`dumps`, `loads`",
            "no limits, recursive",
            f"{ram['umsgpack']} after import",
            flash["umsgpack"],
            *recorded("umsgpack.dumps", "umsgpack.loads"),
        ),
        (
            "C module of 2020",
            "firmware that you build",
            "`pack`, `unpack`: streams",
            UNKNOWN,
            ram["C 2020"],
            flash["C 2020"],
            *recorded("C 2020 pack, new BytesIO", "C 2020 unpack(BytesIO)"),
        ),
        (
            f"[CircuitPython's msgpack]({CIRCUITPYTHON})",
            "CircuitPython",
            "`pack`, `unpack`: streams",
            "no limits, recursive, allocates the lengths claimed",
            *[UNKNOWN] * 4,
        ),
    ]
