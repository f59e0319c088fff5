# SPDX-License-Identifier: MIT
"""Encodings with their values, from the tables of the MessagePack specification.

Several tests walk over them. Nothing here calls the codec: expected bytes are written out
or computed from the specification alone.
"""

import sys

import check

CPYTHON = sys.implementation.name == "cpython"
# The options with which CPython's msgpack takes any key, as ours does.
ANY_KEY = {"strict_map_key": False} if CPYTHON else {}
# What messages say about a str that is no UTF-8, and about 0xc1.
INVALID_UTF8 = "str" if check.small else "UTF-8"
INVALID_FORMAT = "FormatError" if check.small else "0xc1"
# Some firmware has no floats. SINGLE: this interpreter's have 24 bits or less.
try:
    FLOATS = True
    SINGLE = float("16777217") == float("16777216")
except NameError:
    FLOATS = SINGLE = False


def ints(table):
    """The pairs (int in hexadecimal, value) whose int the firmware supports."""
    for text, value in table:
        try:
            yield to_int(text), value
        except OverflowError:
            pass


def to_int(text):
    """int(text, 16), which on some firmware does not notice that the int is too large."""
    sign, digits = text.split("0x")
    n = 0
    for digit in digits:
        digit = -int(digit, 16) if sign else int(digit, 16)
        more = n * 16 + digit
        if (more - digit) >> 4 != n:
            raise OverflowError(text)
        n = more
    return n


# (value, minimal encoding): both sides of each border between two forms
INTS = tuple(
    ints(
        (
            ("0x0", "00"),
            ("0x1", "01"),
            ("0x7e", "7e"),
            ("0x7f", "7f"),
            ("0x80", "cc80"),
            ("0xc8", "ccc8"),
            ("0xfe", "ccfe"),
            ("0xff", "ccff"),
            ("0x100", "cd0100"),
            ("0x7fff", "cd7fff"),
            ("0x8000", "cd8000"),
            ("0xffff", "cdffff"),
            ("0x10000", "ce00010000"),
            ("0x3fffffff", "ce3fffffff"),
            ("0x40000000", "ce40000000"),
            ("0x7fffffff", "ce7fffffff"),
            ("0x80000000", "ce80000000"),
            ("0xffffffff", "ceffffffff"),
            ("0x100000000", "cf0000000100000000"),
            ("0x3fffffffffffffff", "cf3fffffffffffffff"),
            ("0x4000000000000000", "cf4000000000000000"),
            ("0x7fffffffffffffff", "cf7fffffffffffffff"),
            ("0x8000000000000000", "cf8000000000000000"),
            ("0xffffffffffffffff", "cfffffffffffffffff"),
            ("-0x1", "ff"),
            ("-0x1f", "e1"),
            ("-0x20", "e0"),
            ("-0x21", "d0df"),
            ("-0x7f", "d081"),
            ("-0x80", "d080"),
            ("-0x81", "d1ff7f"),
            ("-0xff", "d1ff01"),
            ("-0x100", "d1ff00"),
            ("-0x8000", "d18000"),
            ("-0x8001", "d2ffff7fff"),
            ("-0x10000", "d2ffff0000"),
            ("-0x40000000", "d2c0000000"),
            ("-0x40000001", "d2bfffffff"),
            ("-0x80000000", "d280000000"),
            ("-0x80000001", "d3ffffffff7fffffff"),
            ("-0x100000000", "d3ffffffff00000000"),
            ("-0x4000000000000000", "d3c000000000000000"),
            ("-0x4000000000000001", "d3bfffffffffffffff"),
            ("-0x7fffffffffffffff", "d38000000000000001"),
            ("-0x8000000000000000", "d38000000000000000"),
        )
    )
)

# Well-formed, each longer than need be
OVERLONG = (
    ("cc00", 0),
    ("cc7f", 127),
    ("cd0000", 0),
    ("cd00ff", 255),
    ("ce00000000", 0),
    ("ce0000ffff", 65535),
    ("cf0000000000000000", 0),
    ("cf000000003fffffff", 1073741823),
    ("d000", 0),
    ("d07f", 127),
    ("d0ff", -1),
    ("d0e0", -32),
    ("d10000", 0),
    ("d1007f", 127),
    ("d17fff", 32767),
    ("d1ffff", -1),
    ("d1ff80", -128),
    ("d200000000", 0),
    ("d2ffffffff", -1),
    ("d2ffff8000", -32768),
    ("d30000000000000000", 0),
    ("d3ffffffffffffffff", -1),
    ("d900", ""),
    ("d90161", "a"),
    ("da0000", ""),
    ("da000161", "a"),
    ("db00000000", ""),
    ("db0000000161", "a"),
    ("c400", b""),
    ("c50000", b""),
    ("c5000161", b"a"),
    ("c600000000", b""),
    ("c60000000161", b"a"),
    ("dc0000", []),
    ("dc000101", [1]),
    ("dd00000000", []),
    ("dd0000000101", [1]),
    ("de0000", {}),
    ("de00010102", {1: 2}),
    ("df00000000", {}),
    ("df000000010102", {1: 2}),
    ("92dd00000000dc0000", [[], []]),
    ("81db0000000161df00000000", {"a": {}}),
)
OVERLONG += tuple(
    (text, n)
    for n, text in ints(
        (
            ("0x40000000", "cf0000000040000000"),
            ("0xffffffff", "cf00000000ffffffff"),
            ("0x7fffffff", "d27fffffff"),
            ("0x7fffffffffffffff", "d37fffffffffffffff"),
            ("-0x80000000", "d3ffffffff80000000"),
            ("-0x40000000", "d3ffffffffc0000000"),
            ("-0x40000001", "d3ffffffffbfffffff"),
        )
    )
)


def hx(text):
    """Bytes of a hexadecimal text; spaces are for the reader."""
    text = text.replace(" ", "")
    return bytes(int(pair, 16) for pair in pieces(text, 2))


def pieces(data, size):
    """data cut into pieces of size, the last one shorter where need be."""
    start = 0
    while start < len(data):
        end = start + size
        yield data[start:end]
        start = end


def tohex(data):
    """The reverse of hx; a long text is truncated."""
    text = "".join("%02x" % b for b in data[:40])
    return text + "... %d bytes" % len(data) if len(data) > 40 else text


def be(n, size):
    """n as big-endian two's complement."""
    return bytes((n >> (8 * i)) & 0xFF for i in range(size - 1, -1, -1))


def encode_int(n):
    """The shortest form of an int, by ranges."""
    if n >= 0:
        if n < 0x80:
            return be(n, 1)
        for code, size in ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)):
            if n < 1 << (8 * size):
                return be(code, 1) + be(n, size)
    else:
        if n >= -32:
            return be(n, 1)
        for code, size in ((0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8)):
            if n >= -(1 << (8 * size - 1)):
                return be(code, 1) + be(n, size)
    raise OverflowError(n)


def head(n, fix, fixlimit, codes):
    """First bytes of a string or container of n; codes: (format byte, length size)."""
    if n < fixlimit:
        return be(fix | n, 1)
    for code, size in codes:
        if n >> (8 * size) == 0:
            return be(code, 1) + be(n, size)
    raise OverflowError(n)


def str_head(n):
    return head(n, 0xA0, 32, ((0xD9, 1), (0xDA, 2), (0xDB, 4)))


def raw_head(n):
    """Old format: one raw type, without the form of an 8-bit length."""
    return head(n, 0xA0, 32, ((0xDA, 2), (0xDB, 4)))


def bin_head(n):
    return head(n, 0, 0, ((0xC4, 1), (0xC5, 2), (0xC6, 4)))


def array_head(n):
    return head(n, 0x90, 16, ((0xDC, 2), (0xDD, 4)))


def map_head(n):
    return head(n, 0x80, 16, ((0xDE, 2), (0xDF, 4)))


def ext_head(n, code):
    for first, size in ((0xD4, 1), (0xD5, 2), (0xD6, 4), (0xD7, 8), (0xD8, 16)):
        if n == size:
            return be(first, 1) + be(code, 1)
    return head(n, 0, 0, ((0xC7, 1), (0xC8, 2), (0xC9, 4))) + be(code, 1)


def expect(got, want, about=""):
    """check.same, with the subject in its message."""
    try:
        check.same(got, want)
    except AssertionError as e:
        raise AssertionError("%s: %s" % (about, e))


def extra_data(e):
    """The object and the bytes that an ExtraData carries."""
    return e.args if check.small else (e.unpacked, e.extra)


def documents():
    """(packed, value) of a few bytes up to 400, every format byte and some nesting.

    ExtType is left to the test, which has the module: ext documents carry None.
    """
    yield b"\xc0", None
    yield b"\xc2", False
    yield b"\xc3", True
    for value, text in INTS:
        yield hx(text), value
    for text, value in OVERLONG:
        yield hx(text), value
    if FLOATS:
        yield hx("ca3fc00000"), float("1.5")
        yield hx("cbbff8000000000000"), float("-1.5")
    for n in (0, 1, 31, 32, 255, 256, 300):
        yield str_head(n) + b"x" * n, "x" * n
        yield bin_head(n) + b"\xff" * n, b"\xff" * n
    for n in (0, 1, 2, 15, 16, 300):
        yield array_head(n) + b"\x05" * n, [5] * n
    for n in (0, 1, 2, 15, 16, 60):
        pairs = b"".join(be(i, 1) + b"\xcc" + be(i + 128, 1) for i in range(n))
        yield map_head(n) + pairs, {i: i + 128 for i in range(n)}
    for n in (0, 1, 2, 3, 4, 8, 16, 17, 255, 256, 300):
        yield ext_head(n, 5) + b"e" * n, None
    yield hx("82 a161 93 01 a162 c4 01 63 a164 81 c0 90"), {"a": [1, "b", b"c"], "d": {None: []}}
    yield b"\x91" * 17 + b"\x80", nested(17, {})
    yield hx("92 dc0002 c0 81 01 dd00000001 a3 616263 cd0100"), [[None, {1: ["abc"]}], 256]


def nested(depth, core):
    for _ in range(depth):
        core = [core]
    return core
