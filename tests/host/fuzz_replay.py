# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Replays the committed inputs of the fuzzer, and those that once crashed, under gcc's sanitizers:
# see fuzz/. In make test with the words of boards, of 32 bits.

import sys

sys.path[:0] = ["tests/host", "tests/host/fuzz"]

import check  # noqa: E402
import fuzzing  # noqa: E402
from _tools import FOUND, OUT, Failed, report, run  # noqa: E402
from check import case, eq, true  # noqa: E402
from fuzzing import BITS, FUZZ, TARGETS  # noqa: E402


def replay(target, bits, *arguments):
    return run([fuzzing.program(bits, False), f"--target={target}", *arguments], 300)


def replays(target, bits):
    def fn():
        files = [FUZZ / "corpus" / f"{target}.pack", *fuzzing.crashes(target)]
        status, output = replay(target, bits, *files)
        lines = output.splitlines()
        number = len(list(fuzzing.inputs(target)))
        if status != 0 or lines[-1:] != [f"{number} inputs"]:
            raise Failed(f"status {status}\n" + report(output) + "\n".join(lines[-8:]))
        true(number > 100)

    fn.__name__ = f"{target}_{bits}_bits"
    case(fn)


def finds_a_byte_too_far(bits):
    def fn():
        OUT.mkdir(parents=True, exist_ok=True)
        file = OUT / "planted"
        file.write_bytes(b"plant")
        status, output = replay("decoder", bits, "--plant", file)
        eq(status, FOUND)
        true("use-after-poison" in report(output))

    fn.__name__ = f"finds_a_byte_too_far_{bits}_bits"
    case(fn)


def finds_a_leak(bits):
    def fn():
        OUT.mkdir(parents=True, exist_ok=True)
        file = OUT / "planted.pack"
        # The first execution sets the baseline of used memory. Only one of 256 is checked for
        # leaks.
        file.write_bytes(b"".join(bytes((len(s), 0)) + s for s in [b"none"] + 300 * [b"leak"]))
        status, output = replay("decoder", bits, "--plant", file)
        true(status not in (0, FOUND))
        true("bytes of the heap have leaked" in output)
        eq(replay("decoder", bits, file)[0], 0)

    fn.__name__ = f"finds_a_leak_{bits}_bits"
    case(fn)


for size in BITS if check.long else BITS[-1:]:

    def build():
        fuzzing.build(size, False)

    build.__name__ = f"build_{size}_bits"
    case(build)
    finds_a_byte_too_far(size)
    finds_a_leak(size)
    for name in TARGETS:
        replays(name, size)

check.end()
