# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico repeats
# timeout: 180
# not: mps2-an385-samd21
# Every input of one and of two bytes: no crash, and the outcome that the format table gives.
import check
import msgpack
from check import case
from vectors import ANY_KEY, CPYTHON, INVALID_FORMAT, INVALID_UTF8

OK, SHORT, BAD, EXTRA, UNICODE, TYPE, OTHER = range(7)
NAMES = ("value", "incomplete", "format", "extra", "unicode", "type", "another ValueError")


def needs(b):
    """What the first byte asks for: (bytes after it, elements after those)."""
    if b < 0x80 or b >= 0xE0 or b in (0xC0, 0xC2, 0xC3):
        return 0, 0
    if b < 0x90:
        return 0, 2 * (b & 15)
    if b < 0xA0:
        return 0, b & 15
    if b < 0xC0:
        return b & 31, 0
    # the least that each format takes: its length bytes, its type byte, its fixed payload
    return (
        {
            0xC1: 0,
            0xC4: 1,
            0xC5: 2,
            0xC6: 4,
            0xC7: 2,
            0xC8: 3,
            0xC9: 5,
            0xCA: 4,
            0xCB: 8,
            0xCC: 1,
            0xCD: 2,
            0xCE: 4,
            0xCF: 8,
            0xD0: 1,
            0xD1: 2,
            0xD2: 4,
            0xD3: 8,
            0xD4: 2,
            0xD5: 3,
            0xD6: 5,
            0xD7: 9,
            0xD8: 17,
            0xD9: 1,
            0xDA: 2,
            0xDB: 4,
            0xDC: 2,
            0xDD: 4,
            0xDE: 2,
            0xDF: 4,
        }[b],
        0,
    )


def classify1(b):
    if b == 0xC1:
        return BAD
    return SHORT if any(needs(b)) else OK


def outcomes2(b, c):
    """The outcomes that are right for bytes b, c."""
    if b == 0xC1:
        return (BAD,)
    body, elements = needs(b)
    if elements:
        if elements == 1:
            return (classify1(c),)
        # two elements or more want two bytes: too few, whatever the one there is
        return (SHORT, BAD) if c == 0xC1 else (SHORT,)
    if body == 0:
        return (EXTRA,)
    if body > 1:
        return (SHORT,)
    if 0xA0 <= b < 0xC0:
        return (OK,) if c < 0x80 else (UNICODE,)
    if b in (0xC4, 0xD9):
        return (OK,) if c == 0 else (SHORT,)
    return (OK,)


def outcome(data):
    try:
        msgpack.unpackb(data, **ANY_KEY)
        return OK
    except msgpack.ExtraData:
        return EXTRA
    except TypeError:
        return TYPE
    except ValueError as e:
        # In the small flavour FormatError is ValueError, so the text counts, too.
        text = str(e)
        if isinstance(e, check.UnicodeError) and (CPYTHON or INVALID_UTF8 in text):
            return UNICODE
        if CPYTHON and "exceeds max_" in text:
            return SHORT  # it compares a length with the whole input's
        if "incomplete" in text:
            return SHORT
        is_bad = isinstance(e, msgpack.FormatError) and (CPYTHON or INVALID_FORMAT in text)
        return BAD if is_bad else OTHER


@case
def empty():
    check.eq(NAMES[outcome(b"")], "incomplete")


@case
def one_byte():
    for b in range(256):
        got = outcome(bytes((b,)))
        if got != classify1(b):
            raise AssertionError("%02x: %s, not %s" % (b, NAMES[got], NAMES[classify1(b)]))


@case
def two_bytes():
    data = bytearray(2)
    for b in range(256):
        data[0] = b
        # most rows have one answer for all; only the rest is worked out byte by byte
        fixed = outcomes2(b, 0) if outcomes2(b, 0) in ((SHORT,), (EXTRA,)) else None
        if needs(b)[1] or needs(b)[0] == 1:
            fixed = None
        for c in range(256):
            data[1] = c
            got = outcome(data)
            want = fixed or outcomes2(b, c)
            if got not in want:
                raise AssertionError(
                    "%02x%02x: %s, not %s"
                    % (b, c, NAMES[got], " or ".join(NAMES[w] for w in want))
                )


@case
def three_bytes_sampled():
    # no classifier here: an exception of the documented kind or a value, and the heap intact
    data = bytearray(3)
    count = 0
    for b in (0x81, 0x82, 0x91, 0x92, 0x93, 0xA2, 0xC4, 0xC7, 0xCD, 0xD1, 0xD4, 0xD9, 0xDC, 0xDE):
        for c in range(0, 256, 3):
            for d in range(1, 256, 19):
                data[0] = b
                data[1] = c
                data[2] = d
                outcome(data)
                count += 1
    check.eq(count, 14 * 86 * 14)


@case
def stack_and_heap_still_right():
    check.same(msgpack.unpackb(b"\x92\x01\xa1a"), [1, "a"])
    if not CPYTHON:
        check.same(msgpack.packb([1, "a"]), b"\x92\x01\xa1a")


check.end()
