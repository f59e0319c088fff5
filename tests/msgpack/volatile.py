# SPDX-License-Identifier: MIT
# The buffer that unpackb reads is written to while it allocates memory: the collection that this
# may cause runs finalisers. (Interrupts and other threads may do the same.) What was checked must
# be what is used.
# needs: msgpack finaliserproxy
# long: rpi-pico repeats
# timeout: 120

import gc
import sys
import check
import msgpack
from check import case
from finaliserproxy import FinaliserProxy

N = 400
BLOCK = 32 if sys.maxsize >> 32 else 16  # What the heap is divided into.
INVALID = 0x80
OTHER = 0x20


class Writer(FinaliserProxy):
    """When it dies, it makes the text in a buffer invalid UTF-8, or valid again, or another."""

    def __init__(self, buffer, places, mask):
        super().__init__(self.__del__)
        self.buffer = buffer
        self.places = places
        self.mask = mask

    def __del__(self):
        ran[0] += len(self.places) > 0
        for place in self.places:
            self.buffer[place] ^= self.mask


ran = [0]


def is_valid(text):
    # As long as it is ASCII; no other str is expected. And its hash is that of an equal one.
    data = bytearray(text, "utf-8")  # bytes would have the same hash.
    return all(b < 0x80 for b in data) and str(data, "utf-8") in {text: 1}


def drop(depth, *args):
    # Deep enough that nothing on the stack refers to it afterwards.
    if depth > 0:
        drop(depth - 1, *args)
    else:
        Writer(*args)


def try_often(message, places, look, mask=INVALID):
    """Unpack it with a collection at each of its allocations in turn."""
    good = bad = 0
    ran[0] = 0
    for i in range(N):
        buffer = bytearray(message)
        check.collect_garbage()
        drop(3, buffer, places, mask)
        # The last one that was made may live on for a while.
        drop(3, buffer, (), mask)
        check.clear_stack()
        gc.threshold(i * BLOCK)
        try:
            obj = msgpack.unpackb(buffer)
        except ValueError:
            gc.threshold(-1)
            bad += 1
        else:
            gc.threshold(-1)
            if not look(obj):
                raise AssertionError("%d: an invalid str" % i)
            good += 1
    if ran[0] < N // 2 or good == 0 or (bad > 0) != (mask == INVALID):
        raise AssertionError((ran[0], good, bad))


@case
def values():
    message = b"\x98" + b"\xa3abc" * 8
    try_often(message, range(2, 34, 4), lambda obj: all(is_valid(s) for s in obj))


@case
def keys():
    message = b"\x88" + b"".join(b"\xa4zq%02d\x01" % i for i in range(8))
    try_often(message, range(2, 50, 6), lambda obj: all(is_valid(s) for s in obj))


@case
def one_key():
    # No other that is invalid hides it.
    for n in range(3):
        message = b"\x83" + b"".join(b"\xa4zp%02d\x01" % i for i in range(3))
        for mask in (INVALID, OTHER):
            try_often(message, (2 + 6 * n,), lambda obj: all(is_valid(s) for s in obj), mask)


@case
def remembered_keys():
    item = b"\x82\xa3qz1\x01\xa3qz2\x02"
    message = b"\x96" + item * 6
    places = [i for i in range(len(message)) if message[i : i + 1] == b"q"]
    try_often(message, places, lambda obj: all(is_valid(s) for d in obj for s in d))


@case
def long_texts():
    message = b"\x93" + (b"\xd9\x50" + b"t" * 80) * 3
    try_often(message, (5, 90, 170), lambda obj: all(is_valid(s) for s in obj))


check.end()
