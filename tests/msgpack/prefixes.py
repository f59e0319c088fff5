# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# long: rpi-pico repeats
# timeout: 120
# Every proper prefix of a message is truncated, and reported as that and nothing else.
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises
from vectors import ANY_KEY, CPYTHON, documents, tohex


def prefixes():
    for data, _ in documents():
        for n in range(len(data)):
            yield data, n


@case
def unpackb():
    for data, n in prefixes():
        try:
            got = msgpack.unpackb(data[:n], **ANY_KEY)
        except ValueError as e:
            text = str(e)
            if "incomplete" in text and (check.small or str(n) in text):
                continue
            # python3-msgpack gives no number, or compares a length with the whole input's
            if CPYTHON and ("incomplete" in text or "exceeds max_" in text):
                continue
            raise AssertionError("%d bytes of %s: %r" % (n, tohex(data), e))
        raise AssertionError("%d bytes of %s: got %r" % (n, tohex(data), got))


@case
def unpackb_is_not_another_error():
    # "incomplete" is neither malformed, nor trailing, nor the Unpacker's wish for more
    others = (msgpack.ExtraData, msgpack.OutOfData)
    if not check.small:
        others += (msgpack.FormatError, msgpack.StackError)
    e = raises(ValueError, msgpack.unpackb, b"\x92\x01")
    eq(isinstance(e, others), False)


@case
def stream():
    if CPYTHON:
        check.skip("unpack(stream) of python3-msgpack reads everything first")
    for data, n in prefixes():
        try:
            got = msgpack.unpack(BytesIO(data[:n]))
        except (EOFError, msgpack.OutOfData) as e:
            if isinstance(e, msgpack.OutOfData if n else EOFError):
                if n == 0 or check.small or any("0" <= c <= "9" for c in str(e)):
                    continue
            raise AssertionError("%d bytes of %s: %r" % (n, tohex(data), e))
        raise AssertionError("%d bytes of %s: got %r" % (n, tohex(data), got))


@case
def stream_end_says_how_far():
    if CPYTHON:
        check.skip("unpack(stream) of python3-msgpack reads everything first")
    for data, n in ((b"\xa5abc", 4), (b"\x93\x01\x02", 3), (b"\xc4\x40" + b"x" * 40, 42)):
        raises(msgpack.OutOfData, msgpack.unpack, BytesIO(data), match=str(n))


@full_case("Unpacker")
def fed():
    for data, n in prefixes():
        u = msgpack.Unpacker(strict_map_key=False)
        u.feed(data[:n])
        try:
            got = u.unpack()
        except msgpack.OutOfData:
            continue
        raise AssertionError("%d bytes of %s: got %r" % (n, tohex(data), got))


@full_case("Unpacker")
def skipped():
    for data, n in prefixes():
        u = msgpack.Unpacker(strict_map_key=False)
        u.feed(data[:n])
        raises(msgpack.OutOfData, u.skip)


@case
def whole():
    # the other side of the border, so that the loops above mean something
    for data, value in documents():
        got = msgpack.unpackb(data, **ANY_KEY)
        if not isinstance(got, msgpack.ExtType):
            check.same(got, value)


check.end()
