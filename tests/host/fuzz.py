# SPDX-License-Identifier: MIT
# targets: host
# timeout: 3000
#
# Random messages and random objects through every way of packing and unpacking, in the sanitizer
# interpreter, compared with CPython's msgpack. Every run has the same messages; a failure names
# the seed and the bytes.

import binascii
import sys

sys.path.insert(0, "tests/host")

import check  # noqa: E402
import msgpack  # noqa: E402
from _describe import describe  # noqa: E402
from _messages import ExtType, Source, records  # noqa: E402
from _tools import ASAN, HOST, LONG, OUT, Failed, interpreter, report, run  # noqa: E402
from check import case, eq, true  # noqa: E402

ROUNDS = 12 if LONG else 1
MESSAGES = 20000  # In each round.
OBJECTS = 10000


@case
def build():
    interpreter()


def run_script(script, *arguments):
    """The script's lines of output, except MicroPython's warnings of keys of several types."""
    command = [ASAN / "micropython", "-X", "heapsize=4m", HOST / script, *arguments]
    status, output = run(command, 600, MICROPYPATH=str(HOST))
    warning = "Warning: Comparison between bytes and str"
    lines = [line for line in output.splitlines() if line != warning]
    if status != 0 or not lines or not lines[-1].startswith("done"):
        raise Failed(f"status {status}\n" + report(output) + "\n".join(lines[-3:])[-1000:])
    return lines


def unpacking(seed):
    OUT.mkdir(parents=True, exist_ok=True)
    file = OUT / "messages.bin"
    file.write_bytes(records(Source(seed), MESSAGES))
    lines = run_script("_fuzz_decode.py", file, seed)
    if len(lines) > 1:
        raise Failed("\n".join(lines[:40])[:4000])
    done, count, nested = lines[-1].split()
    eq((done, count), ("done", str(MESSAGES)))
    # Those that are not compared with CPython, for a key that only CPython takes.
    true(int(nested) <= MESSAGES / 1000)


def packing(seed):
    lines = run_script("_fuzz_encode.py", seed, OBJECTS)
    eq(lines.pop(), f"done {OBJECTS}")
    true(len(lines) > OBJECTS / 2)
    for line in lines:
        if line.startswith("object "):
            raise Failed("\n".join(lines[lines.index(line) :][:40])[:4000])
        data, crc = line.split()
        data = bytes.fromhex(data)
        obj = msgpack.unpackb(data, strict_map_key=False, use_list=False, ext_hook=ExtType)
        if binascii.crc32(describe(obj).encode()) != int(crc):
            raise Failed(f"CPython's msgpack unpacks another object from {data.hex()}: {obj}")


for number in range(ROUNDS):
    for test in (unpacking, packing):

        def fn():
            test(number)

        fn.__name__ = f"{test.__name__}_{number}"
        case(fn)

check.end()
