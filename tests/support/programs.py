# SPDX-License-Identifier: MIT
"""Random programs that use finaliserproxy, and a model of the callbacks that must have run.

The collector is conservative: what has been dropped may die late. So a callback of a dropped
object may run at any time from then on, but once, never while the object is in use, never after
detach(), close() or a call, and in the end all have run, but for the few objects that stale words
on the stack keep.
"""

import gc
import os
import sys

import check
import micropython

# Callbacks of FinaliserProxy call all functions of the module, also on what dies with them.
REENTRANT = True

FREE = 0  # No object has this number.
LIVE = 1  # In use: its callback must not run.
DROPPED = 2  # Its callback runs once, sooner or later.
CALLING = 3  # It has been called by hand, once.
ENDED = 4  # Detached: it never runs.

COUNT = 200  # Numbers of objects.
SLOTS = 24  # Objects in use at a time.
STALE = 6  # Stale words may keep at most this many objects alive.


state = bytearray(COUNT)
ran = bytearray(COUNT)
atexit = bytearray(COUNT)
wrong = bytearray(3)  # The first error: its kind, the object and its state.
kinds = bytearray(16)  # How often each thing happened in callbacks, at most 255.
over = False  # The program has ended, and a soft reset is next.


def fail(what, i):
    if not wrong[0]:
        wrong[0] = what
        wrong[1] = i
        wrong[2] = state[i]


WRONG = (
    None,
    "it ran while it was in use",
    "it ran after it had been detached",
    "it ran twice",
    "it ran and did not exist",
    "a function had another result in a callback",
    "memory was allocated in a collection",
)


def has_run(i):
    """A callback runs. Nothing here allocates."""
    s = state[i]
    if s == LIVE:
        fail(1, i)
    elif s == ENDED:
        fail(2, i)
    elif s == FREE:
        fail(4, i)
    if ran[i]:
        fail(3, i)
    ran[i] = 1


def call(i, fn, *args):
    """Call by hand what may run now, once."""
    begin_call(i)
    try:
        fn(*args)
    except (ValueError, KeyboardInterrupt):
        pass
    if state[i] == CALLING and not ran[i]:
        raise AssertionError("%d has not run" % i)


def begin_call(i):
    if may_run(i):
        state[i] = CALLING


def may_run(i):
    s = state[i]
    return s == LIVE or s == DROPPED


class Dice:
    def __init__(self, seed):
        self.state = seed * 7919 + 1

    def below(self, n):
        self.state = (self.state * 1103515245 + 12345) & 0x3FFFFFFF
        return (self.state >> 12) % n


class Obj:
    pass


class Item:
    """An object of the program: a proxy, or an instance with a finalizer."""

    def __init__(self, i, fp):
        self.i = i
        self.fp = fp
        self.obj = None
        self.f = None


class Module:
    """The functions of an import. (In an interpreter that has the module built in, a second import
    puts others into the same module.)"""

    def __init__(self, module):
        self.FinaliserProxy = module.FinaliserProxy
        self.finalize = module.finalize
        self.alive = module.alive
        self.close = module.close
        self.detach = module.detach
        self.poll = module.poll


def load():
    import finaliserproxy

    return Module(finaliserproxy)


# Further actions of callbacks. The first ones suit a collection, in which nothing can be
# allocated. They run there unless their object is called by hand.


def in_collection(item):
    return state[item.i] == DROPPED


def nothing(item):
    pass


def raises(item):
    raise ValueError


def interrupts(item):
    raise KeyboardInterrupt


def allocates(item):
    try:
        bytearray(100)
    except MemoryError:
        return
    if in_collection(item):
        fail(6, item.i)


def polls(item):
    if item.fp.poll() != 0 and in_collection(item):
        fail(5, item.i)


def asks(item):
    other = item.other
    if other is None:
        return
    s = state[other.i]
    if other.f is None:
        alive = other.fp.alive(other.obj)
    else:
        alive = other.f.alive
        other.f.atexit
    # The object may have died, or may die in the current collection.
    if s == LIVE and not alive:
        fail(5, other.i)
    if (s == ENDED or ran[other.i]) and alive:
        fail(5, other.i)


def calls(item):
    other = item.other
    if other is None:
        return
    begin_call(other.i)
    if other.f is None:
        other.fp.close(other.obj)
    else:
        other.f()


def detaches(item):
    other = item.other
    if other is None:
        return
    if other.f is None:
        if other.fp.detach(other.obj) is not None:
            if not may_run(other.i) or ran[other.i]:
                fail(5, other.i)
            state[other.i] = ENDED
    else:
        # Both allocate a tuple.
        try:
            found = other.f.peek()
            taken = other.f.detach()
        except MemoryError:
            return
        if found is None and taken is None:
            return
        if in_collection(item):
            fail(6, other.i)
        elif not may_run(other.i) or ran[other.i]:
            fail(5, other.i)
        state[other.i] = ENDED


def creates(item):
    if not in_collection(item):
        return
    late = item.late
    try:
        item.fp.FinaliserProxy.__init__(late, nothing_at_all)
        fail(6, item.i)
    except MemoryError:
        pass
    try:
        item.fp.finalize(late, nothing_at_all)
        fail(6, item.i)
    except MemoryError:
        pass


def nothing_at_all():
    wrong[0] = 4


IN_COLLECTION = (nothing, nothing, nothing, raises, interrupts, allocates)
IN_COLLECTION_TOO = (polls, asks, calls, calls, calls, detaches, detaches, creates)

# These actions are for the callbacks of finalizers, which can allocate unless a callback of
# FinaliserProxy calls them in a collection.


def collects(item):
    try:
        bytearray(16)
    except MemoryError:
        return
    gc.collect()


def makes(item):
    try:
        item.fp.detach(item.fp.FinaliserProxy(nothing_at_all))
        item.fp.finalize(Obj(), len, ())
    except MemoryError:
        pass


def polls_inside(item):
    item.fp.poll()


def detaches_by_hand(item):
    other = item.other
    if other is not None and other.f is not None:
        try:
            taken = other.f.detach()
        except MemoryError:
            return
        if taken is not None:
            if not may_run(other.i) or ran[other.i]:
                fail(5, other.i)
            state[other.i] = ENDED


AFTERWARDS = (nothing, nothing, raises, interrupts, collects, makes, polls_inside, calls)
AFTERWARDS += (detaches_by_hand,)


def classes(fp):
    """The program's classes, for one import of the module."""

    class LateProxy(fp.FinaliserProxy):
        def __init__(self):
            pass

    class Proxy(fp.FinaliserProxy):
        def __init__(self, item, action):
            self.item = item
            self.action = action
            super().__init__(self.__del__)

        def __del__(self):
            if over:
                print("proxy", self.item.i)
                return
            has_run(self.item.i)
            self.action(self.item)

    return Proxy, LateProxy


def due(item, action):
    """What finalizers call."""
    if over:
        print("finalizer", item.i)
        return
    has_run(item.i)
    action(item)


def scheduled(x):
    pass


class Program:
    def __init__(self, seed, steps):
        self.dice = Dice(seed)
        self.steps = steps
        self.step = 0
        self.slots = [None] * SLOTS
        self.reload()
        self.last = 0
        # The number of imports is limited: boards keep the code of each forever.
        self.clears = 8

    def reload(self):
        self.fp = load()
        self.Proxy, self.LateProxy = classes(self.fp)

    def number(self):
        """A number that is free, or whose object has ended."""
        for _ in range(COUNT):
            self.last = i = (self.last + 1) % COUNT
            if state[i] == FREE or (state[i] in (DROPPED, CALLING) and ran[i] and self.unused(i)):
                return i
            if state[i] == ENDED and self.unused(i):
                return i
        # Objects that are kept alive by mistake use all numbers.
        raise AssertionError("no number is free")

    def unused(self, i):
        for item in self.slots:
            if item is not None and item.i == i:
                return False
        return True

    def make(self):
        dice = self.dice
        at = dice.below(SLOTS)
        self.drop(at)
        i = self.number()
        item = Item(i, self.fp)
        item.other = self.slots[dice.below(SLOTS)] if dice.below(3) == 0 else None
        item.late = None
        ran[i] = 0
        atexit[i] = 1
        state[i] = LIVE
        if dice.below(2):
            actions = IN_COLLECTION
            if REENTRANT and dice.below(2):
                actions = IN_COLLECTION_TOO
            action = self.action(actions)
            if action is creates:
                item.late = self.LateProxy()
            item.obj = self.Proxy(item, action)
        else:
            item.obj = Obj()
            action = self.action(AFTERWARDS)
            # The item holds the object, so the finalizer must not hold the item.
            mine = Item(i, self.fp)
            mine.other = item.other
            item.f = self.fp.finalize(item.obj, due, mine, action)
            if dice.below(4) == 0:
                item.obj.me = item
            if dice.below(3) == 0:
                item.f.atexit = False
                atexit[i] = 0
        self.slots[at] = item

    def action(self, actions):
        """Exceptions are printed, which takes long, so there are not too many."""
        action = actions[self.dice.below(len(actions))]
        if action in (raises, interrupts) and self.dice.below(32):
            action = nothing
        return action

    def drop(self, at):
        item = self.slots[at]
        if item is not None:
            if state[item.i] == LIVE:
                state[item.i] = DROPPED
            item = None
            self.slots[at] = None

    def drop_object(self, item):
        """Keep the finalizer."""
        if item.f is not None:
            if state[item.i] == LIVE:
                state[item.i] = DROPPED
            item.obj = None

    def use(self, item):
        i = item.i
        fp = item.fp
        dice = self.dice
        what = dice.below(10)
        s = state[i]
        if item.f is None:
            if what < 2:
                taken = fp.detach(item.obj)
                self.expect((taken is not None) == (s == LIVE and not ran[i]), i)
                if s == LIVE:
                    state[i] = ENDED
            elif what < 4:
                if s == LIVE:
                    call(i, fp.close, item.obj)
                else:
                    fp.close(item.obj)
            else:
                self.expect(fp.alive(item.obj) == (s == LIVE), i)
        elif what == 0:
            if s in (LIVE, DROPPED) and not ran[i]:
                call(i, item.f)
            else:
                self.expect(item.f() is None, i)
        elif what == 1:
            taken = item.f.detach()
            if taken is not None:
                self.expect(s in (LIVE, DROPPED) and not ran[i], i)
                state[i] = ENDED
            else:
                self.expect(s != LIVE, i)
        elif what == 2:
            found = item.f.peek()
            if s == LIVE:
                self.expect(found[0] is item.obj and found[1] is due, i)
            elif s != DROPPED or ran[i]:
                self.expect(found is None, i)
        elif what == 3:
            item.f.atexit = value = bool(dice.below(2))
            atexit[i] = value
            if s == LIVE:
                self.expect(item.f.atexit == value, i)
        elif what == 4:
            self.drop_object(item)
        else:
            alive = item.f.alive
            if s == LIVE:
                self.expect(alive, i)
            elif s == ENDED or ran[i]:
                self.expect(not alive, i)

    def expect(self, value, i):
        # What has run just now is not what it was.
        if not value:
            raise AssertionError("object %d in state %d, ran %d" % (i, state[i], ran[i]))

    def locked(self):
        """With the heap locked nothing can be made, and a failed attempt leaves no object."""
        errors = 0
        o = Obj()
        late = self.LateProxy()
        micropython.heap_lock()
        try:
            self.fp.FinaliserProxy.__init__(late, nothing_at_all)
        except MemoryError:
            errors += 1
        try:
            self.fp.finalize(o, nothing_at_all)
        except MemoryError:
            errors += 1
        micropython.heap_unlock()
        check.eq(errors, 2)

    def again(self):
        """Import the module again: the same classes."""
        before = self.fp
        sys.modules.pop("finaliserproxy", None)
        self.fp = load()
        check.true(self.fp.FinaliserProxy is before.FinaliserProxy)

    def clear(self):
        """Forget all modules: another import makes a new module, and the old one still works."""
        if self.clears == 0:
            return
        self.clears -= 1
        kept = dict(sys.modules)
        sys.modules.clear()
        self.reload()
        for name, module in kept.items():
            if "finaliserproxy" not in name:
                sys.modules[name] = module

    def flood(self):
        """Collect while the scheduler's queue is full. (In a loop the scheduler would run.)"""
        schedule = micropython.schedule
        try:
            schedule(scheduled, 0), schedule(scheduled, 0), schedule(scheduled, 0)
            schedule(scheduled, 0), schedule(scheduled, 0), schedule(scheduled, 0)
            schedule(scheduled, 0), schedule(scheduled, 0), schedule(scheduled, 0)
        except RuntimeError:
            # The scheduler has run one callback before this handler, so one entry is free again.
            schedule(scheduled, 0)
        gc.collect()

    def settle(self):
        """Drop everything: all callbacks must run."""
        for at in range(SLOTS):
            self.drop(at)
        if self.dice.below(3) == 0:
            self.flood()
        missing = COUNT
        idle = 0
        while missing > 0 and idle < 3:
            check.collect_garbage()
            self.fp.poll()
            # A finalizer keeps its arguments alive until it has run.
            left = sum([state[i] == DROPPED and not ran[i] for i in range(COUNT)])
            idle = 0 if left < missing else idle + 1
            missing = left
        self.look()
        return missing

    def look(self):
        if wrong[0]:
            text = "%s: object %d, in state %d" % (WRONG[wrong[0]], wrong[1], wrong[2])
            raise AssertionError("%s, in step %d" % (text, self.step))

    def one(self):
        dice = self.dice
        what = dice.below(100)
        if what < 40:
            self.make()
        elif what < 50:
            self.drop(dice.below(SLOTS))
        elif what < 92:
            item = self.slots[dice.below(SLOTS)]
            if item is not None:
                self.use(item)
                item = None
        elif what < 95:
            self.fp.poll()
        elif what < 97:
            gc.collect()
        elif what < 98:
            self.locked()
        elif dice.below(8) == 0:
            self.again()
        elif dice.below(200) == 0:
            self.clear()

    def run(self):
        late = 0
        try:
            for step in range(self.steps):
                self.step = step
                self.one()
                self.look()
                if step % 500 == 499:
                    late = self.settle()
                    if late > STALE:
                        raise AssertionError("%d objects do not die" % late)
            late = self.settle()
            # Stale words keep the remaining objects alive.
            check.true(late <= STALE)
        except AssertionError as e:
            print("in step", self.step)
            raise e

    def leave(self):
        """End in the middle: the soft reset, or the end of the process, handles what is left."""
        global over
        # settle() is not called, so there are objects in all states.
        self.steps = 150
        for step in range(self.steps):
            self.step = step
            self.one()
            self.look()
        must = []
        may = []
        for i in range(COUNT):
            if ran[i] or state[i] == ENDED or state[i] == FREE:
                continue
            if state[i] == LIVE:
                if atexit[i]:
                    must.append(i)
            else:
                # Its callback may be due, or the object may still be alive.
                may.append(i)
        in_use = [item.i for item in self.slots if item is not None and item.f is not None]
        must = [i for i in must if i in in_use]
        expectation = repr((must, may))
        if "unix" in check.target:
            print(EXPECTED, expectation)
        else:
            with open(FILE, "w") as f:
                f.write(expectation)
        kept.append(self)
        over = True


EXPECTED = "expected"
FILE = "/expected"
kept = []


def after_reset():
    """Check that the right callbacks ran in the reset."""
    lines = [line.strip() for line in check.reset_output.split("\n")]
    if "unix" in check.target:
        found = [line for line in lines if line.startswith(EXPECTED)][0][len(EXPECTED) :].strip()
    else:
        with open(FILE) as f:
            found = f.read()
        os.remove(FILE)
    must, may = eval(found)
    got = [int(line.split()[1]) for line in lines if line.startswith("finalizer ")]
    check.eq([line for line in lines if line.startswith("proxy")], [])
    # Each ran once.
    check.eq(len(got), len(set(got)))
    check.eq([i for i in must if i not in got], [])
    check.eq([i for i in got if i not in must and i not in may], [])
    return len(got)
