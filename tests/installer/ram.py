# SPDX-License-Identifier: MIT
# targets: mps2-an385/armv7m
# needs: natmods
#
# The RAM of natmods.py on a board, besides what it imports.

from check import case, end, note, true
from memory import begin_chunk, used


begin_chunk()
before = used()
__import__("natmods")
taken = used() - before


@case
def within_budget():
    note("%d bytes" % taken)
    true(taken < 1500)


end()
