# SPDX-License-Identifier: MIT
# With little memory: a MemoryError, and everything is as it was.
# needs: finaliserproxy
# long: rpi-pico
# also: mps2-an385-notime
# timeout: 120

import gc
import micropython
import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, alive, detach, finalize, poll


class Thing(FinaliserProxy):
    def __init__(self, count):
        self.count = count
        super().__init__(self.__del__)

    def __del__(self):
        self.count[0] += 1


class Obj:
    pass


# Take the memory, in blocks of falling size.
def hog(leave):
    kept = None
    size = 65536
    while size >= leave:
        try:
            while True:
                kept = [kept, bytearray(size)]
        except MemoryError:
            size //= 2
    return kept


SIZES = (4096, 2048, 1024, 512, 256, 128, 64, 32)


# Both return how many objects there were, all of which are garbage by then.
def fill_with_proxies(leave, count):
    made = []
    kept = hog(leave)
    try:
        while True:
            made.append(Thing(count))
    except MemoryError:
        pass
    del kept
    check.collect_garbage()
    # The one whose attribute or list entry did not fit may be gone.
    true(count[0] <= 1)
    eq([alive(t) for t in made], [True] * len(made))
    n = len(made)
    made.clear()
    return n


def called(count):
    count[0] += 1


def fill_with_finalizers(leave, count):
    objects = []
    fins = []
    kept = hog(leave)
    try:
        while True:
            objects.append(Obj())
            fins.append(finalize(objects[-1], called, count))
    except MemoryError:
        pass
    del kept
    check.collect_garbage()
    eq([f.alive for f in fins], [True] * len(fins))
    eq([f.peek()[0] is o for o, f in zip(objects, fins)], [True] * len(fins))
    eq(count[0], 0)
    n = len(fins)
    fins.clear()
    objects.clear()
    return n


def check_all(fill):
    # The first batches of blocks are made deeper in the stack than anything that comes later, and
    # what they leave there stays. So they are not made by what is counted.
    fill(SIZES[0], [0])
    for leave in SIZES:
        gc.collect()
        count = [0]
        n = fill(leave, count)
        for i in range(3):
            check.collect_garbage()
            poll()
        eq((leave, n, count[0]), (leave, n, min(max(count[0], n - 2), n + 1)))


@case
def proxies():
    check_all(fill_with_proxies)


@case
def finalizers():
    check_all(fill_with_finalizers)


@case
def heap_locked():
    count = [0]
    # With a full pool and with an empty one.
    for i in range(40):
        o = Obj()
        micropython.heap_lock()
        errors = 0
        try:
            FinaliserProxy(print)
        except MemoryError:
            errors += 1
        try:
            finalize(o, print)
        except MemoryError:
            errors += 1
        micropython.heap_unlock()
        eq(errors, 2)
        eq(o.__dict__, {})
        Thing(count)
    x = Thing(count)
    true(alive(x))
    true(detach(x) is not None)


check.end()
