# SPDX-License-Identifier: MIT
# The boards have the file systems that real boards have.
# targets: mps2-* virt-* xtensa*
# also: mps2-an385-notime

import os

import check
import vfs
from check import case, eq, raises
from ramdisk import RAMDisk


# SAMD21 boards have no other.
LittleFS = vfs.VfsLfs1 if "samd21" in check.target else vfs.VfsLfs2


def use(kind):
    """Make a file system of a kind on the blank disk, and use it."""
    disk = RAMDisk(1)
    kind.mkfs(disk)
    vfs.mount(kind(disk), "/other")
    data = bytes(range(256)) * 20
    with open("/other/a file with a long name.bin", "wb") as f:
        f.write(data)
    eq(os.listdir("/other"), ["a file with a long name.bin"])
    vfs.umount("/other")
    vfs.mount(disk, "/other")
    with open("/other/a file with a long name.bin", "rb") as f:
        eq(f.read(), data)
    vfs.umount("/other")


@case
def root_is_littlefs():
    eq([(type(fs), path) for fs, path in vfs.mount()], [(LittleFS, "/")])
    assert "check.py" in os.listdir("/lib")


@case
def littlefs():
    use(LittleFS)


@case
def fat():
    if not hasattr(vfs, "VfsFat"):
        assert check.target in ("virt-rv32", "mps2-an385-samd21"), check.target
        check.skip("this board has LittleFS only")
    use(vfs.VfsFat)


@case
def borders_of_the_disk():
    disk = RAMDisk(0)
    buf = bytearray(512)
    count = disk.ioctl(4, 0)
    eq(disk.ioctl(5, 0), 512)
    disk.readblocks(count - 1, buf)
    raises(OSError, disk.readblocks, count, buf)
    raises(OSError, disk.readblocks, -1, buf)
    raises(OSError, disk.writeblocks, count - 1, buf, 1)
    raises(ValueError, RAMDisk, 2)


check.end()
