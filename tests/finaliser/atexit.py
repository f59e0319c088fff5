# SPDX-License-Identifier: MIT
# The end of the unix interpreter: finalizers run as sys.atexit has it, with the heap usable.
# needs: finaliserproxy
# targets: unix-*

import sys
import check
from check import case, eq


class Obj:
    pass


def earlier():
    print("earlier function")


def say(*args, **kwargs):
    print("finalizer", args, kwargs)


sys.atexit(earlier)

from finaliserproxy import finalize

objects = [Obj() for i in range(5)]
fins = [finalize(o, say, i, k="%d" % i) for i, o in enumerate(objects)]
fins[2].atexit = False


@case
def alive():
    eq([f.alive for f in fins], [True] * 5)


check.end()
# --- soft reset ---
import check
from check import case, eq


@case
def output():
    lines = check.reset_output.strip().split("\n")
    expected = ["finalizer (%d,) {'k': '%d'}" % (i, i) for i in (4, 3, 1, 0)]
    eq(lines[lines.index("@end 1 0 0") + 1 :], expected + ["earlier function"])


check.end()
