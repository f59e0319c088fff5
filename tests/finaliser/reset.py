# SPDX-License-Identifier: MIT
# Soft reset: what runs in it, and that all works again after it.
# needs: finaliserproxy
# also: mps2-an385-notime
# not: unix-*

import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, finalize


class Obj:
    pass


class Thing(FinaliserProxy):
    def __init__(self, name):
        super().__init__(self.__del__)
        self.name = name

    def __del__(self):
        print("proxy", self.name)


# The heap is locked in the reset: the function must not take *args or **kwargs, for instance.
def say(i, k):
    try:
        bytearray(100)
        print("finalizer", i, k)
    except MemoryError:
        print("finalizer", i, k, "locked")


def fail():
    print("finalizer fails")
    raise ValueError("in the reset")


things = [Thing(i) for i in range(20)]
objects = [Obj() for i in range(40)]
fins = [finalize(o, say, i, k=2) for i, o in enumerate(objects)]
for f in fins[20:]:
    f.atexit = False
finalize(objects[0], fail)
fins[3].detach()
finalize(objects[1], say, 100, k=3)


@case
def alive():
    eq([f.alive for f in fins].count(True), 39)


check.end()
# --- soft reset ---
import gc
import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, finalize, poll


@case
def output_of_the_reset():
    lines = [line.strip() for line in check.reset_output.split("\n")]
    # Callbacks of FinaliserProxy do not run; those of finalizers whose atexit is true do, the
    # newest first, and an exception is printed.
    eq([line for line in lines if line.startswith("proxy")], [])
    expected = ["finalizer 100 3 locked", "finalizer fails"]
    expected += ["finalizer %d 2 locked" % i for i in range(19, -1, -1) if i != 3]
    eq([line for line in lines if line.startswith("finalizer")], expected)
    eq(len([line for line in lines if line.startswith("ValueError:")]), 1)


@case
def works_again():
    counts = [0, 0]

    class Obj:
        pass

    def proxy():
        counts[0] += 1

    def fin():
        counts[1] += 1

    for i in range(50):
        FinaliserProxy(proxy)
        finalize(Obj(), fin)
    check.collect_garbage()
    check.collect_garbage()
    poll()
    true(counts[0] >= 42)
    true(counts[1] >= 42)


# Due, but not run, when the reset comes: the collection is the last thing that happens.
class Obj:
    pass


def due():
    print("was due")


for i in range(5):
    finalize(Obj(), due)
check.end()
gc.collect()
# --- soft reset ---
import sys
import check
from check import case, eq, true
from finaliserproxy import FinaliserProxy, finalize

text = check.reset_output


@case
def dead_things():
    # A module that is deleted, with objects that live.
    sys.modules.clear()
    things = [FinaliserProxy(print) for i in range(100)]
    eq(len(things), 100)


class Obj:
    pass


kept = Obj()
finalize(kept, print, "deleted module's finalizer")
check.end()
# --- soft reset ---
import check
from check import case, eq, true


@case
def after_that():
    import finaliserproxy as fp

    true("deleted module's finalizer" in check.reset_output)
    x = fp.FinaliserProxy(print)
    eq(fp.alive(x), True)


check.end()
