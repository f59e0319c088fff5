# SPDX-License-Identifier: MIT
# targets: unix-x86-nanbox
# needs: msgpack finaliserproxy
# Object representation D, whose objects have 64 bits on 32-bit machines: no native module can run
# there, and the import says so.
import check
from check import case, eq, raises


@case
def refused():
    for name in ("msgpack", "finaliserproxy"):
        for _ in range(2):
            raises(ValueError, __import__, name, match=".mpy")


@case
def nothing_is_left_of_it():
    import sys

    eq([name for name in ("msgpack", "finaliserproxy") if name in sys.modules], [])


check.end()
