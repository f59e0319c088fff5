# SPDX-License-Identifier: MIT
# The boards' time module counts the time of the board.
# targets: mps2-* virt-* xtensa*

import check
import micropython
import time
from check import case, eq


@case
def sleep_lasts():
    for sleep, unit, ticks in (
        (time.sleep_ms, 30, time.ticks_ms),
        (time.sleep_us, 3000, time.ticks_us),
        (time.sleep, 0.03125, time.ticks_ms),
    ):
        begin = ticks()
        sleep(unit)
        took = time.ticks_diff(ticks(), begin)
        assert took >= (unit if unit >= 1 else 30), took


@case
def units_agree():
    ms, us = time.ticks_ms(), time.ticks_us()
    time.sleep_ms(50)
    ms, us = time.ticks_diff(time.ticks_ms(), ms), time.ticks_diff(time.ticks_us(), us)
    # Both clocks are read within the same moment, unless the machine is held up between.
    assert us + 1000 >= ms * 1000, (ms, us)


@case
def difference_over_the_wrap():
    eq(time.ticks_diff(time.ticks_add(0, -5), 10), -15)


@case
def scheduled_functions_run_in_a_sleep():
    seen = []
    micropython.schedule(seen.append, 1)
    time.sleep_ms(1)
    eq(seen, [1])


check.end()
