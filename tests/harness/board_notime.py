# SPDX-License-Identifier: MIT
# One board has no time module.
# targets: mps2-an385-notime

import check
from check import case, raises


@case
def no_time():
    raises(ImportError, __import__, "time")


check.end()
