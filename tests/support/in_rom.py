# SPDX-License-Identifier: MIT
# Mounts a ROMFS with the files of /lib for execution in place, for boards without such a flash.
# Its memory is rom, a bytearray, so that tests can erase it.

import sys

import romfs
import vfs


def read(name):
    with open("/lib/" + name, "rb") as f:
        return f.read()


rom = romfs.image([(name, read(name)) for name in ("msgpack.mpy", "msgpack.blk")])
vfs.mount(vfs.VfsRom(rom), "/rom")
sys.path.insert(0, "/rom")
