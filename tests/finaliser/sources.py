# SPDX-License-Identifier: MIT
# Each source of finaliser blocks by itself, and none.
# needs: finaliserproxy
# also: mps2-an385-notime
# wants: long-ints

import gc
import sys
import check
from check import case, eq, raises, true

import vfs


class FakeVfs:
    pass


def forget():
    for name in ("finaliserproxy", "_finaliserproxy", "vfs"):
        sys.modules.pop(name, None)


# Import the module on a firmware that has only the given filesystem classes.
def load(**classes):
    forget()
    for name in ("VfsFat", "VfsLfs2", "VfsLfs1"):
        if hasattr(FakeVfs, name):
            delattr(FakeVfs, name)
    for name, cls in classes.items():
        setattr(FakeVfs, name, cls)
    sys.modules["vfs"] = FakeVfs
    try:
        import finaliserproxy

        return finaliserproxy
    finally:
        sys.modules.pop("vfs")


def works(name):
    if not hasattr(vfs, name):
        check.skip("the firmware has no " + name)
    fp = load(**{name: getattr(vfs, name)})
    eq(fp.source(), name)
    counts = bytearray(200)

    class Thing(fp.FinaliserProxy):
        def __init__(self, i):
            super().__init__(self.__del__)
            self.i = i

        def __del__(self):
            counts[self.i] += 1

    class Obj:
        pass

    def called(i):
        counts[i] += 1

    for i in range(100):
        Thing(i)
        fp.finalize(Obj(), called, 100 + i)
        if i % 30 == 0:
            # The blocks are ordinary heap blocks: what was cut off is used by others.
            gc.collect()
            eq(len([bytearray(j) for j in range(0, 200, 7)]), 29)
    check.collect_garbage()
    check.collect_garbage()
    fp.poll()
    eq(max(counts), 1)
    # Words that old calls left on the stack may keep a few alive.
    true(sum(counts[:100]) >= 90)
    true(sum(counts[100:]) >= 90)


@case
def fat():
    works("VfsFat")


@case
def lfs2():
    works("VfsLfs2")


@case
def lfs1():
    works("VfsLfs1")


# Blocks are made in batches that grow: a program with few objects has few blocks, and one with
# many shares the cost of a filesystem object among them.
@case
def batches():
    filesystems = []
    blocks = []

    class Filesystem:
        def __init__(self, device):
            self.real = vfs.VfsLfs2(device)
            filesystems.append(1)

        def ilistdir(self, path):
            blocks.append(1)
            return self.real.ilistdir(path)

    if not hasattr(vfs, "VfsLfs2"):
        check.skip("the firmware has no VfsLfs2")
    fp = load(VfsLfs2=Filesystem)
    eq((len(filesystems), len(blocks)), (1, 2))
    kept = []
    for n in range(1, 200):
        kept.append(fp.FinaliserProxy(len))
        fp.detach(kept[-1])
        # One is the canary's, and one stays.
        true(n + 2 <= len(blocks) <= min(2 * n + 4, n + 34))
    true(len(filesystems) <= 5 + 200 // 32)


def unavailable(**classes):
    e = raises(ImportError, load, **classes)
    true("VfsFat" in str(e))
    eq("finaliserproxy" in sys.modules, False)


@case
def none():
    unavailable()


@case
def without_vfs():
    forget()
    sys.modules["vfs"] = 1
    try:
        raises(ImportError, __import__, "finaliserproxy", match="VfsFat")
    finally:
        sys.modules.pop("vfs")


@case
def without_finaliser():
    # Iterators without __del__ are left alone.
    class Fs:
        def __init__(self, device):
            pass

        def ilistdir(self, path):
            return iter([1, 2, 3])

    unavailable(VfsFat=Fs)


@case
def second_choice():
    names = [n for n in ("VfsLfs2", "VfsFat") if hasattr(vfs, n)]
    if len(names) < 2:
        check.skip("needs two filesystems")

    def broken(device):
        raise OSError(5)

    fp = load(VfsFat=broken, VfsLfs2=vfs.VfsLfs2)
    eq(fp.source(), "VfsLfs2")
    fp = load(VfsFat=vfs.VfsFat, VfsLfs2=broken)
    eq(fp.source(), "VfsFat")


@case
def broken():
    def no_memory(device):
        raise MemoryError("no room")

    raises(MemoryError, load, VfsFat=no_memory)

    def bad_disk(device):
        raise OSError(5)

    raises(OSError, load, VfsLfs1=bad_disk)


@case
def errors_that_say_nothing_of_the_class():
    # Another class would do no better, so the import must not go on and settle for that.
    if not hasattr(vfs, "VfsFat"):
        check.skip("the firmware has no VfsFat")
    for error in (MemoryError, KeyboardInterrupt, RuntimeError):

        def broken(device):
            raise error("no")

        try:
            load(VfsFat=broken, VfsLfs2=vfs.VfsFat)
        except BaseException as e:
            eq(type(e), error)
        else:
            raise AssertionError("it was imported")


class Broken:
    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        raise self.error("no")


def load_with(name, module):
    old = sys.modules.get(name)
    sys.modules[name] = module
    try:
        return load(**{source: getattr(vfs, source)})
    finally:
        del sys.modules[name]
        if old is not None:
            sys.modules[name] = old


source = [n for n in ("VfsFat", "VfsLfs2", "VfsLfs1") if hasattr(vfs, n)][0]


@case
def optional_modules():
    for name in ("_thread", "micropython"):
        for error in (MemoryError, KeyboardInterrupt, ValueError):
            try:
                load_with(name, Broken(error))
            except BaseException as e:
                eq(type(e), error)
            else:
                raise AssertionError("it was imported without " + name)
        for error in (ImportError, AttributeError):
            fp = load_with(name, Broken(error))
            true(fp.alive(fp.FinaliserProxy(print)))


def device_for(name):
    seen = []

    class Fs:
        def __init__(self, device):
            seen.append(device)

        def ilistdir(self, path):
            raise OSError(2)

    raises(OSError, load, **{name: Fs})
    return seen[0]


# Every byte that the filesystem classes can see, by any kind of read.
def check_device(name, block_size, images, fill):
    d = device_for(name)
    n_blocks = 4 if block_size == 512 else len(images)
    eq((d.ioctl(4, 0), d.ioctl(5, 0), d.ioctl(1, 0)), (n_blocks, block_size, 0))
    for block in range(n_blocks):
        expected = bytearray(bytes([fill]) * block_size)
        for offset, data in images[block] if block < len(images) else ():
            expected[offset : offset + len(data)] = data
        buf = bytearray(b"x" * block_size)
        d.readblocks(block, buf)
        eq(buf, expected)
        for start in range(0, block_size, 31):
            for size in (1, 7, 64):
                buf = bytearray(b"x" * size)
                d.readblocks(block, buf, start)
                part = expected[start : start + size]
                eq(buf[: len(part)], part)


@case
def fat_image():
    boot = b"\xeb\0\x90mpy     \0\2\1\1\0\1\x10\0\4\0\xf8\1\0"
    check_device("VfsFat", 512, [[(0, boot), (54, b"FAT"), (510, b"\x55\xaa")]], 0)


def words(*args):
    return b"".join(i.to_bytes(4, "little") for i in args)


@case
def lfs2_image():
    image = words(1, 0xF7FF0FF0) + b"littlefs" + b"\x2f\xe0\0\x10"
    image += words(0x20000, 128, 2, 255, 0x7FFFFFFF, 1022, 0x1CFC1F70, 0x145AC708)
    check_device("VfsLfs2", 128, [[(0, image)], []], 0xFF)


@case
def lfs1_image():
    image = words(2, 0x34, 3, 2, 0x0800142E, 3, 2, 128, 4, 0x10001) + b"littlefs"
    root = words(1, 0x14) + b"\xff" * 8 + words(0xF654F3CD)
    images = [[(0, image + words(0xB482158D))], [], [], [(0, root)]]
    check_device("VfsLfs1", 128, images, 0xFF)


forget()
sys.modules["vfs"] = vfs
check.end()
