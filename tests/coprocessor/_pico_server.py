# SPDX-License-Identifier: MIT
# The server of _pico_client.py. With settings.POINTS it resets the client there, so many
# microseconds after the beginning of a session.

from controls import end, reset_other, say
from machine import UART
import settings

from coprocessor.link import Link
from coprocessor.server import Server


class Box:
    def __init__(self, number=0):
        self.number = number

    def add(self, n):
        self.number += n
        return self.number

    def write(self, data):
        return sum(data)

    def read(self, n):
        return (bytes(range(250)) * 2)[:n]

    def readinto(self, buffer):
        return len(buffer)


def add(a, b):
    return a + b


def left():
    """The number of objects that the client refers to."""
    return len(server._registry)


def begin(is_new):
    """The client begins a session; `is_new`: it has been reset."""
    if not is_new:
        return
    assert not left(), left()
    if points:
        reset_other(points.pop(0))
    else:
        say("%d resets" % len(settings.POINTS))
        end()


points = list(settings.POINTS)
names = {"Box": Box, "add": add, "left": left, "begin": begin}
link = Link(UART(0, settings.BAUD, rxbuf=settings.RX), rx=settings.RX)
server = Server(link, names)
server.serve()
