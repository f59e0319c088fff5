# SPDX-License-Identifier: MIT
# The module's functions, called by callbacks of FinaliserProxy on objects that die in the same
# collection. A block that is reused although the sweep frees it makes these crash.
# needs: finaliserproxy
# long: rpi-pico
# timeout: 120

import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, alive, close, detach, finalize, poll

ROUNDS = 20
N = 25


class Obj:
    pass


# Every callback of a finalizer counts here, for its object. Callbacks of FinaliserProxy cannot
# allocate, so all is made beforehand.
counts = bytearray(7 * ROUNDS * N)
made = [0]
wrong = [0]


def count(i):
    counts[i] += 1


def count_memory_errors(fn, *args):
    try:
        fn(*args)
    except MemoryError:
        return
    wrong[0] += 1


def churn():
    # What was freed is used again.
    return [[i] for i in range(200)]


def repeat(make, at_least):
    # What a stale word on the stack keeps alive for a while counts for itself, in a later round.
    before = sum(counts)
    for r in range(ROUNDS):
        for i in range(N):
            make(made[0])
            made[0] += 1
        check.collect_garbage()
        churn()
        check.collect_garbage()
        poll()
        true(max(counts) <= 1)
        # Blocks are reused by these.
        for i in range(N):
            p = FinaliserProxy(print)
            true(alive(p))
            detach(p)
            f = finalize(Obj(), print)
            f.detach()
        churn()
    true(sum(counts) - before >= at_least)
    eq(wrong[0], 0)


class Caller(FinaliserProxy):
    # Its finalizer watches another object that dies with it, and whose handle the sweep comes to
    # before or after.
    def __init__(self, i):
        if i % 2:
            super().__init__(self.__del__)
        self.other = Obj()
        self.f = finalize(self.other, count, i)
        if i % 2 == 0:
            super().__init__(self.__del__)

    def __del__(self):
        self.f()


class Detacher(Caller):
    def __del__(self):
        count_memory_errors(self.f.detach)
        count_memory_errors(self.f.peek)


class AtexitSetter(Caller):
    def __del__(self):
        self.f.atexit = not self.f.atexit
        if self.f.alive:
            self.f()


class Own(FinaliserProxy):
    # Its finalizer watches the object itself.
    def __init__(self, i):
        if i % 2:
            super().__init__(self.__del__)
        self.f = finalize(self, count, i)
        if i % 2 == 0:
            super().__init__(self.__del__)

    def __del__(self):
        self.f()


class Poller(Caller):
    def __del__(self):
        # What is due runs later, with the heap usable.
        wrong[0] += poll()


@case
def call_a_finalizer():
    repeat(Caller, ROUNDS * (N - 3))


@case
def call_its_own_finalizer():
    repeat(Own, ROUNDS * (N - 3))


@case
def detach_a_finalizer():
    repeat(Detacher, ROUNDS * (N - 3))


@case
def change_a_finalizer():
    repeat(AtexitSetter, ROUNDS * (N - 3))


@case
def poll_in_the_sweep():
    repeat(Poller, ROUNDS * (N - 3))


@case
def call_a_finalizer_of_what_lives():
    ran = [0]

    def ran_now():
        ran[0] += 1

    def call():
        f()

    kept = []
    for r in range(ROUNDS):
        o = Obj()
        kept.append(o)
        f = finalize(o, ran_now)
        for i in range(N):
            FinaliserProxy(call)
        check.collect_garbage()
        poll()
        eq(ran[0], r + 1)
        eq((f.alive, f.peek(), f.detach(), f()), (False, None, None, None))
        churn()
    # The objects can be watched as before.
    log = []
    for o in kept:
        finalize(o, log.append, 1)
    o = None
    kept.clear()
    check.collect_garbage()
    churn()
    poll()
    true(ROUNDS - 3 <= len(log) <= ROUNDS)


class Late(FinaliserProxy):
    def __init__(self):
        pass


class Initialiser(FinaliserProxy):
    # Calls __init__ of a proxy that has not been initialised and dies with it.
    def __init__(self, i):
        super().__init__(self.__del__)
        self.i = i
        self.late = Late()
        self.callback = self.late_del

    def late_del(self):
        wrong[0] += 1

    def __del__(self):
        count(self.i)
        try:
            FinaliserProxy.__init__(self.late, self.callback)
            wrong[0] += 1
        except MemoryError:
            pass


@case
def initialise_what_dies():
    repeat(Initialiser, ROUNDS * (N - 3))


class Closer(FinaliserProxy):
    # Two that refer to each other, each of which ends the other.
    def __init__(self, i):
        super().__init__(self.__del__)
        self.i = i
        self.peer = None

    def __del__(self):
        count(self.i)
        if self.i % 2:
            close(self.peer)
        else:
            detach(self.peer)
        if alive(self.peer) or alive(self):
            wrong[0] += 1


def make_closers(i):
    if i % N % 2 == 0 and i % N + 1 < N:
        a, b = Closer(i), Closer(i + 1)
        a.peer, b.peer = b, a


@case
def end_each_other():
    repeat(make_closers, ROUNDS * (N // 2 - 3))


check.end()
