# SPDX-License-Identifier: MIT
# FinaliserProxy: what it is called with, and when it calls.
# needs: finaliserproxy
# also: mps2-an385-notime
# wants: floats

import gc
import check
from check import case, eq, raises, true
from finaliserproxy import FinaliserProxy

log = []


def note(x):
    # The heap is locked, and the list has the capacity.
    log[log.index(None)] = x


def start(n):
    check.collect_garbage()
    log[:] = [None] * n


# The collector is conservative: a stale word may keep the last one or two alive until a later
# case.
late = []


def finish(expected, late_ones=2):
    check.collect_garbage()
    check.collect_garbage()
    got = sorted(x for x in log if x is not None)
    for x in late[:]:
        if got.count(x) > expected.count(x):
            got.remove(x)
            late.remove(x)
    missing = [x for x in expected if x not in got]
    true(len(missing) <= min(late_ones, len(expected) - 1))
    eq(got, [x for x in expected if x not in missing])
    late.extend(missing)


class Base(FinaliserProxy):
    def __init__(self, n):
        super().__init__(self.__del__)
        self.n = n

    def __del__(self):
        note(self.n)


def make(n, cls):
    for i in range(n):
        cls(i)


@case
def subclass():
    start(50)
    make(20, Base)
    finish(list(range(20)))


@case
def not_before_it_dies():
    start(50)
    kept = [Base(i) for i in range(20)]
    gc.collect()
    gc.collect()
    eq([x for x in log if x is not None], [])
    eq([x.n for x in kept], list(range(20)))
    # Emptied, for a stale word may keep the list itself.
    kept.clear()
    finish(list(range(20)))


@case
def direct():
    start(50)

    def one(i):
        return FinaliserProxy(lambda: note(i))

    for i in range(20):
        one(i)
    finish(list(range(20)))


@case
def base_without_del():
    class Plain(FinaliserProxy):
        def __init__(self, i):
            super().__init__(lambda: note(i))

    start(50)
    make(20, Plain)
    finish(list(range(20)))


@case
def several_levels():
    class Middle(Base):
        pass

    class Mixin:
        pass

    class Leaf(Mixin, Middle):
        def __init__(self, i):
            super().__init__(i)
            self.extra = [i]

        def __del__(self):
            note(100 + self.extra[0])

    start(50)
    make(20, Leaf)
    finish([100 + i for i in range(20)])


@case
def cycles():
    def one(i):
        a = Base(2 * i)
        b = Base(2 * i + 1)
        a.other = b
        b.other = a
        a.me = [a]

    start(50)
    for i in range(10):
        one(i)
    # A stale word keeps both objects of a cycle.
    finish(list(range(20)), 4)


@case
def attributes():
    x = Base(3)
    x.a = 1
    eq((x.a, x.n), (1, 3))
    del x.a
    raises(AttributeError, lambda: x.a)
    true(isinstance(x, FinaliserProxy))
    true(issubclass(Base, FinaliserProxy))
    # The module's own machinery does not show.
    eq([a for a in dir(x) if not a.startswith("__")], ["n"])


@case
def attributes_forwarded():
    class Remote(FinaliserProxy):
        def __init__(self):
            super().__init__(self.__del__)

        def __getattr__(self, name):
            return "remote " + name

        def __del__(self):
            pass

    r = Remote()
    for name in ("detach", "close", "alive", "readblocks", "ioctl", "callback", "poll"):
        eq(getattr(r, name), "remote " + name)


@case
def not_callable():
    for bad in (None, 1, "x", b"x", [], {}, (1,), 1.5, object(), Base.__name__):
        raises(TypeError, FinaliserProxy, bad)

        class C(FinaliserProxy):
            def __init__(self):
                super().__init__(bad)

        raises(TypeError, C)
    raises(TypeError, FinaliserProxy)
    raises(TypeError, FinaliserProxy, print, print)


@case
def callables():
    class WithCall:
        def __call__(self):
            note(1)

    class Cls:
        def __init__(self):
            note(2)

    def closure():
        n = 3
        return lambda: note(n)

    def one(f):
        FinaliserProxy(f)

    start(50)
    for i in range(5):
        one(WithCall())
        one(Cls)
        one(closure())
    check.collect_garbage()
    check.collect_garbage()
    got = sorted(x for x in log if x)
    # An instance of Cls would need the heap, so that callback ends with a MemoryError.
    true(len(got) >= 6)
    eq(set(got), {1, 3})


@case
def forgotten_init():
    class NoArgs(FinaliserProxy):
        def __init__(self):
            self.x = 1

        def __del__(self):
            note("wrong")

    class WithArg(FinaliserProxy):
        def __init__(self, on_close, other=None):
            self.on_close = on_close

    start(50)
    for i in range(10):
        a = NoArgs()
        eq(a.x, 1)
        b = WithArg(lambda: note("wrong"))
        true(b.on_close is not None)
        WithArg("not callable", other=3)
        raises(AttributeError, getattr, a, "nothing")
    del a, b
    check.collect_garbage()
    check.collect_garbage()
    eq([x for x in log if x is not None], [])


@case
def init_twice():
    class Twice(FinaliserProxy):
        def __init__(self):
            super().__init__(lambda: note(1))
            raises(TypeError, super().__init__, lambda: note(2))

    start(50)
    for i in range(10):
        x = Twice()
        raises(TypeError, FinaliserProxy.__init__, x, lambda: note(3))
    del x
    check.collect_garbage()
    check.collect_garbage()
    got = set(x for x in log if x is not None)
    eq(got, {1})


@case
def init_of_others():
    class Other:
        pass

    raises(TypeError, FinaliserProxy.__init__, Other(), print)
    raises(TypeError, FinaliserProxy.__init__, 1, print)
    raises(TypeError, FinaliserProxy.__init__, None, print)


@case
def init_raises_later():
    # The object exists, so it is finalised.
    class Fails(Base):
        def __init__(self, i):
            super().__init__(i)
            raise ValueError

    start(50)
    for i in range(20):
        raises(ValueError, Fails, i)
    finish(list(range(20)))


@case
def super_del():
    class Polite(Base):
        def __del__(self):
            super().__del__()

    start(50)
    make(20, Polite)
    finish(list(range(20)))
    x = FinaliserProxy(print)
    eq(x.__del__(), None)


@case
def explicit_del_is_a_call_like_any_other():
    start(50)

    def one(i):
        x = Base(i)
        x.__del__()
        eq(log.count(i), 1)

    for i in range(10):
        one(i)
    check.collect_garbage()
    check.collect_garbage()
    eq(log[:10], list(range(10)))
    true(len([x for x in log[10:] if x is not None]) >= 6)


@case
def exception_in_callback():
    class Bad(Base):
        def __del__(self):
            note(self.n)
            if self.n % 2:
                raise ValueError(self.n)

    start(50)
    make(20, Bad)
    finish(list(range(20)))


@case
def many():
    n = 600
    start(0)
    counts = bytearray(n)

    class Counted(FinaliserProxy):
        def __init__(self, i):
            self.i = i
            super().__init__(self.__del__)

        def __del__(self):
            counts[self.i] += 1

    kept = [Counted(i) for i in range(n)]
    gc.collect()
    eq(sum(counts), 0)
    kept.clear()
    check.collect_garbage()
    check.collect_garbage()
    true(max(counts) == 1)
    true(sum(counts) >= n - 15)


check.end()
