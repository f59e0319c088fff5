# SPDX-License-Identifier: MIT
# The second UART of the MPS2 boards and the Pico as a stream: what is sent comes back.

import io
import sys
from machine import mem32
from micropython import const

_DATA = const(0x40005000)
_STATE = const(0x40005004)
_CTRL = const(0x40005008)
_BAUDDIV = const(0x40005010)

_TX_FULL = const(1)
_RX_FULL = const(2)

_MP_STREAM_POLL = const(3)
_MP_STREAM_CLOSE = const(4)
_MP_STREAM_POLL_RD = const(1)
_MP_STREAM_POLL_WR = const(4)


class _MPS2(io.IOBase):
    """Does not block: a read without data returns None, as machine.UART(timeout=0) does.

    Neither readinto nor write allocates, so both work with the heap locked.
    """

    def __init__(self):
        mem32[_BAUDDIV] = 16
        mem32[_CTRL] = 3

    def readinto(self, buf):
        n = 0
        while n < len(buf) and mem32[_STATE] & _RX_FULL:
            buf[n] = mem32[_DATA]
            n += 1
        return n if n else None

    def write(self, buf):
        for byte in buf:
            while mem32[_STATE] & _TX_FULL:
                pass
            mem32[_DATA] = byte
        return len(buf)

    def ioctl(self, request, arg):
        if request == _MP_STREAM_CLOSE:
            return 0
        if request != _MP_STREAM_POLL:
            return -1
        ready = arg & _MP_STREAM_POLL_WR
        if mem32[_STATE] & _RX_FULL:
            ready |= arg & _MP_STREAM_POLL_RD
        return ready


def _rp2():
    import machine

    return machine.UART(1, 921600, timeout=0)


UART = _rp2 if sys.platform == "rp2" else _MPS2
