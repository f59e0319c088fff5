# SPDX-License-Identifier: MIT
# One .mpy file packs the firmware's floats of either width: a file for Cortex-M3, whose boards
# have single precision, runs on a board with double precision.
# targets: host

import sys

sys.path.insert(0, "tests/harness")

import check  # noqa: E402
from check import case, eq  # noqa: E402
from lib import nested  # noqa: E402


@case
def armv7m_file_on_a_double_precision_board():
    options = ("--target", "mps2-an500", "--arch", "armv7m")
    status, output = nested.run(*options, "tests/msgpack/floats.py")
    nested.contains(output, "floats of this firmware are double precision")
    eq(status, 0)


check.end()
