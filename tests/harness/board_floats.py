# SPDX-License-Identifier: MIT
# Floats work on each board: the FPU is switched on, and its width is what the board says.
# targets: mps2-* virt-* xtensa*

import check
from check import case, eq


@case
def width():
    double = 1.0 + 2.0**-40 != 1.0
    eq(double, check.target == "mps2-an500")


@case
def arithmetic():
    import math

    eq(1.5 * 3, 4.5)
    eq(10.0 / 4, 2.5)
    eq(math.sqrt(6.25), 2.5)
    eq(int(math.exp(1) * 1000), 2718)
    eq(str(-0.0), "-0.0")


check.end()
