# SPDX-License-Identifier: MIT
# finalize, as far as CPython documents weakref.finalize: the same file runs on both.
# needs: finaliserproxy
# also: mps2-an385-notime
# cpython: yes

import gc
import check
from check import case, eq, raises, true

try:
    from finaliserproxy import finalize, poll
except ImportError:
    from weakref import finalize

    def poll():
        return 0


log = []


class Obj:
    pass


def settle():
    check.collect_garbage()
    check.collect_garbage()
    poll()


# On MicroPython a stale word on the stack may keep the last one or two objects alive.
def almost(got, expected):
    got = sorted(got)
    missing = [x for x in expected if x not in got]
    true(len(missing) <= min(2, len(expected) - 1))
    eq(got, [x for x in expected if x not in missing])


@case
def called_when_dead():
    def one(i):
        finalize(Obj(), log.append, i)

    log = []
    for i in range(20):
        one(i)
    settle()
    almost(log, list(range(20)))


@case
def not_called_while_alive():
    log = []
    kept = [Obj() for i in range(10)]
    fins = [finalize(o, log.append, 1) for o in kept]
    settle()
    eq(log, [])
    eq([f.alive for f in fins], [True] * 10)
    kept.clear()
    settle()
    almost(log, [1] * len(log))
    true(len(log) >= 6)
    true([f.alive for f in fins].count(False) >= 6)


@case
def arguments():
    def func(*args, **kwargs):
        log.append((args, kwargs))

    def one():
        finalize(Obj(), func)
        finalize(Obj(), func, 1, "two")
        finalize(Obj(), func, a=1)
        finalize(Obj(), func, 1, b=2, c=[3])

    log = []
    for i in range(10):
        one()
    settle()
    for args, kwargs in log:
        true(
            (args, kwargs)
            in (((), {}), ((1, "two"), {}), ((), {"a": 1}), ((1,), {"b": 2, "c": [3]}))
        )
    true(len(log) >= 34)


@case
def arguments_keep_their_objects():
    def one():
        inner = Obj()
        inner.x = 5
        finalize(Obj(), lambda o: log.append(o.x), inner)

    log = []
    for i in range(10):
        one()
    settle()
    true(len(log) >= 6)
    eq(set(log), {5})


@case
def arguments_go_with_the_finalizer():
    log = []
    fins = []

    def ignore(x):
        pass

    def one(i):
        inner = Obj()
        finalize(inner, log.append, i)
        o = Obj()
        f = finalize(o, ignore, inner)
        if i % 3 == 0:
            f()
        elif i % 3 == 1:
            f.detach()
        fins.append(f)

    for i in range(30):
        one(i)
    settle()
    settle()
    true(len(log) >= 22)
    eq([f.alive for f in fins[:2]], [False, False])


@case
def call():
    o = Obj()
    f = finalize(o, lambda a, b=0: a + b, 1, b=2)
    eq(f.alive, True)
    eq(f(), 3)
    eq(f.alive, False)
    eq(f(), None)
    eq(f.peek(), None)
    eq(f.detach(), None)


@case
def call_raises():
    def bad():
        raise ValueError("bad")

    o = Obj()
    f = finalize(o, bad)
    raises(ValueError, f, match="bad")
    eq(f.alive, False)
    eq(f(), None)


@case
def call_takes_no_arguments():
    o = Obj()
    f = finalize(o, log.append, 1)
    if hasattr(f, "_Info"):
        check.skip("CPython ignores them")
    raises(TypeError, f, 1)
    eq(f.alive, True)


@case
def peek():
    o = Obj()
    f = finalize(o, log.append, 1)
    obj, func, args, kwargs = f.peek()
    true(obj is o)
    eq(func, log.append)
    eq(args, (1,))
    eq(kwargs, {})
    eq(f.alive, True)
    f = finalize(o, print, 1, 2, sep="-", end="")
    eq(f.peek(), (o, print, (1, 2), {"sep": "-", "end": ""}))
    f.detach()


@case
def detach():
    log = []
    o = Obj()
    f = finalize(o, log.append, 1)
    obj, func, args, kwargs = f.detach()
    true(obj is o)
    eq(func, log.append)
    eq((args, kwargs), ((1,), {}))
    eq(f.alive, False)
    eq(f.detach(), None)
    eq(f(), None)
    o = obj = None
    settle()
    eq(log, [])


@case
def detached_by_the_dozen():
    log = []

    def one():
        o = Obj()
        finalize(o, log.append, 1).detach()

    for i in range(30):
        one()
    settle()
    eq(log, [])


@case
def several_on_one_object():
    def one():
        o = Obj()
        for i in range(5):
            finalize(o, log.append, i)

    log = []
    one()
    one()
    one()
    settle()
    # The newest first, as CPython does.
    true(log[:5] == [4, 3, 2, 1, 0])
    true(len(log) in (5, 10, 15))


@case
def some_of_several():
    log = []

    def one():
        o = Obj()
        fins = [finalize(o, log.append, i) for i in range(6)]
        fins[0].detach()
        fins[3]()
        fins[5].detach()
        eq(log, [3])
        eq([f.alive for f in fins], [False, True, True, False, True, False])
        return fins

    fins = one()
    scrub = [Obj() for i in range(10)]
    settle()
    if log == [3]:
        # The object is still on the stack.
        scrub = None
        settle()
    eq(log, [3, 4, 2, 1])
    eq([f.alive for f in fins], [False] * 6)
    eq(scrub is None, scrub is None)


@case
def atexit_attribute():
    o = Obj()
    f = finalize(o, log.append, 1)
    eq(f.atexit, True)
    f.atexit = False
    eq(f.atexit, False)
    f.atexit = True
    eq(f.atexit, True)
    f.detach()
    eq(f.atexit, False)


@case
def exceptions_do_not_lose_the_rest():
    def func(i):
        log.append(i)
        if i % 2:
            raise ValueError("expected in the output")

    def one(i):
        finalize(Obj(), func, i)

    log = []
    for i in range(12):
        one(i)
    settle()
    almost(log, list(range(12)))


@case
def cycle():
    def one(i):
        a = Obj()
        b = Obj()
        a.b = b
        b.a = a
        finalize(a, log.append, i)

    log = []
    for i in range(12):
        one(i)
    settle()
    almost(log, list(range(12)))


@case
def new_finalizer_in_a_callback():
    def second(i):
        log.append(100 + i)

    def first(i):
        log.append(i)
        finalize(Obj(), second, i)

    def one(i):
        finalize(Obj(), first, i)

    log = []
    for i in range(10):
        one(i)
    settle()
    settle()
    true(len([i for i in log if i < 100]) >= 6)
    true(len([i for i in log if i >= 100]) >= 6)
    eq(len(log), len(set(log)))


@case
def callback_of_another():
    fins = []

    def func(i):
        log.append(i)
        # Each callback runs the next one: still once each.
        if i + 1 < len(fins):
            fins[i + 1]()

    log = []
    kept = [Obj() for i in range(8)]
    for i in range(8):
        fins.append(finalize(kept[i], func, i))
    # A stale word for the list alone would keep them all.
    kept.clear()
    settle()
    eq(sorted(log), list(range(len(log))))
    true(len(log) >= 6)


@case
def argument_that_is_the_object():
    # Keeps it alive forever, as in CPython.
    log = []

    def one():
        o = Obj()
        return finalize(o, log.append, o)

    f = one()
    settle()
    eq(f.alive, True)
    eq(log, [])
    f.detach()


@case
def not_weak():
    raises(TypeError, finalize, 1, print)
    raises(TypeError, finalize, "x", print)
    raises(TypeError, finalize, (1,), print)
    raises(TypeError, finalize, None, print)
    raises(TypeError, finalize)
    raises(TypeError, finalize, Obj())


@case
def class_with_setattr():
    class Strict:
        def __setattr__(self, name, value):
            raise AttributeError(name)

        def __getattr__(self, name):
            raise AttributeError(name)

    def one(i):
        o = Strict()
        f = finalize(o, log.append, i)
        true(f.alive)
        finalize(o, log.append, -1).detach()

    log = []
    for i in range(10):
        one(i)
    settle()
    almost(log, list(range(10)))


@case
def object_with_attributes():
    def one(i):
        o = Obj()
        for j in range(10):
            setattr(o, "a%d" % j, j)
        f = finalize(o, log.append, i)
        g = finalize(o, log.append, -1)
        for j in range(10, 20):
            setattr(o, "a%d" % j, j)
        eq([getattr(o, "a%d" % j) for j in range(20)], list(range(20)))
        del o.a3
        raises(AttributeError, lambda: o.a3)
        eq(hasattr(o, "b"), False)
        g.detach()
        eq(o.a4, 4)
        true(f.alive)

    log = []
    for i in range(10):
        one(i)
    settle()
    almost(log, list(range(10)))


@case
def many():
    n = 300
    counts = [0] * n

    def func(i):
        counts[i] += 1

    def one(i):
        finalize(Obj(), func, i)

    for i in range(n):
        one(i)
    settle()
    settle()
    eq(max(counts), 1)
    true(sum(counts) >= n - 15)
    gc.collect()


check.end()
