# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What docs/migrating.md says about messages of the other libraries. Its examples are run by
# examples.py.

import ast
import struct

import umsgpack
from _documents import TOP, examples
from check import case, end, eq


@case
def ext_types_of_umsgpack():
    (example,) = (e for e in examples(TOP / "docs/migrating.md") if "Point" in e.code)
    ours = ast.literal_eval(example.output.splitlines()[0])
    theirs = umsgpack.packb([umsgpack.Ext(0x10, struct.pack(">ff", 1.0, 2.0))])
    eq(ours, theirs)


end()
