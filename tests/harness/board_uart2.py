# SPDX-License-Identifier: MIT
# The second UART of the boards is a stream, and the runner sends back what it gets there.
# targets: mps2-*

import check
import micropython
from check import case, eq
from uart2 import UART


def read(uart, count):
    """Read `count` bytes, however long the host takes; the runner's timeout ends it."""
    got = bytearray(count)
    view = memoryview(got)
    n = 0
    while n < count:
        n += uart.readinto(view[n:]) or 0
    return bytes(got)


@case
def nothing_to_read():
    eq(UART().readinto(bytearray(1)), None)


@case
def echo():
    uart = UART()
    data = bytes(range(256)) * 4
    eq(uart.write(data), len(data))
    eq(read(uart, len(data)), data)


@case
def as_a_native_stream():
    import json

    uart = UART()
    json.dump({"a": [1, 2.5, None]}, uart)
    eq(read(uart, 21), b'{"a": [1, 2.5, null]}')


@case
def with_the_heap_locked():
    uart = UART()
    out = b"locked"
    byte = bytearray(1)
    ok = True
    micropython.heap_lock()
    try:
        uart.write(out)
        for expected in out:
            while not uart.readinto(byte):
                pass
            ok = ok and byte[0] == expected
    finally:
        micropython.heap_unlock()
    eq(ok, True)


@case
def poll():
    uart = UART()
    readable, writable = 1, 4
    eq(uart.ioctl(3, readable | writable), writable)
    uart.write(b"x")
    while uart.ioctl(3, readable) != readable:
        pass
    eq(read(uart, 1), b"x")
    eq(uart.ioctl(99, 0), -1)


check.end()
