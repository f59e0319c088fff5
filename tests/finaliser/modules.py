# SPDX-License-Identifier: MIT
# Deleting the module from sys.modules, with live objects.
# needs: finaliserproxy file
# long: rpi-pico
# also: mps2-an385-notime
# timeout: 300

import gc
import sys
import check
from check import case, eq, true


class Obj:
    pass


def stress(n):
    # Overwrites all memory that a collection has freed by mistake.
    for i in range(n):
        data = []
        for j in range(60):
            data.append([i, j, "%d" % j])
        data.append(bytearray(b"\x5a" * 2000))
        data.append(b"\xa5" * (16 * (i % 60)))
        if i % 4 == 3:
            data = None
            gc.collect()


def fill():
    # All of it.
    blocks = []
    try:
        while True:
            blocks.append(bytearray(b"\x69" * 256))
    except MemoryError:
        pass
    blocks = None
    gc.collect()


def objects(log):
    import finaliserproxy as fp

    class Thing(fp.FinaliserProxy):
        def __init__(self, i):
            super().__init__(self.__del__)
            self.i = i

        def __del__(self):
            log[self.i] += 1

    proxies = [Thing(i) for i in range(20)]
    targets = [Obj() for i in range(20)]
    fins = [fp.finalize(o, called, log, 20 + i) for i, o in enumerate(targets)]
    return Thing, proxies, targets, fins


def called(log, i):
    log[i] += 1


def settle():
    check.collect_garbage()
    check.collect_garbage()
    for i in range(30):
        pass


# Emptied, for a stale word may keep the lists themselves.
def drop(Thing, *lists):
    for x in lists:
        x.clear()


def use(*things):
    look_at(*things)
    check.collect_garbage()


def look_at(Thing, proxies, targets, fins, log):
    eq(len(proxies), 20)
    eq([p.i for p in proxies], list(range(20)))
    eq([f.alive for f in fins], [True] * 20)
    true(all(f.peek()[0] is o for f, o in zip(fins, targets)))
    eq(sum(log), 0)


# From the class that is still there.
def make_more(Thing, proxies):
    for i in range(40, 50):
        proxies.append(Thing(i))


def drop_all(Thing, proxies, targets, fins, log):
    make_more(Thing, proxies)
    drop(Thing, proxies, targets)
    settle()
    settle()
    eq(max(log), 1)
    true(sum(log[:20]) + sum(log[40:]) >= 24)
    true(sum(log[20:40]) >= 15)


@case
def delete_the_module():
    log = bytearray(50)
    things = objects(log)
    del sys.modules["finaliserproxy"]
    stress(60)
    use(*things, log)
    drop_all(*things, log)
    stress(20)


@case
def import_again():
    import finaliserproxy as first

    if not hasattr(first, "__file__"):
        check.skip("a module that is built in is there once")
    del sys.modules["finaliserproxy"]
    import finaliserproxy as second

    true(first is not second)
    # One class, one registry.
    true(first.FinaliserProxy is second.FinaliserProxy)
    true(first.finalize is second.finalize)
    log = bytearray(50)
    things = objects(log)
    stress(10)
    use(*things, log)
    drop_all(*things, log)


@case
def clear_all_modules():
    log = bytearray(50)
    things = objects(log)
    kept = dict(sys.modules)
    sys.modules.clear()
    stress(60)
    use(*things, log)
    drop_all(*things, log)
    stress(20)
    sys.modules.update((k, v) for k, v in kept.items() if "finaliserproxy" not in k)


@case
def import_after_clear():
    old = sys.modules.get("finaliserproxy")
    eq(old, None)
    log = bytearray(50)
    things = objects(log)
    stress(10)
    use(*things, log)
    drop_all(*things, log)


@case
def all_references_gone():
    # Callbacks are due, and nothing but the collector's roots refers to what runs them.
    log = bytearray(50)
    things = objects(log)
    kept = dict(sys.modules)
    sys.modules.clear()
    drop(*things)
    del things
    check.collect_garbage()
    fill()
    stress(20)
    settle()
    sys.modules.update((k, v) for k, v in kept.items() if "finaliserproxy" not in k)
    kept = None
    eq(max(log), 1)
    true(sum(log[:20]) >= 15)
    true(sum(log[20:40]) >= 15)
    stress(20)


@case
def everything_dies_together():
    # Proxies, their class, the module and its state die in one collection.
    for i in range(5):
        log = bytearray(50)
        things = objects(log)
        kept = dict(sys.modules)
        sys.modules.clear()
        drop(*things)
        del things
        sys.modules.update((k, v) for k, v in kept.items() if "finaliserproxy" not in k)
        kept = None
        settle()
        stress(10)
        settle()
        eq(max(log), 1)
        true(sum(log) >= 32)


@case
def usable_to_the_end():
    log = bytearray(50)
    things = objects(log)
    use(*things, log)
    drop_all(*things, log)


check.end()
