# SPDX-License-Identifier: MIT
# A soft reset starts each section afresh, with what the boards store still there.
# targets: mps2-* virt-* xtensa* unix-*
# also: mps2-an385-notime
# Each section imports anew:
# flake8: noqa: E402,F811

import os
import sys

import check
from check import case, eq, raises

remembered = "not after a reset"


@case
def first_section():
    eq(check.reset_output, "")
    if sys.platform == "qemu":
        with open("/kept", "w") as f:
            f.write("over the reset")


check.end()

# --- soft reset ---

import os
import sys

import check
from check import case, eq, raises


@case
def memory_is_gone():
    raises(NameError, lambda: remembered)  # noqa: F821


@case
def storage_is_kept():
    if sys.platform != "qemu":
        check.skip("the file system of this machine is not ours")
    with open("/kept") as f:
        eq(f.read(), "over the reset")
    os.remove("/kept")


@case
def lines_are_those_of_the_file():
    try:
        raise ValueError
    except ValueError as e:
        import io

        text = io.StringIO()
        sys.print_exception(e, text)
    eq(", line 53," in text.getvalue(), True)


class Disk:
    """Prints when the file that is left open is closed by its finaliser."""

    def __init__(self, disk):
        self.disk = disk
        self.readblocks = disk.readblocks
        self.ioctl = disk.ioctl
        self.told = True

    def writeblocks(self, block, buf, offset):
        if not self.told:
            self.told = True
            print("written in the reset")
        return self.disk.writeblocks(block, buf, offset)


@case
def file_left_open():
    if sys.platform != "qemu":
        check.skip("the unix port runs no finalisers at its end")
    import vfs
    from ramdisk import RAMDisk

    disk = Disk(RAMDisk(1))
    (vfs.VfsLfs2 if hasattr(vfs, "VfsLfs2") else vfs.VfsLfs1).mkfs(disk)
    vfs.mount(disk, "/other")
    open("/other/file", "w").write("unwritten")
    disk.told = False


check.end()

# --- soft reset ---

import sys

import check
from check import case, eq


@case
def output_of_the_reset():
    if sys.platform != "qemu":
        check.skip("the unix port runs no finalisers at its end")
    eq(check.reset_output, "written in the reset\n")


check.end()
