# SPDX-License-Identifier: MIT
"""Streams of the stream protocol, as far as a target has them, and filesystems in memory."""

import io

import check

BOARD = "unix" not in check.target


def ring(size):
    try:
        from micropython import RingIO
    except ImportError:
        check.skip("no micropython.RingIO")
    return RingIO(size)


def websocket():
    try:
        from websocket import websocket
    except ImportError:
        check.skip("no websocket")
    return websocket(io.BytesIO())


class Python(io.IOBase):
    """Returns the value that it was made with, or raises it if it is an exception."""

    def __init__(self, answer=0):
        self.answer = answer
        self.got = None

    def ioctl(self, request, arg):
        self.got = (request, arg)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class RamDisk:
    def __init__(self, blocks, size=512):
        self.data = bytearray(blocks * size)
        self.size = size

    def readblocks(self, n, buf, offset=0):
        start = n * self.size + offset
        buf[:] = memoryview(self.data)[start : start + len(buf)]

    def writeblocks(self, n, buf, offset=0):
        start = n * self.size + offset
        self.data[start : start + len(buf)] = buf

    def ioctl(self, request, arg):
        return {4: len(self.data) // self.size, 5: self.size, 6: 0}.get(request)


def filesystems():
    """(class name, filesystem) of each class that the firmware has, on a device in memory."""
    import vfs

    for name in ("VfsFat", "VfsLfs2", "VfsLfs1"):
        cls = getattr(vfs, name, None)
        if cls is not None:
            disk = RamDisk(64)
            cls.mkfs(disk)
            yield name, cls(disk)
