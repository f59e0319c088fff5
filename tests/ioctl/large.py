# SPDX-License-Identifier: MIT
# Ints at the limits of a word and beyond, as arguments, as results and as positions.
# needs: ioctl
# wants: big-ints

import io
import os
import sys

import check
from check import case, eq, raises
from ioctl import CLOSE, FLUSH, POLL, SEEK, ioctl
from native import BOARD, Python

EIO = 5
WORD = 1 << (31 if sys.maxsize < 1 << 31 else 63)


@case
def numbers_out_of_range():
    s = io.BytesIO(b"abcdef")
    for n in (WORD, 2 * WORD - 1, 2 * WORD, 2 * WORD + 1, WORD << 40, -WORD - 1, -2 * WORD + 4):
        raises(ValueError, ioctl, s, n)
        raises(ValueError, ioctl, s, n + CLOSE)
        raises(ValueError, ioctl, s, FLUSH, n)
        raises(ValueError, ioctl, s, SEEK, (n, 0))
        raises(ValueError, ioctl, s, SEEK, (0, n))
    for n in (WORD - 1, -WORD, WORD >> 1, -(WORD >> 1) - 1):
        raises(ValueError, ioctl, s, n)
        eq(ioctl(s, FLUSH, n), 0)
    # It is open, and where it was.
    eq(s.read(), b"abcdef")
    eq(ioctl(s, SEEK, (WORD - 1, 0)), WORD - 1)
    eq((s.tell(), s.read()), (WORD - 1, b""))
    eq(ioctl(s, SEEK, (-WORD, 1)), 0)


@case
def negative_arguments():
    # The protocol's argument is an unsigned word.
    s = Python()
    ioctl(s, POLL, -1)
    eq(s.got, (POLL, 2 * WORD - 1))
    ioctl(s, POLL, -WORD)
    eq(s.got, (POLL, WORD))


@case
def results_that_are_large():
    eq(ioctl(Python(WORD - 1), POLL), WORD - 1)
    for n in (WORD, 2 * WORD - 1, 2 * WORD, 1 << 100, -WORD - 1, -(1 << 100)):
        raises(OverflowError, ioctl, Python(n), POLL)


@case
def error_numbers_that_are_no_small_ints():
    for n in (1 << 30, (1 << 31) - 1):
        eq(raises(OSError, ioctl, Python(-n), POLL).errno, n)


@case
def errors_without_a_number():
    if WORD == 1 << 31:
        check.skip("error numbers have 32 bits, and so have words")
    for n in (1 << 32, 1 << 62, 1 << 31, (1 << 32) - 5):
        eq(raises(OSError, ioctl, Python(-n), POLL).errno, EIO)


@case
def position_beyond_32_bits():
    # Files of the unix port have positions of 64 bits, also where words have 32.
    if BOARD:
        check.skip("a board")
    step = (1 << 31) - 1
    name = check.folder + "ioctl_test.tmp"
    try:
        with open(name, "wb") as f:
            got = [ioctl(f, SEEK, (step, whence)) for whence in (0, 1, 1)]
            got.append(ioctl(f, SEEK, (-step, 1)))
            eq(got, [step, 2 * step, 3 * step, 2 * step])
    finally:
        os.remove(name)


check.end()
