# SPDX-License-Identifier: MIT
# A hundred thousand objects leave no memory in use.
# needs: finaliserproxy
# long: rpi-pico repeats
# also: mps2-an385-notime
# timeout: 600

import gc
import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, close, detach, finalize, poll

# Blocks in the pool, finalizers that are due, and what the collector keeps by mistake.
ALLOWED = 3000

total = [0, 0]


class Thing(FinaliserProxy):
    def __init__(self):
        super().__init__(self.__del__)

    def __del__(self):
        total[0] += 1


class Cycle(FinaliserProxy):
    def __init__(self):
        super().__init__(self.__del__)
        self.me = self

    def __del__(self):
        total[0] += 1
        raise_for(total[0])


quiet = ValueError()


def raise_for(n):
    if n == 5000:
        raise quiet


class Obj:
    pass


def called():
    total[1] += 1


def flat(fn, n):
    # What the first rounds allocate once is no leak.
    fn(n // 10)
    check.collect_garbage()
    poll()
    check.collect_garbage()
    before = gc.mem_alloc()
    total[0] = total[1] = 0
    fn(n)
    check.collect_garbage()
    poll()
    check.collect_garbage()
    true(gc.mem_alloc() - before < ALLOWED)


@case
def proxies():
    def make(n):
        for i in range(n):
            Thing()

    flat(make, 60000)
    true(60000 - 50 <= total[0] <= 60000 + 50)


@case
def cycles():
    def make(n):
        for i in range(n):
            Cycle()

    flat(make, 20000)
    true(20000 - 50 <= total[0] <= 20000 + 50)


@case
def interleaved():
    def make(n):
        for i in range(n // 4):
            Thing()
            detach(Thing())
            close(Thing())
            x = Thing()
            x.x = [x, i]

    flat(make, 20000)
    true(15000 - 50 <= total[0] <= 15000 + 50)


@case
def finalizers():
    def make(n):
        for i in range(n):
            finalize(Obj(), called)

    flat(make, 10000)
    true(10000 - 50 <= total[1] <= 10000 + 50)


@case
def collections():
    def make(n):
        for i in range(n):
            Thing()
            finalize(Obj(), called)
            gc.collect()

    flat(make, 300)
    true(total[0] >= 280)
    eq(total[1] >= 290, True)


check.end()
