# SPDX-License-Identifier: MIT
# Random programs, with a model of what must have run: see tests/support/programs.py. Another seed
# comes from the environment: CHECK_SEED=5.
# needs: finaliserproxy
# targets: unix-x64 unix-x86 mps2-an385/armv7m
# timeout: 1800

import check
import programs
from check import case

try:
    from os import getenv

    seed = int(getenv("CHECK_SEED", "1"))
except ImportError:
    seed = 1
if "unix" in check.target:
    steps = 1000000 if check.long else 100000
else:
    steps = 10000 if check.long else 3000


@case
def program():
    p = programs.Program(seed, steps)
    p.run()
    p.leave()


check.note("%d steps with seed %d" % (steps, seed))
check.end()
# --- soft reset ---
import check
import programs
from check import case, true


@case
def output_of_the_reset():
    true(programs.after_reset() > 3)


@case
def another_program():
    # With objects of all kinds, but none of the last program.
    p = programs.Program(77, 300)
    p.run()
    p.leave()


check.end()
# --- soft reset ---
import check
import programs
from check import case, true


@case
def output_of_the_next_reset():
    true(programs.after_reset() > 3)


check.end()
