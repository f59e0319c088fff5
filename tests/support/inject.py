# SPDX-License-Identifier: MIT
"""Makes everything that can fail in a call fail in turn.

A Row is a call of a public function, with its result. sweep() makes the call again and again:
each of its allocations fails, by itself and with all later ones, and Ctrl-C comes at each point
where Python code runs. Each time the result must be right or the exception be the one that such
a fault has, and the next call must be right.

In the interpreter of tests/host/asan the module _faults counts the allocations. Elsewhere, on
stock firmware, the heap is filled up but for n blocks in one piece and nothing is collected: so
each allocation is the first that fails for some n, and later ones fail unless they are smaller.
"""

import gc
import sys

import check
import micropython

try:
    import _faults
except ImportError:
    _faults = None

EXACT = _faults is not None
# With stock firmware only `make test-long` tries all numbers of blocks.
ALL = EXACT or check.long
BOARD = "unix" not in check.target
REPEATS = 1000 if check.long or not (EXACT or BOARD) else 100 if BOARD else 250
# Bytes that the calls may leave allocated: less than the smallest block for each. Stale words on
# the stack may keep a few objects alive.
LEFT_BEHIND = 14 * REPEATS

injections = 0
run_due = None  # A function that ends what a collection has begun.


class Row:
    """A call of the public functions `names`.

    make() returns what call(state) works on; the call returns or raises `want`, which is a value,
    a class of exceptions or a function that checks it. After a failure a further call(state) may
    also give one of `also`. A row that allocates a thousand times is `heavy`.
    """

    def __init__(self, names, make, call, want, also=(), heavy=False):
        self.names = names.split()
        self.make = make
        self.call = call
        self.want = want
        self.also = also
        self.heavy = heavy


def is_error(want):
    return isinstance(want, type) and issubclass(want, BaseException)


def is_right(got, want):
    if is_error(want):
        return False
    if callable(want):
        return want(got)
    try:
        check.same(got, want)
    except AssertionError:
        return False
    return True


class Fault:
    """A kind of fault, and the exceptions that it may cause."""

    def __init__(self, name, errors, begin, finish):
        self.name = name
        self.errors = errors
        self.begin = begin  # begin(n): the first n events succeed.
        self.finish = finish  # finish(error): did a fault occur? If not, all have been tried.


# Ctrl-C where Python code runs: what rows have called calls tick().

_ticks = None
_ticked = 0
_inside = 0


def tick(*args):
    """A hook, default or method of a stream that runs."""
    global _ticks, _ticked
    if _ticks is not None:
        _ticks -= 1
        if _ticks < 0:
            _ticks = None
            _ticked += 1
            raise KeyboardInterrupt


def inside():
    """A callback that runs in a collection or in the scheduler: its exceptions are printed."""
    global _inside
    _inside += 1
    tick()


def _tick_begin(n):
    global _ticks, _ticked
    _ticks = n
    _ticked = 0


def _tick_finish(error):
    global _ticks
    _ticks = None
    return _ticked


# A full heap.

SIZES = (65536, 4096, 256, 32, 1)
BLOCK = 32 if sys.maxsize >> 32 else 16
_ballast = None


def _fill_begin(n):
    global _ballast
    gc.collect()
    # A block has four words. A cleared list keeps its first block.
    space = [None] * (4 * n + 4)
    gc.disable()
    chain = None
    for size in SIZES:
        try:
            while True:
                chain = [bytearray(size), chain]
        except MemoryError:
            pass
    _ballast = chain
    # This frees all blocks but the first at once.
    space.clear()
    if n % (5 if BOARD else 2) == 1:
        # As usual in the firmware, an allocation that fails collects garbage first.
        gc.enable()


def _fill_finish(error):
    global _ballast
    left = gc.mem_free()
    node = _ballast
    _ballast = None
    while node is not None:
        # Unlink the chain, so that a stale word on the stack keeps only one piece alive.
        after = node[1]
        node[0] = node[1] = None
        node = after
    gc.enable()
    # If an allocation failed without an exception, little memory is left.
    return isinstance(error, MemoryError) or left < 8 * BLOCK


if EXACT:

    def _arm(what):
        return lambda n: _faults.arm(what, n)

    def _disarm(error):
        return _faults.disarm()

    ONCE = Fault("once", MemoryError, _arm(_faults.ONCE), _disarm)
    ON = Fault("from there on", MemoryError, _arm(_faults.ON | _faults.COLLECT), _disarm)
    CTRL_C = Fault("Ctrl-C", KeyboardInterrupt, _arm(_faults.INTERRUPT), _disarm)
    ALLOCATIONS = ONCE, ON
    INTERRUPTS = (CTRL_C,)
else:
    FULL = Fault("full heap", MemoryError, _fill_begin, _fill_finish)
    ALLOCATIONS = (FULL,)
    INTERRUPTS = ()
INTERRUPTS += (Fault("Ctrl-C in a callback", KeyboardInterrupt, _tick_begin, _tick_finish),)


def outcome(row, state):
    """(True, None) or (False, exception) of a call without a fault, which must be right."""
    got = error = None
    try:
        got = row.call(state)
    except Exception as e:
        error = e
    verify(row, got, error, ())


def verify(row, got, error, allowed, also=()):
    if error is None:
        if is_right(got, row.want) or any(is_right(got, value) for value in also):
            return
        raise AssertionError("the result is " + check.show(got))
    if allowed and isinstance(error, allowed):
        return
    if is_error(row.want) and isinstance(error, row.want):
        return
    if any(is_error(value) and isinstance(error, value) for value in also):
        return
    raise error


def step(n, row):
    """The next number of events that succeed. Of thousands only some are tried."""
    if ALL and not row.heavy:
        return n + 1
    return n + 1 + n // 4 if not BOARD or check.long else 2 * n + 2


def sweep(row, fault, first=0):
    """Inject the fault everywhere in the call; return the number of places."""
    global injections
    n = first
    while n < 10000:
        state = row.make()
        got = error = None
        before = _inside
        fault.begin(n)
        try:
            try:
                got = row.call(state)
            except BaseException as e:
                error = e
            done = fault.finish(error)
        except KeyboardInterrupt as e:
            # Ctrl-C came after the call and before finish().
            error = e
            done = fault.finish(error)
        try:
            if not done:
                verify(row, got, error, ())
                return n
            injections += 1
            verify(row, got, error, fault.errors)
            if fault.errors is KeyboardInterrupt and _inside == before:
                if not isinstance(error, KeyboardInterrupt):
                    raise AssertionError("Ctrl-C is lost")
            error = None
            # The next call is right, on the same state and on a new one.
            try:
                got = row.call(state)
            except Exception as e:
                error = e
            verify(row, got, error, (), row.also)
            state = row.make()
            outcome(row, state)
        except Exception as e:
            print("row", row.names, "fault", fault.name, "after", n)
            raise e
        n = step(n, row)
    raise AssertionError("it does not end")


def locked(row):
    """The call with the heap locked."""
    global injections
    state = row.make()
    got = error = None
    micropython.heap_lock()
    try:
        got = row.call(state)
    except BaseException as e:
        error = e
    micropython.heap_unlock()
    injections += 1
    verify(row, got, error, MemoryError)
    error = None
    try:
        got = row.call(state)
    except Exception as e:
        error = e
    verify(row, got, error, (), row.also)


def collecting(row):
    """The call with a collection at each allocation."""
    global injections
    state = row.make()
    got = error = None
    gc.threshold(0)
    try:
        got = row.call(state)
    except Exception as e:
        error = e
    finally:
        gc.threshold(-1)
    injections += 1
    verify(row, got, error, ())


def repeat(row, times, places):
    """Make the call fail at one place after another, and ignore the results."""
    for i in range(times):
        state = row.make()
        if EXACT:
            _faults.arm(_faults.ONCE, i % places)
        else:
            micropython.heap_lock()
        try:
            row.call(state)
        except Exception:
            pass
        if EXACT:
            _faults.disarm()
        else:
            micropython.heap_unlock()


def settle():
    check.collect_garbage()
    if run_due is not None:
        run_due()
        check.collect_garbage()


def flat(row, places):
    """Repeated failures must not leak memory."""
    global injections
    repeat(row, REPEATS // 10, places)
    settle()
    before = gc.mem_alloc()
    repeat(row, REPEATS, places)
    settle()
    injections += REPEATS
    left = gc.mem_alloc() - before
    if left > LEFT_BEHIND:
        raise AssertionError("%r leaves %d bytes behind" % (row.names, left))


class Everything:
    """All faults in a row's call, as a case; of some rows a board does not do what takes long."""

    def __init__(self, row, number):
        self.row = row
        in_part = BOARD and not check.long
        self.first = number % 3 if in_part else 0
        self.in_part = in_part and number % 5 > 0
        self.__name__ = row.names[0]

    def __call__(self):
        row = self.row
        outcome(row, row.make())
        places = 1
        for fault in ALLOCATIONS:
            # If only some are tried, they differ between rows.
            places = max(places, sweep(row, fault, self.first))
        for fault in INTERRUPTS:
            sweep(row, fault)
        locked(row)
        if not row.heavy and not self.in_part:
            collecting(row)
            flat(row, places)


def run(rows):
    for number, row in enumerate(rows):
        check.case(Everything(row, number))


def public(module):
    """The names that a module and its classes have, but for those that all have."""
    names = []
    for name in dir(module):
        if name[0] == "_":
            continue
        names.append(name)
        value = getattr(module, name)
        if isinstance(value, type) and not issubclass(value, BaseException):
            names += [name + "." + n for n in dir(value) if n[0] != "_"]
    return names


def all_covered(rows, module, also):
    """Each public name must have a row; `also` are names that dir() does not list."""
    have = set()
    for row in rows:
        have.update(row.names)
    check.eq([name for name in public(module) + list(also) if name not in have], [])


def end():
    check.note("%d injections" % injections)
    check.end()
