# SPDX-License-Identifier: MIT
# Where there is a GIL and other threads never wait, callbacks in the sweep and those that the
# scheduler runs must not let go of it: what the others allocate during the sweep would be swept,
# and while a scheduled function runs they never hand the GIL back. So no lock may be used there.
# As on an ESP32, which is known to have a GIL.
# needs: finaliserproxy
# targets: unix-x64-gil
# timeout: 120

import _thread
import gc
import micropython
import sys
import time
import check
from check import case, eq, true


class EspSys:
    platform = "esp32"
    modules = sys.modules
    print_exception = sys.print_exception


sys.modules["sys"] = EspSys
try:
    from finaliserproxy import FinaliserProxy, finalize, poll
finally:
    sys.modules["sys"] = sys

N_THREADS = 3
ROUNDS = 60
running = [True]
ended = [0]
wrong = [0]


def allocate():
    # What the sweep of another thread takes from this one is overwritten soon.
    while running[0]:
        blocks = [bytearray(24) for i in range(20)]
        for i, block in enumerate(blocks):
            block[0] = i
        for i, block in enumerate(blocks):
            if block[0] != i or len(block) != 24:
                wrong[0] += 1
    ended[0] += 1


class Obj:
    pass


def nothing(*args):
    pass


count = [0]


class Thing(FinaliserProxy):
    def __init__(self):
        super().__init__(self.__del__)
        self.other = Obj()
        self.finalizer = finalize(self.other, nothing)

    def __del__(self):
        count[0] += 1


class Caller(Thing):
    def __del__(self):
        count[0] += 1
        self.finalizer()


def collect_with_full_queue(arg):
    try:
        while True:
            micropython.schedule(nothing, 0)
    except RuntimeError:
        pass
    gc.collect()


def rounds(cls, work):
    count[0] = 0
    for i in range(ROUNDS):
        for j in range(20):
            cls()
        work()
        gc.collect()
        poll()
    true(count[0] > ROUNDS * 15)
    eq(wrong[0], 0)


def schedule_collection():
    try:
        micropython.schedule(collect_with_full_queue, 0)
    except RuntimeError:
        pass


for i in range(N_THREADS):
    _thread.start_new_thread(allocate, ())


@case
def finalizers():
    rounds(Thing, nothing)


@case
def finalizers_called_in_the_sweep():
    rounds(Caller, nothing)


@case
def full_queue():
    rounds(Thing, schedule_collection)


@case
def threads_end():
    running[0] = False
    deadline = time.time() + 60
    while ended[0] < N_THREADS and time.time() < deadline:
        time.sleep_ms(1)
    eq((ended[0], wrong[0]), (N_THREADS, 0))


check.end()
