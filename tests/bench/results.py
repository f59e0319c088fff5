# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The documents that are measured, and that what is written about the results is what they say.

import json
import re
from xml.etree import ElementTree

from _bench import TOP
from check import case, end, eq, true

import documents
import figures
import operations
import recorded
import report


def scalars(value):
    if isinstance(value, dict):
        for pair in value.items():
            for member in pair:
                yield from scalars(member)
    elif isinstance(value, list):
        for member in value:
            yield from scalars(member)
    else:
        yield value


@case
def documents_that_every_codec_can_hold():
    for name, document in documents.DOCUMENTS.items():
        for value in scalars(document):
            true(type(value) is not int or abs(value) < 2**30)
        has_bytes = any(
            not isinstance(v, (str, int, float, type(None))) for v in scalars(document)
        )
        eq(name in documents.JSON_DOCUMENTS, not has_bytes and name not in ("g", "gx"))
    eq(list(documents.CONTENTS), list(documents.DOCUMENTS))


@case
def sizes_of_documents():
    sizes = {
        n: (documents.nodes(d), len(documents.msgpack_of(n, True)))
        for n, d in documents.DOCUMENTS.items()
    }
    eq(sizes["a"], (31, 99))
    eq(sizes["b"], (501, 503))
    eq(sizes["b2"], (501, 1503))
    eq(sizes["c"], (201, 1003))
    eq(sizes["d"], (201, 1493))
    eq(sizes["e"], (3, 4105))
    eq(sizes["f"], (209, 710))
    eq(sizes["g"], (9, 23))
    eq(sizes["gx"], (9, 23))


@case
def each_key_is_looked_up_once():
    class Dict(dict):
        def __getitem__(self, key):
            looked_up.append(key)
            return dict.__getitem__(self, key)

    def wrap(value):
        if isinstance(value, dict):
            return Dict((k, wrap(v)) for k, v in value.items())
        return [wrap(v) for v in value] if isinstance(value, list) else value

    def keys(value):
        if isinstance(value, dict):
            for k, v in value.items():
                yield k
                yield from keys(v)
        elif isinstance(value, list):
            for v in value:
                yield from keys(v)

    for name in documents.KEYED_DOCUMENTS:
        for operation in operations.keyed(name):
            looked_up = []
            exec(operation.statement, {"f": wrap, "x": documents.DOCUMENTS[name]})
            eq(sorted(looked_up), sorted(keys(documents.DOCUMENTS[name])))


@case
def everything_was_measured():
    results = figures.load()
    names = [o.name for o in operations.OPERATIONS] + list(operations.KEYED_NAMES)
    for machine in figures.MACHINES:
        for kind in (figures.MACHINES[machine].unit, "heap"):
            eq(list(results[machine][kind]), names)
            for operation, row in results[machine][kind].items():
                wanted = documents.DOCUMENTS
                if "keys named" in operation:
                    wanted = documents.KEYED_DOCUMENTS
                elif "json" in operation:
                    wanted = documents.JSON_DOCUMENTS
                eq(list(row), list(wanted))
        if recorded.has(machine):
            figures.check_reference(machine, results[machine]["reference"])
    eq(results["rpi-pico"]["mhz"], 125)
    true(
        {"micropython", "qemu-system-arm", "arm-none-eabi-gcc", "valgrind"}
        <= set(results["build"])
    )


@case
def the_small_flavour():
    measured = figures.load()["cortex-m3"]
    ours = [o.name for o in operations.OPERATIONS if not o.is_json]
    eq(list(measured["small"]), [*ours, operations.KEYED_NAMES[0]])
    for operation in ours:
        eq(list(measured["small"][operation]), list(documents.DOCUMENTS))
        # It is another one.
        true(measured["small"][operation] != measured["instructions"][operation])
    rows = figures.with_small("cortex-m3", measured)
    eq(
        (rows["packb"], rows["json.dumps"]),
        (measured["small"]["packb"], measured["instructions"]["json.dumps"]),
    )
    for operation, most in operations.SMALL_C2020_WANTED.items():
        ratios = figures.of_c2020("cortex-m3", operation, rows[operation])
        true(figures.mean(figures.plain(ratios)) <= most or print(operation, ratios))
    for operation, least in operations.SMALL_JSON_WANTED.items():
        true(min(figures.times_json(rows, operation).values()) >= least)


@case
def documents_say_what_was_measured():
    for file, text in report.contents(figures.load()).items():
        eq((file.name, file.read_text()), (file.name, text))


@case
def tables_change_with_the_results():
    # A figure that no other has must turn up in both tables of the README and in the chart.
    results = figures.load()
    results["cortex-m3"]["instructions"]["packb"]["e"] = 987654
    written = report.contents(results)
    eq(written[TOP / "bench/README.md"].count("| 987654 |"), 2)
    true("988 k" in written[TOP / "bench/cortex-m3.svg"])
    eq("988 k" in written[TOP / "bench/x64.svg"], False)
    results["rpi-pico"]["cycles"]["packb"]["e"] = 12345625
    written = report.contents(results)
    text = written[TOP / "bench/README.md"]
    # In cycles, and in microseconds at 125 MHz.
    eq((text.count("| 12345625 |"), text.count("| 98765 |")), (1, 1))
    true("12346 k" in written[TOP / "bench/rpi-pico.svg"])


@case
def results_are_kept_as_they_are():
    results = figures.load()
    text = figures.FILE.read_text()
    figures.save(results)
    eq(figures.FILE.read_text(), text)
    eq(json.loads(text), results)


@case
def ratios():
    rows = {"packb": {"a": 100, "gx": 50}, "json.dumps": {"a": 650}}
    eq(figures.times_json(rows, "packb"), {"a": 6.5})
    eq(figures.of_c2020("cortex-m3", "packb", {"a": 6241}), {"a": 0.5})
    eq(figures.of_c2020("cortex-m3", "json.dumps", {"a": 1}), {})
    true(abs(figures.mean([0.25, 1, 4, 0.0625]) - 0.5) < 1e-9)
    eq(figures.plain({"a": 1, "gx": 2}), [1])


@case
def charts():
    results = figures.load()
    for machine in figures.MACHINES:
        text = (TOP / f"bench/{machine}.svg").read_text()
        root = ElementTree.fromstring(text)
        width = float(root.get("width"))
        bars = {"ours": [], "c2020": [], "json": []}
        for element in root.iter():
            if (
                element.tag.endswith("rect")
                and element.get("class") in bars
                and element.get("y") != "49"
            ):
                right = float(element.get("x")) + float(element.get("width"))
                true(right < width)
                bars[element.get("class")].append(float(element.get("width")))
        others = 16 if recorded.has(machine) else 0
        eq({c: len(b) for c, b in bars.items()}, {"ours": 16, "c2020": others, "json": 12})
        # Document c, the fourth of the first panel: bars are as long as the figures say.
        rows = figures.counted(machine, results)
        expected = rows["packb"]["c"] / rows["json.dumps"]["c"] * bars["json"][3]
        true(abs(bars["ours"][3] - expected) <= 1)
        # Readable on dark pages too.
        true(re.search(r"prefers-color-scheme: dark", text))


end()
