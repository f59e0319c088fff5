# SPDX-License-Identifier: MIT
# What a callback of FinaliserProxy may do.
# needs: finaliserproxy
# also: mps2-an385-notime

import gc
import io
import micropython
import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, alive, close, detach, finalize, poll


class Obj:
    pass


def make(n, callback):
    for i in range(n):
        FinaliserProxy(callback)


def run(n, callback):
    make(n, callback)
    check.collect_garbage()
    check.collect_garbage()


@case
def write_to_a_stream():
    stream = io.BytesIO(bytearray(200))
    stream.seek(0)
    run(10, lambda: stream.write(b"gone;"))
    true(stream.getvalue().count(b"gone;") >= 6)


@case
def heap_is_locked():
    result = [0, 0]

    def callback():
        try:
            bytearray(1000)
            result[0] += 1
        except MemoryError:
            result[1] += 1

    run(10, callback)
    eq(result[0], 0)
    true(result[1] >= 6)


# What is scheduled must be alive by itself: a proxy that dies late does not keep it.
ran = []


def later(arg):
    ran.append(arg * 2)


def collect(arg):
    gc.collect()
    ran.append(arg)


def schedule_from_callbacks(f, arg):
    def callback():
        try:
            micropython.schedule(f, arg)
        except RuntimeError:
            pass

    ran.clear()
    run(10, callback)
    for i in range(20):
        pass


@case
def schedule():
    schedule_from_callbacks(later, 21)
    true(len(ran) >= 3)
    eq(set(ran), {42})


@case
def collect_later():
    # What to do instead of gc.collect(). An object of the case before may die now.
    schedule_from_callbacks(collect, None)
    true(ran.count(None) >= 1)


@case
def attributes_of_the_dead():
    seen = [None] * 30

    class Thing(FinaliserProxy):
        def __init__(self, i):
            super().__init__(self.__del__)
            self.i = i
            self.list = [i, i + 1]
            self.name = "name %d" % i

        def __del__(self):
            if self.list[1] == self.i + 1 and self.name.endswith(str_of[self.i]):
                self.i += 100
                seen[seen.index(None)] = self.i - 100

    str_of = [str(i) for i in range(20)]
    for i in range(20):
        Thing(i)
    check.collect_garbage()
    check.collect_garbage()
    got = sorted(i for i in seen if i is not None)
    true(len(got) >= 15)
    eq(len(set(got)), len(got))


@case
def module_functions():
    other = FinaliserProxy(print)
    result = [0, 0]

    def callback():
        if alive(other):
            result[0] += 1
        poll()
        detach(inner)
        close(inner)
        result[1] += 1

    inner = FinaliserProxy(print)
    run(10, callback)
    true(result[0] >= 6)
    true(result[1] >= 6)


@case
def create_fails_cleanly():
    errors = [0]

    def callback():
        try:
            FinaliserProxy(print)
        except MemoryError:
            errors[0] += 1
        try:
            finalize(o, print)
        except MemoryError:
            errors[0] += 1

    o = Obj()
    run(10, callback)
    true(errors[0] >= 13)
    x = FinaliserProxy(print)
    true(alive(x))
    eq(detach(x), print)
    eq(o.__dict__, {})


@case
def finalizer_methods():
    result = []
    o = Obj()
    f = finalize(o, print)
    seen = [0]

    def callback():
        if f.alive and f.atexit:
            seen[0] += 1

    run(10, callback)
    true(seen[0] >= 6)
    f.detach()
    eq(result, [])


@case
def nested_exceptions():
    count = [0]

    def callback():
        try:
            raise ValueError
        except ValueError:
            count[0] += 1
        finally:
            count[0] += 1

    run(10, callback)
    true(count[0] >= 13)


@case
def keyboard_interrupt_and_exit():
    count = [0]

    def callback():
        count[0] += 1
        raise KeyboardInterrupt if count[0] % 2 else SystemExit

    run(10, callback)
    true(count[0] >= 6)
    gc.collect()


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("in __str__")

    __repr__ = __str__


@case
def unprintable_exception():
    # It must not end the collection, which would leave the heap locked for good.
    count = [0]
    error = Unprintable()

    def callback():
        count[0] += 1
        raise error

    run(10, callback)
    true(count[0] >= 6)
    eq(len(bytearray(1000)), 1000)
    gc.collect()


@case
def at_the_end_of_the_stack():
    # There a callback cannot be called, nor the exception be printed that says so.
    def recurse(n, stop):
        deepest[0] = n
        if n == stop:
            gc.collect()
            return
        recurse(n + 1, stop)

    def to_the_end(stop):
        try:
            recurse(0, stop)
        except RuntimeError:
            pass

    deepest = [0]
    to_the_end(-1)
    limit = deepest[0]
    for k in range(12):
        make(10, lambda: None)
        to_the_end(limit - k)
        eq(len(bytearray(1000)), 1000)


check.end()
