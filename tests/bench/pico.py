# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The bench counts cycles on the Pico, and counts the same each time.

from _bench import near_the_results
from check import case, end, eq, true

import pico
import run


@case
def two_picos_agree_to_the_cycle():
    first = run.measure(pico, ["a"], "packb")
    # A figure does not depend on what was measured before.
    again = run.measure(pico, ["g", "a"], "packb,dumps")
    eq(again["cycles"]["packb"]["a"], first["cycles"]["packb"]["a"])
    true(again["cycles"]["packb"]["g"] < again["cycles"]["packb"]["a"])
    near_the_results(pico, again)


end()
