# SPDX-License-Identifier: MIT
# What the check of the C stack remembers belongs to the stack of the main thread. (A faked _thread
# says which thread runs.)
# needs: msgpack file
# targets: mps2-*
# wants: full one-flavour
import io
import micropython
import sys

import check
from check import case, eq, true


class Thread:
    ident = 1
    asked = 0

    @staticmethod
    def get_ident():
        Thread.asked += 1
        return Thread.ident


def deep(n, fn):
    if n:
        return deep(n - 1, fn)
    return fn()


def import_anew():
    sys.modules.pop("msgpack", None)
    import msgpack

    return msgpack


def import_in(ident, depth=0):
    sys.modules["_thread"] = Thread
    Thread.ident = ident
    try:
        return deep(depth, import_anew)
    finally:
        del sys.modules["_thread"]
        sys.modules.pop("msgpack", None)


def asked_by(fn):
    Thread.asked = 0
    fn()
    return Thread.asked


@case
def main_thread_remembers():
    m = import_in(1)
    asked_by(lambda: m.packb(1))
    eq(asked_by(lambda: m.packb(1)), 0)


@case
def other_thread_checks_each_time():
    m = import_in(1)
    Thread.ident = 2
    for i in range(3):
        eq(asked_by(lambda: m.packb(1)), 1)


@case
def import_in_another_thread():
    # Nothing of that thread's stack is remembered, however the two lie.
    m = import_in(2, 12)
    deep(0, lambda: m.packb(1))
    Thread.ident = 1
    deep(0, lambda: m.packb(1))
    Thread.ident = 2
    for depth in range(2, 12, 2):
        eq(asked_by(lambda: deep(depth, lambda: m.packb(1))), 1)


@case
def numbers_that_take_memory():
    # As on an ESP32-C6, whose threads have addresses beyond small ints.
    m = import_in(0x40801234)
    stream = io.BytesIO(bytearray(100))
    message = (1, 2)
    for i in range(3):
        stream.seek(0)
        micropython.heap_lock()
        try:
            Thread.asked = 0
            m.pack(message, stream)
        finally:
            micropython.heap_unlock()
        eq(Thread.asked, 0)
    true(stream.getvalue().startswith(b"\x92\x01\x02"))


check.end()
