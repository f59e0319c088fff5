# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor
# timeout: 3600
#
# Two links and a bad line between them, in virtual time: many random schedules.

from _schedule import Schedule
import check
from check import case, end, note


def count():
    on_cpython = check.target == "cpython"
    if check.long:
        return 100000 if on_cpython else 10000
    return 400 if on_cpython else 150


@case
def schedules():
    messages = 0
    for seed in range(count()):
        schedule = Schedule(seed)
        try:
            schedule.run()
        except AssertionError as e:
            raise AssertionError("seed %d: %s" % (seed, e))
        messages += sum(schedule.programs[0].received) + sum(schedule.programs[1].received)
    note("%d schedules, %d messages" % (count(), messages))


end()
