# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Calls between two emulated Picos over a bad line, by their own machine.UART and in their own
# time. pico_lines_long.py does more of it.

import sys

sys.path[:0] = ["tests"]

from _pico_pair import calls  # noqa: E402
from check import case, end, eq, note  # noqa: E402


@case
def two_runs_agree_to_the_cycle():
    events = [("errors", (500, 1))]
    first = calls(events, garbage=50)
    eq(calls(events, garbage=50), first)
    note(first[0])


end()
