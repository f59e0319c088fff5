# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What docs/migrating.md says about messages of the other libraries. Its examples are run by
# examples.py.

import ast
import shlex
import struct
import sys

sys.path.insert(0, "tests/release")

import umsgpack  # noqa: E402
from _documents import TOP, examples  # noqa: E402
from _release import board, mpremote  # noqa: E402
from check import case, end, eq  # noqa: E402

TEXT = (TOP / "docs/migrating.md").read_text()


@case
def ext_types_of_umsgpack():
    (example,) = (e for e in examples(TOP / "docs/migrating.md") if "Point" in e.code)
    ours = ast.literal_eval(example.output.splitlines()[0])
    theirs = umsgpack.packb([umsgpack.Ext(0x10, struct.pack(">ff", 1.0, 2.0))])
    eq(ours, theirs)


@case
def commands_that_make_a_folder():
    commands = [line for line in TEXT.splitlines() if line.startswith("    mpremote ")]
    with board("mps2-an385/armv7m") as b:
        for command in commands:
            words = shlex.split(command.replace("build/armv6m", f"{TOP}/build/armv7m"))
            words = [w.replace("natmod/", f"{TOP}/natmod/") for w in words]
            status, output = mpremote(b, *words[1:])
            eq((command, status), (command, 0) if status == 0 else output)
        use = "import msgpack.exceptions as e, msgpack.ext as x; print(e.OutOfData, x.ExtType)"
        eq(mpremote(b, "exec", use), (0, "<class 'OutOfData'> <class 'ExtType'>\n"))


end()
