# SPDX-License-Identifier: MIT
# The second core uses both modules without end, while the first writes to flash, collects and resets
# softly: what is in flash stays as it was written, and each life begins anew.
# targets: rpi-pico connected
# seeds: 2 60
# wants: threads
# flake8: noqa: E402,F811

import _thread
import gc
import os
import sys
import time
import check
import msgpack
from check import case, eq
from finaliserproxy import FinaliserProxy, detach, poll

turns = [0]
trouble = []
quiet = [False]


class Thing(FinaliserProxy):
    def __init__(self):
        super().__init__(self.__del__)

    def __del__(self):
        pass


# With a GIL, which boards but the RP2040 have, a loop that is busy may keep it to itself.
rest = int if sys.platform == "rp2" else time.sleep_ms


def use_forever(turns, trouble, quiet, thing, drop, packb, unpackb, rest):
    # Without globals, which the first core may be rehashing.
    message = [1, "second core", {"k": b"v"}]
    want = packb(message)
    while not quiet[0]:
        drop(thing())
        thing()
        if unpackb(want) != message or packb(message) != want:
            trouble.append(want)
        turns[0] += 1
        rest(1)
    # The firmware's soft reset may hang when it stops a core that waits for the heap: in mp_thread_deinit,
    # for a spin lock that the core held.
    quiet[0] = None
    while True:
        turns[0] = 0
        rest(1)


_thread.start_new_thread(
    use_forever, (turns, trouble, quiet, Thing, detach, msgpack.packb, msgpack.unpackb, rest)
)


@case
def flash_while_it_runs():
    message = {"n": list(range(100)), "b": bytes(700)}
    for i in range(3):
        with open("core.%d" % i, "wb") as f:
            msgpack.pack(message, f)
    for i in range(3):
        with open("core.%d" % i, "rb") as f:
            eq(msgpack.unpack(f), message)
    os.remove("core.0")


@case
def collections_while_it_runs():
    before = turns[0]
    for i in range(10):
        gc.collect()
        poll()
    while turns[0] < before + 20:
        rest(1)
    eq(trouble, [])


quiet[0] = True
while quiet[0] is not None:
    rest(1)
check.end()

# --- soft reset ---
import os
import time
import check
import msgpack
from check import case, eq


@case
def flash_after_the_reset():
    eq(check.reset_output, "")
    for i in (1, 2):
        with open("core.%d" % i, "rb") as f:
            eq(msgpack.unpack(f), {"n": list(range(100)), "b": bytes(700)})
        os.remove("core.%d" % i)


@case
def second_core_is_free_again():
    import _thread

    done = []
    _thread.start_new_thread(done.append, (msgpack.packb([1]),))
    while not done:
        time.sleep_ms(1)
    eq(done, [b"\x91\x01"])


check.end()
