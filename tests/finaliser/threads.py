# SPDX-License-Identifier: MIT
# Threads that create, drop and collect at once, on ports with and without a GIL.
# needs: finaliserproxy
# targets: unix-* rpi-pico connected
# seeds: 4 100
# timeout: 120
# wants: floats long-ints threads

import _thread
import gc
import sys
import time
import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, detach, finalize, poll

# Besides the main thread; there may be fewer, see stress.
N_THREADS = 3
ROUNDS = check.rounds(1500)
# With a GIL, which real boards but the RP2040 have, a loop that is busy may keep it to itself; so
# does sleep_ms on the unix port.
SLEEPS = "gil" in check.target or "connected" in check.target and sys.platform != "rp2"

counts = [bytearray(ROUNDS) for i in range(N_THREADS)]
fin_counts = [bytearray(ROUNDS) for i in range(N_THREADS)]
done = [0] * N_THREADS
trouble = []


class Thing(FinaliserProxy):
    def __init__(self, counts, i):
        self.counts = counts
        self.i = i
        super().__init__(self.__del__)

    def __del__(self):
        self.counts[self.i] += 1


class Obj:
    pass


def called(counts, i):
    counts[i] += 1


def work(number):
    try:
        mine = counts[number]
        fins = fin_counts[number]
        for i in range(ROUNDS):
            Thing(mine, i)
            detach(Thing(mine, i))
            finalize(Obj(), called, fins, i)
            if i % 3 == 0:
                o = Obj()
                f = finalize(o, called, fins, i)
                f.detach()
            if i % 100 == number:
                gc.collect()
    except Exception as e:
        trouble.append(e)
    done[number] = 1


@case
def stress():
    global N_THREADS
    for i in range(N_THREADS):
        try:
            _thread.start_new_thread(work, (i,))
        except OSError:
            # A core has one thread at most on the RP2040.
            N_THREADS = i
            break
    true(N_THREADS > 0)
    deadline = time.time() + 60
    while sum(done) < N_THREADS and time.time() < deadline:
        poll()
        data = [i for i in range(50)]
        if SLEEPS:
            time.sleep(1 / 1000)
    del data
    eq(sum(done), N_THREADS)
    eq(trouble, [])


@case
def once_each():
    for i in range(3):
        check.collect_garbage()
        poll()
    for mine in counts[:N_THREADS] + fin_counts[:N_THREADS]:
        # Nothing more than once; and of each thread, whose stack is gone, nothing is left.
        eq(max(mine), 1)
        true(sum(mine) >= ROUNDS - 4)


# Another thread asks for objects while they die.
slots = [None] * 8
running = [True]
peeked = [0]


def ask():
    try:
        while running[0]:
            for i in range(len(slots)):
                f = slots[i]
                if f is None:
                    continue
                found = f.detach() if i == 0 else f.peek()
                if found is not None:
                    obj, func, args, kw = found
                    if obj.mark != args[0] or len(obj.list) != 3 or func is not called_with:
                        trouble.append(found)
                    peeked[0] += 1
                if i == 1:
                    f()
    except Exception as e:
        trouble.append(e)
    running[0] = None


def called_with(mark):
    pass


@case
def peek_at_the_dying():
    _thread.start_new_thread(ask, ())
    deadline = time.time() + 60
    i = 0
    while i < check.rounds(6000) or (peeked[0] < 100 and time.time() < deadline):
        i += 1
        o = Obj()
        o.mark = i
        o.list = [i, i, i]
        slots[i % len(slots)] = finalize(o, called_with, i)
        o = None
        if i % 50 == 0:
            gc.collect()
            poll()
            if SLEEPS:
                time.sleep(1 / 1000)
    running[0] = False
    deadline = time.time() + 60
    while running[0] is not None and time.time() < deadline:
        time.sleep_ms(1)
    eq(running[0], None)
    eq(trouble, [])
    true(peeked[0] >= 100)


check.end()
