# SPDX-License-Identifier: MIT
# targets: host
# timeout: 1800
#
# Tests the errors that make coverage reports. In `make test-long` all of make coverage runs.

import sys

sys.path.insert(0, "tests/host")

import check  # noqa: E402
from check import case, eq, raises, true  # noqa: E402

import _coverage  # noqa: E402
import _onboard  # noqa: E402
from _tools import LONG, OUT, Failed, run  # noqa: E402

SOURCE = {"natmod/m.c": ["int f(void) {", "    a();", "    return 0;", "}", "    return 0;"]}
# {file: {line: (count, function)}}
FOUND = {"natmod/m.c": {2: (5, "f"), 3: (0, "f"), 5: (0, "g")}}
LIST = """\
# A comment.

natmod/m.c f: It cannot fail.
    return 0;
natmod/m.c g: Other firmware.
    return 0;
"""


def wrong(found, text):
    lines = _coverage.uncovered(found, SOURCE.get)
    return list(_coverage.disagreements(lines, _coverage.read_list(text)))


@case
def all_is_listed():
    eq(wrong(FOUND, LIST), [])


@case
def a_line_that_is_not_listed():
    found = {"natmod/m.c": {**FOUND["natmod/m.c"], 2: (0, "f")}}
    eq(
        wrong(found, LIST),
        ["natmod/m.c:2 f: no test runs this, and no reason is given: a();"],
    )
    # The same text in another function does not count.
    less = LIST[: LIST.index("natmod/m.c g")]
    eq(len(wrong(FOUND, less)), 1)
    true(wrong(FOUND, less)[0].startswith("natmod/m.c:5 g: "))


@case
def a_line_that_runs_now():
    found = {"natmod/m.c": {**FOUND["natmod/m.c"], 5: (1, "g")}}
    eq(
        wrong(found, LIST),
        ["natmod/m.c g: tests run this, or it is gone; remove it: return 0;"],
    )


@case
def one_build_is_enough():
    other = {"natmod/m.c": {3: (2, "f"), 5: (0, "g")}}
    both = _coverage.merged(FOUND, other)
    eq(both, {"natmod/m.c": {2: (5, "f"), 3: (2, "f"), 5: (0, "g")}})
    eq(_coverage.share(both)[:2], (3, 2))


@case
def a_line_that_runs_by_chance():
    text = LIST.replace("m.c g:", "m.c g, sometimes:")
    eq(wrong(FOUND, text), [])
    eq(wrong({"natmod/m.c": {**FOUND["natmod/m.c"], 5: (1, "g")}}, text), [])
    never = wrong({"natmod/m.c": {**FOUND["natmod/m.c"], 2: (0, "f")}}, text)
    eq(len(never), 1)


@case
def a_list_that_is_no_list():
    for text in (
        "    return 0;\n",
        "natmod/m.c f\n",
        "natmod/m.c f:\n",
        "m.c: reason\n",
        "m.c f, : no\n",
    ):
        raises(Failed, _coverage.read_list, text)


@case
def the_list():
    listed = _coverage.read_list(_coverage.LISTED.read_text())
    for name, _, text in [*listed[0], *listed[1]]:
        true(text in [line.strip() for line in _coverage.source(name)])


@case
def lines_that_only_the_board_has():
    text = {"m.c": ["f", "  a(", "  x);", "}", "g", "  b();", "}", "f", "  c();", "}"]}
    known = {"m.c": {1: (1, "f"), 2: (1, "f"), 4: (0, "f")}}
    on_board = {"m.c": {n: (n % 2, "g" if 4 < n < 8 else "f") for n in (2, 3, 5, 6, 7, 8, 9, 10)}}
    found = _coverage.only_on_board(on_board, known, text.get)
    eq(dict(found), {"m.c": {5: (1, "g"), 6: (0, "g"), 8: (0, "f"), 9: (1, "f")}})
    eq(
        _coverage.only_on_board({"n.c": {1: (1, "f")}}, known, {"n.c": ["f"]}.get)["n.c"],
        {1: (1, "f")},
    )


@case
def what_qemu_has_translated():
    file = bytes(range(200, 250)) * 2 + bytes(range(100))
    log = OUT / "coverage" / "log"
    log.parent.mkdir(parents=True, exist_ok=True)

    def block(base, place):
        lines = ["----------------", "IN: "]
        for at in range(place, place + 12, 4):
            halves = [int.from_bytes(file[i : i + 2], "little") for i in (at, at + 2)]
            lines.append("0x%08x:  %04x %04x  bl       #0x10" % (base + at, *halves))
        return "\n".join(lines) + "\n\n"

    blocks = [block(0x20000, 100 + n) for n in range(0, 80, 4)]
    # Only the last block has this offset; it has the same bytes as the file by chance.
    log.write_text("".join([*blocks, block(0x30000, 188)]))
    blocks = _onboard.read_log(log)
    eq(len(blocks), 21)
    eq(blocks[0][0], (0x20064, file[100:104]))
    eq(_onboard.executed(blocks, file), set(range(100, 188, 4)))


@case
def gcov_counts():
    folder = OUT / "coverage"
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*"):
        file.unlink()
    raises(Failed, _coverage.counts, folder, match="nothing was counted")
    flags = ["gcc", "-O0", "--coverage", "-Wall"]
    program = folder / "counted"
    eq(run([*flags, "-o", program, "tests/host/counted.c"])[0], 0)
    eq(run([program])[0], 0)
    eq(run([program])[0], 0)
    text = _coverage.source("tests/host/counted.c")
    lines = _coverage.counts(folder, "tests/host/")["tests/host/counted.c"]
    told = {text[number - 1].strip(): each for number, each in lines.items()}
    eq(told["return n + 1;"], (6, "often"))
    eq(told["return -1;"], (0, "often"))


@case
def everything():
    if not LONG:
        check.skip("make coverage and make test-long run it")
    by_build, board, failures = _coverage.measure()
    found = failures + list(_coverage.complaints(by_build, board))
    if found:
        raise Failed("\n".join(found))
    true(_coverage.share(_coverage.merged(*by_build.values()))[0] > 2000)
    # Memory functions, and the code that drops the import's code.
    true(_coverage.share(board, ["dynruntime/mem.c"])[0] > 20)
    functions = [function for _, function in board["dynruntime/context.c"].values()]
    true("drop_init" in functions and "mpy_init" in functions)


check.end()
