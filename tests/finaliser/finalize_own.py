# SPDX-License-Identifier: MIT
# finalize: what is ours: poll, the scheduler, and the heap.
# needs: finaliserproxy
# also: mps2-an385-notime
# wants: floats

import gc
import micropython
import sys
import check
from check import case, eq, raises, true
from finaliserproxy import FinaliserProxy, finalize, poll


class Obj:
    pass


def drop_cls(cls, func, arg):
    for i in range(10):
        finalize(cls(), func, arg)


# Callbacks run at the next scheduler point: a loop has many, and there is poll().
def settle():
    check.collect_garbage()
    check.collect_garbage()
    for i in range(20):
        pass


def drop(n, func, *args):
    for i in range(n):
        finalize(Obj(), func, *args)


@case
def heap_is_usable():
    log = []

    def func(i):
        log.append("%d-%d" % (i, len(log)))

    drop(10, func, 7)
    settle()
    true(len(log) >= 6)
    eq(log[0], "7-0")


@case
def runs_without_poll():
    log = []
    drop(10, log.append, 1)
    settle()
    true(len(log) >= 6)


@case
def poll_counts():
    log = []
    drop(10, log.append, 1)
    n = 0
    # Nothing between the collection and poll() lets the scheduler run.
    gc.collect(), poll()
    check.collect_garbage()
    n = poll()
    true(len(log) >= 6)
    eq(poll(), 0)
    eq(type(n), int)
    raises(TypeError, poll, 1)


@case
def full_queue():
    log = []
    ran = []

    def others(arg):
        # The scheduler is locked here, so its queue stays full during the collection.
        n = 0
        try:
            while True:
                micropython.schedule(ran.append, 1)
                n += 1
        except RuntimeError:
            pass
        ran.append(-n)
        gc.collect()
        gc.collect()
        eq(len(log), 0)

    drop(10, log.append, 1)
    gc.disable()
    micropython.schedule(others, None)
    for i in range(20):
        pass
    gc.enable()
    true(min(ran) <= -1)
    eq(ran.count(1), -min(ran))
    eq(log, [])
    # The next collection tries again, without the help of anything else.
    gc.collect()
    for i in range(20):
        pass
    true(len(log) >= 6)


@case
def full_queue_then_poll():
    log = []
    full = []

    def others(arg):
        try:
            while True:
                micropython.schedule(full.append, 1)
        except RuntimeError:
            pass
        gc.collect()

    drop(30, log.append, 1)
    gc.disable()
    micropython.schedule(others, None)
    for i in range(20):
        pass
    gc.enable()
    true(len(full) > 0)
    n = poll()
    # What old calls left on the stack may keep a few alive.
    true(n >= 20)
    eq(len(log), n)


@case
def many_arguments():
    def func(*args, **kw):
        log.append((len(args), len(kw)))

    log = []
    o = Obj()
    finalize(o, func, *range(253), **{"k%d" % i: i for i in range(255)})()
    eq(log, [(253, 255)])
    raises(TypeError, finalize, o, func, *range(254))
    # Firmware with a stack of its own for Python's frames has no room there for more.
    for n in (256, 257) if "pystack" in check.target else (256, 257, 511, 512):
        raises(TypeError, lambda: finalize(o, func, **{"k%d" % i: i for i in range(n)}))
    eq(o.__dict__, {})


class Unprintable(Exception):
    def __init__(self, error):
        self.error = error

    def __str__(self):
        raise self.error

    __repr__ = __str__


@case
def unprintable_exceptions():
    def func(error):
        log.append(error)
        raise Unprintable(error)

    log = []
    errors = ValueError("in __str__"), Unprintable(KeyError("again")), KeyboardInterrupt()
    for error in errors:
        drop(4, func, error)
    check.collect_garbage()
    # One that an earlier case has made may be among them.
    true(poll() >= len(log) >= 6)
    check.collect_garbage()
    poll()
    true(len(log) >= 10)
    eq(poll(), 0)


@case
def handle_among_the_attributes():
    # A program that goes through an object's attributes finds the handle.
    log = []
    o = Obj()
    f = finalize(o, log.append, 1)
    handles = list(o.__dict__.values())
    eq(len(handles), 1)
    for handle in handles:
        eq(hasattr(handle, "__del__"), False)
        raises(AttributeError, getattr, handle, "__del__")
        raises(AttributeError, lambda: handle.__del__())
    check.collect_garbage()
    eq((poll(), log, f.alive), (0, [], True))
    eq(f.peek()[0], o)
    f()
    eq(log, [1])


@case
def class_with_native_base():
    class Log(list):
        pass

    class Proxy(FinaliserProxy):
        def __init__(self):
            super().__init__(self.__del__)

        def __del__(self):
            dead[0] += 1

    class Error(Exception):
        pass

    dead = [0]
    log = []
    for cls in (Log, Proxy, Error):
        drop_cls(cls, log.append, cls.__name__)
    settle()
    for cls in (Log, Proxy, Error):
        true(log.count(cls.__name__) >= 6)
    true(dead[0] >= 6)


@case
def type_errors():
    class Cls:
        pass

    def gen():
        yield

    for bad in (1, 1.5, None, "x", b"x", [], (), {}, set(), print, gen, gen(), Cls, sys, object()):
        raises(TypeError, finalize, bad, print)
    o = Cls()
    f = finalize(o, print)
    raises(AttributeError, lambda: f.nothing)

    def assign(name):
        setattr(f, name, 1)

    raises(AttributeError, assign, "nothing")
    raises(AttributeError, assign, "alive")
    raises(TypeError, f.peek, 1)
    raises(TypeError, f.detach, 1)
    f.detach()


@case
def no_name_in_the_object():
    o = Obj()
    f = finalize(o, print)
    eq([a for a in dir(o) if not a.startswith("__")], [])
    true(f.alive)
    f.detach()
    eq(o.__dict__, {})


@case
def detaching_leaks_nothing():
    o = Obj()
    o.x = 1

    def func():
        pass

    def one():
        finalize(o, func).detach()
        finalize(o, func)()

    for i in range(100):
        one()
    check.collect_garbage()
    before = gc.mem_alloc()
    for i in range(500):
        one()
    check.collect_garbage()
    true(gc.mem_alloc() - before < 1000)
    eq(o.__dict__, {"x": 1})


@case
def detached_from_one_attached_to_another():
    # What is left of a detached finalizer keeps no other object alive.
    log = []
    old = [Obj() for i in range(20)]
    kept = [Obj() for i in range(20)]

    def one(i):
        finalize(kept[i], log.append, -1).detach()
        finalize(old[i], log.append, i)

    for i in range(20):
        one(i)
    old.clear()
    settle()
    true(len(log) >= 15)
    eq(len(kept), 20)


@case
def dying_leaks_nothing():
    def func(i):
        pass

    def rounds(n):
        for i in range(n):
            drop(10, func, i)
            gc.collect()
            poll()

    rounds(20)
    settle()
    before = gc.mem_alloc()
    rounds(100)
    settle()
    true(gc.mem_alloc() - before < 1000)


@case
def poll_in_a_callback():
    log = []

    def func():
        log.append(1)
        poll()

    drop(10, func)
    settle()
    true(len(log) >= 6)
    eq(poll(), 0)


@case
def collect_in_a_callback():
    log = []

    def func():
        gc.collect()
        log.append(1)

    drop(10, func)
    settle()
    settle()
    true(len(log) >= 6)


@case
def die_and_wait_for_memory():
    # A collection that an allocation starts makes finalizers due as well.
    log = []
    drop(10, log.append, 1)
    check.collect_garbage()
    data = None
    for i in range(100):
        data = [data]
    true(len(log) >= 6)


@case
def many_in_one_drain():
    counts = bytearray(200)

    def func(i):
        counts[i] += 1

    def one(i):
        finalize(Obj(), func, i)

    for i in range(200):
        one(i)
    settle()
    settle()
    eq(max(counts), 1)
    true(sum(counts) >= 185)


check.end()
