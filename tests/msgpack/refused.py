# SPDX-License-Identifier: MIT
# targets: unix-x64-nofloat-small unix-x86-smallint-small
# needs: msgpack
# The small flavour must refuse firmware without floats, or with integers of at most 31 bits, where
# it would get numbers wrong.
import sys

import check
from check import case, eq, raises


@case
def import_raises():
    for _ in range(2):
        e = raises(ImportError, __import__, "msgpack")
        eq("msgpack_full" in str(e), True)
        eq("msgpack" in sys.modules, False)


check.end()
