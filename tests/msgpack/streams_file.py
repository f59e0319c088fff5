# SPDX-License-Identifier: MIT
# needs: msgpack
# timeout: 120
# unpack from a file of the target's own filesystem, which on boards is LittleFS in flash: the
# position is that of a stream that cannot seek. streams_seek.py has more, on other filesystems.
import os

import check
from check import case, eq, raises, same
from msgpack import packb, unpack
from seekable import STRS, compare, write_and_read_back
from vectors import hx

NAME = check.folder + "msgpack_test.tmp"
MESSAGES = (
    (packb({s: i for i, s in enumerate(STRS)}), {}),
    (packb([{"a": s, "b": [s, i]} for i, s in enumerate(STRS)]), {}),
    (packb([b"y" * n for n in (1, 3000, 1, 200, 64, 65, 300, 1)]), {}),
    (packb(["x" * 61, {}, None]), {}),
    (b"\x9f" + b"\x07" * 9 + hx("a1ff 9101 8190 9201 02 c403010203 a161 05"), {}),
    (hx("dc0050") + b"\x07" * 70 + hx("c1") + b"\x07" * 20, {}),
    (hx("dc0050") + b"\x07" * 70 + hx("a3616263") + b"\x07" * 20, {"max_str_len": 2}),
    (hx("dc0150") + b"\x07" * 70, {}),
)


def in_file(data):
    try:
        with open(NAME, "wb") as f:
            f.write(data)
    except (OSError, NameError):
        check.skip("no filesystem to write to")


@case
def each_message():
    for data, options in MESSAGES:
        for tail in (b"", b"\x2a" + bytes(range(200)) * 2):
            in_file(data + tail)
            for mode in ("rb", "r"):
                with open(NAME, mode) as f:
                    compare(data + tail, f, 0, options)


@case
def one_after_another():
    # Each ends at another distance from the border of a block.
    values = [STRS[:i] for i in range(0, 60, 3)] + list(range(80, 140))
    values += ["x" * n for n in range(0, 99, 3)]
    in_file(b"".join([packb(value) for value in values]))
    with open(NAME, "rb") as f:
        end = 0
        for value in values:
            same(unpack(f), value)
            end += len(packb(value))
            eq(f.tell(), end)
        raises(EOFError, unpack, f)
        eq(f.tell(), end)


@case
def being_written():
    in_file(b"")
    with open(NAME, "r+b") as f:
        for value in (1, STRS, "x" * 100):
            end = write_and_read_back(f, value)
        eq((unpack(f), f.tell()), (7, end + 1))


try:
    os.remove(NAME)
except OSError:
    pass
check.end()
