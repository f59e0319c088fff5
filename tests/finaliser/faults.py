# SPDX-License-Identifier: MIT
# Every allocation of every public function fails in turn, by itself and with all later ones, with
# the heap locked and with a collection at each; Ctrl-C comes wherever Python code runs.
# needs: finaliserproxy
# targets: unix-x64 unix-x86 mps2-an385/armv7m
# timeout: 600
#
# A new public function needs a row in the table below.

import gc

import check
import finaliserproxy
import inject
from check import case, eq, true
from finaliserproxy import FinaliserProxy, alive, close, detach, finalize, poll, source
from inject import Row, inside


class Obj:
    pass


class Thing(FinaliserProxy):
    def __init__(self):
        self.closed = 0
        super().__init__(self.__del__)

    def __del__(self):
        self.closed += 1
        inside()


class Late(FinaliserProxy):
    """Its __init__ is called when the test wants it."""

    def __init__(self):
        pass


ran = [0]
RESULT = ("a", "result")


def function(a, k=0):
    # Without an allocation, as it also runs when all fail.
    ran[0] += 1
    inside()
    return RESULT


def nothing():
    return None


def new_thing(_):
    t = Thing()
    return (alive(t), detach(t) is not None)


def init(late):
    """Once it has succeeded it has been called already."""
    FinaliserProxy.__init__(late, nothing)
    return alive(late)


def detached(t):
    callback = detach(t)
    return (callback is not None, alive(t), t.closed)


def closed(t):
    close(t)
    return (alive(t), t.closed)


def finalizer(**options):
    def make():
        o = Obj()
        return o, finalize(o, function, 1, **options)

    return make


def new_finalizer(o):
    before = len(o.__dict__)
    f = finalize(o, function, 1, k=2)
    f.detach()
    eq(len(o.__dict__), before)
    return (f.alive, f())


def found(state):
    o, f = state
    t = f.peek()
    return (t[0] is o, t[1:])


def taken(state):
    o, f = state
    t = f.detach()
    return t and (t[0] is o, t[1:], f.alive, o.__dict__)


def set_atexit(state):
    f = state[1]
    f.atexit = False
    return (f.alive, f.atexit)


def due():
    """Some finalizers are due, but for what a stale word on the stack keeps."""
    for _ in range(3):
        finalize(Obj(), function, 1)
    before = ran[0]
    gc.collect()
    return before


def polled(before):
    """None is lost and none runs twice; the scheduler may have been faster."""
    n = poll()
    return isinstance(n, int) and 0 <= n <= 10 and poll() == 0


def batch(_):
    """More blocks than the pool has."""
    things = [Thing() for _ in range(40)]
    n = sum([alive(t) for t in things])
    for t in things:
        detach(t)
    return n


FOUND = (True, (function, (1,), {"k": 2}))
DEAD = (None,)

ROWS = (
    Row("FinaliserProxy", nothing, new_thing, (True, True)),
    Row("FinaliserProxy.__init__", Late, init, True, (TypeError,)),
    Row(
        "FinaliserProxy.__init__",
        nothing,
        lambda _: FinaliserProxy.__init__(5, nothing),
        TypeError,
    ),
    Row("FinaliserProxy.__init__", Late, lambda t: FinaliserProxy.__init__(t, 5), TypeError),
    Row("FinaliserProxy", nothing, batch, 40),
    Row("FinaliserProxy.__del__", Thing, lambda t: super(Thing, t).__del__(), None),
    Row("detach", Thing, detached, (True, False, 0), ((False, False, 0),)),
    Row("detach", nothing, lambda _: detach(5), TypeError),
    Row("close", Thing, closed, (False, 1), ((False, 0),)),
    Row("alive", Thing, lambda t: alive(t), True),
    Row("finalize", Obj, new_finalizer, (False, None)),
    Row("finalize", nothing, lambda _: finalize(5, function), TypeError),
    Row("finalize finalize.__call__", finalizer(k=2), lambda s: s[1](), RESULT, DEAD),
    Row("finalize.peek", finalizer(k=2), found, FOUND),
    Row("finalize.detach", finalizer(k=2), taken, FOUND + (False, {}), DEAD),
    Row("finalize.alive finalize.atexit", finalizer(), set_atexit, (True, False)),
    Row("poll", due, polled, lambda right: right),
    Row("source", nothing, lambda _: source()[:3], "Vfs"),
)
ALSO = """FinaliserProxy.__init__ FinaliserProxy.__del__ finalize.__call__ finalize.peek
    finalize.detach finalize.alive finalize.atexit""".split()


@case
def every_public_name_has_a_row():
    inject.all_covered(ROWS + (Row("version", None, None, None),), finaliserproxy, ALSO)


inject.run_due = poll
inject.run(ROWS)


@case
def none_is_lost():
    # Whatever has failed above: what is dropped now dies.
    before = ran[0]
    for i in range(50):
        finalize(Obj(), function, i)
    for _ in range(3):
        check.collect_garbage()
        poll()
    true(48 <= ran[0] - before <= 53)


inject.end()
