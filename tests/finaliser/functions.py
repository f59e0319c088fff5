# SPDX-License-Identifier: MIT
# detach, close and alive.
# needs: finaliserproxy
# also: mps2-an385-notime

import gc
import check
from check import case, eq, raises, true
from finaliserproxy import FinaliserProxy, alive, close, detach, source

calls = [0]


def callback():
    calls[0] += 1


class Thing(FinaliserProxy):
    def __init__(self):
        super().__init__(callback)


class Forgetful(FinaliserProxy):
    def __init__(self):
        pass


@case
def detach_returns_the_callback():
    x = Thing()
    true(alive(x))
    true(detach(x) is callback)
    eq(alive(x), False)
    eq(detach(x), None)


@case
def detached_never_called():
    calls[0] = 0
    for i in range(20):
        detach(Thing())
    for i in range(3):
        check.collect_garbage()
    eq(calls[0], 0)


@case
def close_calls_once():
    calls[0] = 0
    x = Thing()
    eq(close(x), None)
    eq(calls[0], 1)
    eq(alive(x), False)
    close(x)
    eq(detach(x), None)
    del x
    for i in range(20):
        close(Thing())
    for i in range(3):
        check.collect_garbage()
    eq(calls[0], 21)


@case
def close_raises():
    def bad():
        calls[0] += 1
        raise ValueError("bad")

    calls[0] = 0
    x = FinaliserProxy(bad)
    raises(ValueError, close, x, match="bad")
    eq(alive(x), False)
    close(x)
    eq(calls[0], 1)


@case
def close_in_close():
    x = None

    def again():
        calls[0] += 1
        close(x)

    calls[0] = 0
    x = FinaliserProxy(again)
    close(x)
    eq(calls[0], 1)


@case
def uninitialised():
    x = Forgetful()
    eq(alive(x), False)
    eq(detach(x), None)
    close(x)


@case
def wrong_objects():
    class Other:
        pass

    class Error(Exception):
        pass

    for f in (detach, close, alive):
        for bad in (None, 1, "x", [], Other(), Other, Thing, FinaliserProxy, Error(), callback):
            raises(TypeError, f, bad)
        raises(TypeError, f)
        raises(TypeError, f, Thing(), 1)


@case
def interleaved():
    counts = bytearray(200)

    class Counted(FinaliserProxy):
        def __init__(self, i):
            self.i = i
            super().__init__(self.__del__)

        def __del__(self):
            counts[self.i] += 1
            if self.i % 3 == 0:
                raise RuntimeError

    def one(i):
        x = Counted(i)
        if i % 4 == 1:
            detach(x)
        elif i % 4 == 2:
            try:
                close(x)
            except RuntimeError:
                pass
        elif i % 4 == 3:
            close(x) if i % 3 else detach(x)

    for i in range(200):
        one(i)
        if i % 50 == 0:
            gc.collect()
    check.collect_garbage()
    check.collect_garbage()
    missing = 0
    for i in range(200):
        expected = 1
        if i % 4 == 1 or i % 4 == 3 and i % 3 == 0:
            expected = 0
        if i % 4 == 0 and counts[i] == 0:
            missing += 1
        else:
            eq((i, counts[i]), (i, expected))
    true(missing <= 2)


@case
def source_name():
    true(source() in ("VfsFat", "VfsLfs2", "VfsLfs1"))


check.end()
