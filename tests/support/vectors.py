"""Encodings with their values, from the tables of the MessagePack specification.

Several tests walk over them. Nothing here calls the codec: expected bytes are written out
or computed from the specification alone.
"""

import sys

import check

CPYTHON = sys.implementation.name == "cpython"
SINGLE = 16777217.0 == 16777216.0  # this interpreter's floats have 24 bits

# (value, minimal encoding): both sides of each border between two forms
INTS = (
    (0, "00"),
    (1, "01"),
    (126, "7e"),
    (127, "7f"),
    (128, "cc80"),
    (200, "ccc8"),
    (254, "ccfe"),
    (255, "ccff"),
    (256, "cd0100"),
    (32767, "cd7fff"),
    (32768, "cd8000"),
    (65535, "cdffff"),
    (65536, "ce00010000"),
    (0x3FFFFFFF, "ce3fffffff"),
    (0x40000000, "ce40000000"),
    (0x7FFFFFFF, "ce7fffffff"),
    (0x80000000, "ce80000000"),
    (0xFFFFFFFF, "ceffffffff"),
    (1 << 32, "cf0000000100000000"),
    ((1 << 62) - 1, "cf3fffffffffffffff"),
    (1 << 62, "cf4000000000000000"),
    ((1 << 63) - 1, "cf7fffffffffffffff"),
    (1 << 63, "cf8000000000000000"),
    ((1 << 64) - 1, "cfffffffffffffffff"),
    (-1, "ff"),
    (-31, "e1"),
    (-32, "e0"),
    (-33, "d0df"),
    (-127, "d081"),
    (-128, "d080"),
    (-129, "d1ff7f"),
    (-255, "d1ff01"),
    (-256, "d1ff00"),
    (-32768, "d18000"),
    (-32769, "d2ffff7fff"),
    (-65536, "d2ffff0000"),
    (-0x40000000, "d2c0000000"),
    (-0x40000001, "d2bfffffff"),
    (-0x80000000, "d280000000"),
    (-0x80000001, "d3ffffffff7fffffff"),
    (-(1 << 32), "d3ffffffff00000000"),
    (-(1 << 62), "d3c000000000000000"),
    (-(1 << 62) - 1, "d3bfffffffffffffff"),
    (-(1 << 63) + 1, "d38000000000000001"),
    (-(1 << 63), "d38000000000000000"),
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
    ("cf000000003fffffff", 0x3FFFFFFF),
    ("cf0000000040000000", 0x40000000),
    ("cf00000000ffffffff", 0xFFFFFFFF),
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
    ("d27fffffff", 0x7FFFFFFF),
    ("d2ffffffff", -1),
    ("d2ffff8000", -32768),
    ("d30000000000000000", 0),
    ("d37fffffffffffffff", (1 << 63) - 1),
    ("d3ffffffffffffffff", -1),
    ("d3ffffffff80000000", -0x80000000),
    ("d3ffffffffc0000000", -0x40000000),
    ("d3ffffffffbfffffff", -0x40000001),
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
    """The reverse of hx, cut where it would fill the screen."""
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
        if n < 1 << (8 * size):
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
    """check.same, which says what it was about."""
    try:
        check.same(got, want)
    except AssertionError as e:
        raise AssertionError("%s: %s" % (about, e))


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
    yield hx("ca3fc00000"), 1.5
    yield hx("cbbff8000000000000"), -1.5
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
    yield b"\x91" * 40 + b"\x80", nested(40, {})
    yield hx("92 dc0002 c0 81 01 dd00000001 a3 616263 cd0100"), [[None, {1: ["abc"]}], 256]


def nested(depth, core):
    for _ in range(depth):
        core = [core]
    return core
