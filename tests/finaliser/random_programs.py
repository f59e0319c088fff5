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
    steps = 10000 if check.long else 500


@case
def program():
    programs.Program(seed, steps).run()


check.note("%d steps with seed %d" % (steps, seed))
check.end()
