# With little memory: a MemoryError, and everything is as it was.
# needs: finaliserproxy
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


@case
def proxies():
    errors = 0
    for leave in (4096, 2048, 1024, 512, 256, 128, 64, 32):
        gc.collect()
        count = [0]
        made = []
        kept = hog(leave)
        try:
            while True:
                made.append(Thing(count))
        except MemoryError:
            errors += 1
        kept = None
        gc.collect()
        eq(count[0] <= 1, True)
        eq([alive(t) for t in made], [True] * len(made))
        n = len(made)
        made.clear()
        check.collect_garbage()
        check.collect_garbage()
        eq((n, count[0], leave), (n, min(max(count[0], n - 4), n + 1), leave))
    true(errors > 0)


@case
def finalizers():
    errors = 0

    def called(count):
        count[0] += 1

    for leave in (4096, 2048, 1024, 512, 256, 128, 64, 32):
        gc.collect()
        count = [0]
        objects = []
        fins = []
        kept = hog(leave)
        try:
            while True:
                o = Obj()
                objects.append(o)
                fins.append(finalize(o, called, count))
        except MemoryError:
            errors += 1
        kept = None
        gc.collect()
        eq([f.alive for f in fins], [True] * len(fins))
        for o, f in zip(objects, fins):
            true(f.peek()[0] is o)
        eq(count[0], 0)
        n = len(fins)
        o = f = None
        fins.clear()
        objects.clear()
        check.collect_garbage()
        check.collect_garbage()
        poll()
        true(n - 2 <= count[0] <= n)
    true(errors > 0)


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
