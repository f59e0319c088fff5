# Threads that create, drop and collect at once, on ports with and without a GIL.
# needs: finaliserproxy
# targets: unix-*
# timeout: 120

import _thread
import gc
import time
import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, detach, finalize, poll

N_THREADS = 3
ROUNDS = 1500

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
    for i in range(N_THREADS):
        _thread.start_new_thread(work, (i,))
    deadline = time.time() + 60
    while sum(done) < N_THREADS and time.time() < deadline:
        poll()
        data = [i for i in range(50)]
    del data
    eq(sum(done), N_THREADS)
    eq(trouble, [])


@case
def once_each():
    for i in range(3):
        check.collect_garbage()
        poll()
    for mine in counts + fin_counts:
        # Nothing more than once; and of each thread, whose stack is gone, nothing is left.
        eq(max(mine), 1)
        true(sum(mine) >= ROUNDS - 4)


check.end()
