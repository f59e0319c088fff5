# SPDX-License-Identifier: MIT
# Cycles of the Pico for a small dict, in flash and, with rpi-pico-small, in RAM:
#   tests/run.py --target rpi-pico-in-place --program bench/in_flash.py
import gc
import time

import msgpack

MHZ = 125
TIMES = 20
OBJ = {"a": 1, "b": 2.5, "c": "text", "d": [1, 2, 3], "e": None}

gc.disable()
for name, fn, arg in (
    ("packb", msgpack.packb, OBJ),
    ("unpackb", msgpack.unpackb, msgpack.packb(OBJ)),
):
    fn(arg)
    start = time.ticks_us()
    for _ in range(TIMES):
        fn(arg)
    print(name, time.ticks_diff(time.ticks_us(), start) * MHZ // TIMES, "cycles")
