# SPDX-License-Identifier: MIT
# Whatever is mounted, and wherever the current directory is, the module imports and works.
# needs: finaliserproxy
# also: mps2-an385-notime
# wants: long-ints

import os
import sys
import check
import romfs
from check import case, eq, true

import vfs

# Read it into memory before the filesystem goes away.
path = None
for folder in sys.path:
    name = (folder + "/" if folder else "") + "finaliserproxy.mpy"
    try:
        os.stat(name)
        path = name
        break
    except OSError:
        pass
if path is None:

    @case
    def all_filesystems():
        check.skip("the module is built in, and needs none")

    check.end()
    sys.exit()
with open(path, "rb") as f:
    code = f.read()


# A filesystem in Python, as `mpremote mount` and ROMFS-like ones are: its iterators have no
# finaliser. It holds the module.
class PythonFs:
    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def chdir(self, path):
        pass

    def getcwd(self):
        return "/"

    def stat(self, path):
        if path.strip("/") in ("", "finaliserproxy.mpy"):
            kind = 0x8000 if path.endswith("mpy") else 0x4000
            return (kind, 0, 0, 0, 0, 0, len(code), 0, 0, 0)
        raise OSError(2)

    def ilistdir(self, path):
        return iter([("finaliserproxy.mpy", 0x8000, 0, len(code))])

    def open(self, path, mode):
        import io

        if path.strip("/") != "finaliserproxy.mpy":
            raise OSError(2)
        return io.BytesIO(code)


mounts = []


def unmount_all():
    for point in ("/", "/flash", "/sd", "/rom", "/remote", "/ram", "/py"):
        try:
            vfs.umount(point)
        except OSError:
            pass


def works():
    sys.modules.pop("finaliserproxy", None)
    sys.modules.pop("_finaliserproxy", None)
    import finaliserproxy as fp

    calls = [0]

    def callback():
        calls[0] += 1

    for i in range(60):
        fp.FinaliserProxy(callback)
    check.collect_garbage()
    check.collect_garbage()
    true(calls[0] >= 52)
    return fp


@case
def as_it_is():
    works()


@case
def python_filesystem_only():
    unmount_all()
    vfs.mount(PythonFs(), "/py")
    sys.path[:] = ["/py"]
    os.chdir("/py")
    works()


@case
def virtual_root():
    os.chdir("/")
    eq(os.getcwd(), "/")
    works()


@case
def romfs_only():
    if not hasattr(vfs, "VfsRom"):
        check.skip("the firmware has no VfsRom")
    unmount_all()
    vfs.mount(vfs.VfsRom(memoryview(romfs.image([("finaliserproxy.mpy", code)]))), "/rom")
    sys.path[:] = ["/rom"]
    os.chdir("/rom")
    eq([entry[0] for entry in os.ilistdir("/")], ["rom"])
    works()
    os.chdir("/")


@case
def nothing_mounted():
    # Imported before, used after: each batch of blocks is made without a filesystem.
    unmount_all()
    vfs.mount(PythonFs(), "/py")
    sys.path[:] = ["/py"]
    fp = works()
    unmount_all()
    eq(list(os.ilistdir("/")), [])
    calls = [0]

    def callback():
        calls[0] += 1

    for i in range(100):
        fp.FinaliserProxy(callback)
    check.collect_garbage()
    check.collect_garbage()
    true(calls[0] >= 90)


check.end()
