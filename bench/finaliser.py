# What finaliserproxy costs, in instructions of a Cortex-M3 and bytes of its heap:
#   tests/run.py --target mps2-an385/armv7m --icount 6 --program bench/finaliser.py
# needs: finaliserproxy
# timeout: 300
import gc
import sys
from machine import mem32

gc.collect()
gc.collect()
_ram = gc.mem_alloc()
import finaliserproxy

gc.collect()
gc.collect()
_ram = gc.mem_alloc() - _ram

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


class FakeVfs:
    pass


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


def callback():
    pass


def make(kept, cls, n):
    for i in range(n):
        kept[i] = cls(callback)


class Plain:
    def __init__(self, callback):
        pass


def make_fins(objects, finalize, n):
    for i in range(n):
        finalize(objects[i], callback)


N = 320


def heap(fn, *args):
    gc.collect()
    before = gc.mem_alloc()
    fn(*args)
    gc.collect()
    return gc.mem_alloc() - before


def scrub(n=10):
    a = b = c = d = e = f = g = None
    if n:
        scrub(n - 1)
    return a, b, c, d, e, f, g


def measure(name):
    fp = load(name)
    print(name)
    kept = [None] * N
    gc.disable()
    empty = instructions(make, kept, Plain, N)
    cost = instructions(make, kept, fp.FinaliserProxy, N)
    print("  creation: %d instructions, %d for a plain class" % (cost // N, empty // N))
    used = heap(make, kept, fp.FinaliserProxy, N)
    # What is left in the pool is not counted as the objects' own.
    print("  heap of %d objects: %d bytes each" % (N, used // N))
    for i in range(N):
        fp.detach(kept[i])
        kept[i] = None
    scrub()
    gc.collect()
    scrub()
    base = instructions(gc.collect)
    make(kept, fp.FinaliserProxy, N)
    for i in range(N):
        kept[i] = None
    scrub()
    dead = instructions(gc.collect)
    print("  a dead one in the collection: %d instructions" % ((dead - base) // N))
    objects = [Obj() for i in range(N)]
    gc.collect()
    cost = instructions(make_fins, objects, fp.finalize, N)
    print("  finalize: %d instructions" % (cost // N))
    for i in range(N):
        objects[i] = None
    scrub()
    gc.collect()
    print("  callbacks run by poll: %d" % fp.poll())
    for i in range(N):
        objects[i] = Obj()
    used = heap(make_fins, objects, fp.finalize, N)
    print("  heap of a finalizer: %d bytes" % (used // N))
    for i in range(N):
        objects[i] = None
    scrub()
    gc.collect()
    fp.poll()
    gc.enable()


print("RAM after import: %d bytes, source %s" % (_ram, finaliserproxy.source()))
for _name in ("VfsFat", "VfsLfs2", "VfsLfs1"):
    if hasattr(vfs, _name):
        measure(_name)
