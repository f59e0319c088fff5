# SPDX-License-Identifier: MIT
# targets: rpi-pico-in-place mps2-*-in-place
# needs: msgpack finaliserproxy
# timeout: 300
#
# Code that is executed in flash, and that vanishes while it is: the file is deleted and the flash
# filled, so that the file system erases the block of the code. Each call then raises RuntimeError.
# On the boards that have a ROMFS in RAM for it, the code is overwritten.

import gc
import io
import os
import sys

import check
import deflate
import finaliserproxy
import micropython
from blocks import BLOCK, FOLDER, read, write
from check import case, eq, raises, true

FREE = 10  # Blocks of the file system that are free before the file is deleted.

try:
    import rp2

    flash = memoryview(rp2.Flash())
    in_flash = case
except ImportError:
    import in_rom

    flash = None

    def in_flash(fn):
        """Leave out a case that is about files."""


number = 0  # Of the last installation.
msgpack = None
place = None  # Where the code lies in flash.


def fill(path, blocks=1000):
    """Write a file, as long as the file system has free blocks."""
    piece = bytes(4096)
    try:
        with open(path, "wb") as f:
            for _ in range(blocks):
                f.write(piece)
    except OSError:
        pass


def install():
    """Import the module, whose file is new."""
    global number, msgpack, place
    number += 1
    nonce = b"nonce%03d" % number
    if flash:
        write_block(nonce)
    else:
        in_rom.rom[ROM : ROM + 8 + len(CODE)] = nonce + CODE
    sys.modules.pop("msgpack", None)
    import msgpack as module

    msgpack = module
    place = find(nonce)


def write_block(nonce):
    # One of the names is taken after a failure.
    for name in ("/filler", BLOCK):
        try:
            os.remove(name)
        except OSError:
            pass
    write(BLOCK, nonce + CODE)


def find(nonce):
    """Where the block is."""
    if not flash:
        return ROM
    places = [i for i in range(0, len(flash), 4096) if flash[i : i + 8] == nonce]
    eq(len(places), 1)
    return places[0]


def is_there():
    return (flash or in_rom.rom)[place + 8 : place + 12] == b"mpyb"


def gone(fn, *args, **kw):
    """The call raises what the gate raises."""
    eq(str(raises(RuntimeError, fn, *args, **kw)), "block")
    true(not is_there())


def vanish(*args):
    """Have the file system erase the code."""
    if not is_there():
        return
    if flash:
        os.remove(BLOCK)
        fill("/filler")
    else:
        for i in range(place, place + len(CODE) + 8):
            in_rom.rom[i] = 255
    true(not is_there())


def vanishes(fn, *args, **kw):
    """The call, in which the code vanishes, raises RuntimeError, and so do all after it."""
    gone(fn, *args, **kw)
    for name in ("packb", "unpackb", "unpack", "loads", "__getattr__"):
        gone(getattr(msgpack, name), b"\1")
    gone(msgpack.pack, 1, io.BytesIO())
    eq(msgpack.ExtType(1, b"a"), (1, b"a"))
    install()


CODE = read("/lib/msgpack.blk")[8:]
os.mkdir(FOLDER)
if flash:
    write(FOLDER + "/msgpack.mpy", read("/lib/msgpack.mpy"))
    write(BLOCK, bytes(8) + CODE)
    fill("/ballast", os.statvfs("/")[3] - FREE)
else:
    ROM = in_rom.rom.find(CODE[:24]) - 8
sys.path.insert(0, FOLDER)
install()


@case
def works():
    eq(msgpack.unpackb(msgpack.packb([1, 2.5, {"a": b"b"}])), [1, 2.5, {"a": b"b"}])
    true(msgpack.__version__.endswith("+inplace"))


@case
def between_calls():
    vanishes(lambda: (vanish(), msgpack.packb(1)))


@case
def in_default():
    vanishes(msgpack.packb, [1, {1}, 2], default=vanish)


@case
def in_ext_hook():
    vanishes(msgpack.unpackb, b"\x93\xd4\1\2\3\4", ext_hook=vanish)


@case
def in_use_list():
    class Flag:
        def __bool__(self):
            vanish()
            return True

    vanishes(msgpack.unpackb, b"\x91\1", use_list=Flag())


@case
def in_a_key():
    class Key:
        def __hash__(self):
            vanish()
            return 1

    vanishes(msgpack.unpackb, b"\x81\xd4\1\2\3", ext_hook=lambda code, data: Key())


class Stream:
    def read(self, n):
        vanish()
        return b"\1\2\3\4\5\6\7"[:n]

    def write(self, data):
        vanish()
        return len(data)


class Base(io.IOBase):
    def readinto(self, buf):
        vanish()
        buf[0] = 0x90
        return 1

    def write(self, data):
        vanish()
        return len(data)

    def ioctl(self, request, arg):
        vanish()
        return 0


@case
def in_a_stream():
    vanishes(msgpack.unpack, Stream())
    vanishes(msgpack.pack, [1, 2], Stream())
    vanishes(msgpack.unpack, Base())
    vanishes(msgpack.pack, [1, 2], Base())


@case
def in_a_native_stream():
    vanishes(msgpack.unpack, deflate.DeflateIO(Base(), deflate.RAW))


@case
def in_sleep():
    class Blocks(Base):
        def write(self, data):
            micropython.schedule(vanish, None)
            return None

    vanishes(msgpack.pack, [1, 2], Blocks())


@in_flash
def in_a_finaliser():
    # It runs while the heap is locked, so what it needs is there.
    piece = bytes(4096)
    os.remove(BLOCK)
    file = open("/filler", "wb")
    write = file.write

    def finalise():
        try:
            while True:
                write(piece)
        except Exception:
            pass  # It is full.

    class Dies(finaliserproxy.FinaliserProxy):
        def __init__(self):
            super().__init__(finalise)

    def make():
        for _ in range(4):
            Dies()

    make()
    check.clear_stack()
    true(is_there())
    gc.threshold(2000)
    try:
        gone(msgpack.packb, [bytes(100)] * 100)
    finally:
        gc.threshold(-1)
        try:
            file.close()
        except OSError:
            pass
        install()


@in_flash
def in_a_file():
    # The stream's own write takes the block.
    os.remove(BLOCK)
    with open("/filler", "wb") as f:
        raises((RuntimeError, OSError), msgpack.pack, [bytes(4000)] * 40, f)
    gone(msgpack.packb, 1)
    install()


@case
def in_the_import_of_the_full_flavour():
    write(FOLDER + "/msgpack_full.py", "import __main__\n__main__.vanish()\n")
    vanishes(getattr, msgpack, "Packer")
    sys.modules.pop("msgpack_full", None)
    vanishes(msgpack.packb, 1, strict_types=True)


@case
def an_exception_after_it():
    def hook(obj):
        vanish()
        raise KeyError(5)

    raises(KeyError, msgpack.packb, {1}, default=hook)
    gone(msgpack.packb, 1)
    install()


@case
def nested():
    def hook(obj):
        try:
            msgpack.packb({1}, default=vanish)
        except RuntimeError:
            return 1

    vanishes(msgpack.packb, [{2}], default=hook)


@in_flash
def replaced_by_the_same():
    # While the file is rewritten, some of the code is there, and some is not.
    def hook(obj):
        vanish()
        os.remove("/filler")
        nonce = b"nonce%03d" % number
        with open(BLOCK, "wb") as f:
            f.write(nonce + CODE[:1000])
            f.flush()
        return 1

    eq(str(raises(RuntimeError, msgpack.packb, {1}, default=hook)), "block")
    install()


for name in os.listdir(FOLDER):
    os.remove(FOLDER + "/" + name)
os.rmdir(FOLDER)
for name in ("/ballast", "/filler"):
    if name[1:] in os.listdir("/"):
        os.remove(name)
check.end()
