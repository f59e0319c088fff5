# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Tests the layer that encodes and decodes headers by itself, compiled as a plain C program and
# once more for the sanitizers.

import sys

sys.path.insert(0, "tests/host")

import check  # noqa: E402
from _tools import HOST, LONG, OUT, TOP, Failed, build, report, run  # noqa: E402
from check import case  # noqa: E402

FLAGS = "-std=c99 -D_DEFAULT_SOURCE -Wall -Wextra -Werror".split()
SANITIZE = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all".split()


def test(name, flags):
    """One case for each test of the program."""
    OUT.mkdir(parents=True, exist_ok=True)
    program = OUT / f"format_test_{name}"
    source = HOST / "format_test.c"
    build(["gcc", *FLAGS, *flags, f"-I{TOP / 'natmod/msgpack'}", source, "-o", program])
    status, output = run([program, *(["100000000"] if LONG else [])])
    details = []
    results = []
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("@ok", "@fail"):
            results.append((rest, word == "@ok", "\n".join(details)))
            details = []
        elif not line.startswith("@"):
            details.append(line)
    failed = [name for name, passed, _ in results if not passed]
    if not results or (status != 0) != bool(failed):
        raise Failed(f"status {status}\n" + report(output) + "\n".join(details))
    for result in results:
        one(name, *result)


def one(program, name, passed, details):
    def fn():
        if not passed:
            raise Failed(details)

    fn.__name__ = f"{program}_{name}"
    case(fn)


@case
def plain():
    test("plain", ["-O2"])


@case
def sanitized():
    test("sanitized", SANITIZE)


check.end()
