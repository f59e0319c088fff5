# SPDX-License-Identifier: MIT
# Measures finaliserproxy's objects, in instructions of a Cortex-M3 and bytes of its heap:
#   tests/run.py --target mps2-an385/armv7m --icount 6 --program bench/finaliser.py
# needs: finaliserproxy
# timeout: 300
import gc
import sys
from machine import mem32


def scrub(n=10):
    a = b = c = d = e = f = g = None
    if n:
        scrub(n - 1)
    return a, b, c, d, e, f, g


def clean():
    scrub()
    gc.collect()
    gc.collect()


import finaliserproxy
import vfs

_CTRL, _VALUE, _RELOAD = 0x40000000, 0x40000004, 0x40000008


def instructions(fn, *args):
    # CMSDK timer 0 runs at 25 MHz and counts down; with -icount shift=6 an instruction takes
    # 64 ns.
    mem32[_CTRL] = 0
    mem32[_RELOAD] = 0x3FFFFFFF
    mem32[_VALUE] = 0x3FFFFFFF
    mem32[_CTRL] = 1
    fn(*args)
    return (0x3FFFFFFF - mem32[_VALUE]) * 40 // 64


def load(name):
    for module in ("finaliserproxy", "_finaliserproxy"):
        sys.modules.pop(module, None)
    fake = type("FakeVfs", (), {name: getattr(vfs, name)})
    sys.modules["vfs"] = fake
    import finaliserproxy

    sys.modules["vfs"] = vfs
    return finaliserproxy


class Obj:
    pass


class Plain:
    def __init__(self):
        self.init(self.__del__)

    def init(self, callback):
        pass

    def __del__(self):
        pass


def callback():
    pass


def make(kept, cls, n):
    for i in range(n):
        kept[i] = cls()


def make_finalizers(objects, finalize, n):
    for i in range(n):
        finalize(objects[i], callback)


# The blocks of the first six batches, 2 + 4 + 8 + 16 + 32 + 32, except the two that the module
# keeps.
N = 92


# Instructions and bytes that each of N objects takes.
def cost(fn, kept, arg):
    clean()
    before = gc.mem_alloc()
    gc.disable()
    count = instructions(fn, kept, arg, N)
    gc.enable()
    clean()
    return count / N, (gc.mem_alloc() - before) / N


# Instructions that each of N objects takes to die.
def death(kept):
    kept[:] = [None] * N
    scrub()
    dead = instructions(gc.collect)
    clean()
    return (dead - instructions(gc.collect)) / N


def measure(name):
    fp = load(name)

    class Thing(fp.FinaliserProxy):
        def __init__(self):
            super().__init__(self.__del__)

        def __del__(self):
            pass

    print(name)
    kept = [None] * N
    plain = cost(make, kept, Plain)
    kept[:] = [None] * N
    proxy = cost(make, kept, Thing)
    print("  creation: %.0f instructions more than %.0f" % (proxy[0] - plain[0], plain[0]))
    print("  heap: %.0f bytes more than %.0f" % (proxy[1] - plain[1], plain[1]))
    print("  a dead one costs the collection %.0f instructions" % death(kept))
    for i in range(N):
        kept[i] = fp.FinaliserProxy(callback)
    print("    with a function as the callback %.0f" % death(kept))
    for i in range(N):
        kept[i] = Thing()
        fp.detach(kept[i])
    print("    detached %.0f" % death(kept))
    fp = load(name)
    kept[:] = [Obj() for i in range(N)]
    count, size = cost(make_finalizers, kept, fp.finalize)
    print("  finalize: %.0f instructions, %.0f bytes" % (count, size))
    kept[:] = [None] * N
    clean()
    fp.poll()


print("stock source: %s" % finaliserproxy.source())
for _name in ("VfsFat", "VfsLfs2", "VfsLfs1"):
    if hasattr(vfs, _name):
        measure(_name)
