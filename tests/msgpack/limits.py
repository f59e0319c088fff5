# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# wants: long-ints
# Lengths are checked before anything is made: against the max_*_len options, and against what
# the input can hold, counting all that the open containers are still owed.
import gc
import sys
from io import BytesIO

import check
import msgpack
from check import case, eq, full_case, raises
from vectors import ANY_KEY, CPYTHON, be, expect, hx

# option, message with a length of 3, the same at a length of 4
KINDS = (
    ("max_str_len", "a3616263", "a461626364"),
    ("max_str_len", "d903616263", "d90461626364"),
    ("max_str_len", "da0003616263", "da000461626364"),
    ("max_str_len", "db00000003616263", "db0000000461626364"),
    ("max_bin_len", "c403616263", "c40461626364"),
    ("max_bin_len", "c50003616263", "c5000461626364"),
    ("max_bin_len", "c600000003616263", "c60000000461626364"),
    ("max_array_len", "93010203", "9401020304"),
    ("max_array_len", "dc0003010203", "dc000401020304"),
    ("max_array_len", "dd00000003010203", "dd0000000401020304"),
    ("max_map_len", "83010102020303", "840101020203030404"),
    ("max_map_len", "de0003010102020303", "de00040101020203030404"),
    ("max_map_len", "df00000003010102020303", "df000000040101020203030404"),
    ("max_ext_len", "c70305616263", "d60561626364"),
    ("max_ext_len", "c8000305616263", "c8000405616263" + "64"),
    ("max_ext_len", "c90000000305616263", "c9000000040561626364"),
)
# each claims far more than it brings; 32-bit sizes of some wrap to small numbers
HOSTILE = (
    "dd40000001",
    "dd4000000101",
    "dd20000001",
    "dd80000000",
    "ddffffffff",
    "ddfffffffe0102",
    "df20000001",
    "df2000000101",
    "df40000000",
    "df80000000",
    "df80000001",
    "dfffffffff",
    "dfffffffff0102",
    "c6ffffffff",
    "c6fffffffc",
    "c6fffffff061",
    "c680000000",
    "c67fffffff",
    "dbffffffff",
    "dbfffffffe61",
    "db80000000",
    "c9ffffffff05",
    "c9fffffffa05",
    "c9ffffffff0561",
    "c97fffffff05",
    "91dd40000001",
    "81a161df20000001",
    "dcffff",
    "deffff",
    "dc800001",
    "dd00010000",
    "9f" * 20,
    "8f" * 20,
    "dd0000ffffdd0000ffffdd0000ffff",
)


def with_limit(name, value, **more):
    more[name] = value
    more["strict_map_key"] = False
    return more


def mem():
    if CPYTHON:
        return 0
    gc.collect()
    return gc.mem_alloc()


@full_case("max_…_len")
def at_and_over_the_limit():
    for name, at, over in KINDS:
        got = msgpack.unpackb(hx(at), **with_limit(name, 3))
        expect(got, msgpack.unpackb(hx(at), **ANY_KEY), at)
        raises(ValueError, msgpack.unpackb, hx(over), **with_limit(name, 3))
        msgpack.unpackb(hx(over), **with_limit(name, 4))
        raises(ValueError, msgpack.unpackb, b"\x91" + hx(over), **with_limit(name, 3))


@full_case("max_…_len")
def limit_of_zero():
    for name, data in (
        ("max_str_len", b"\xa0"),
        ("max_bin_len", b"\xc4\x00"),
        ("max_array_len", b"\x90"),
        ("max_map_len", b"\x80"),
        ("max_ext_len", b"\xc7\x00\x05"),
    ):
        msgpack.unpackb(data, **with_limit(name, 0))
    for name, at, over in KINDS:
        raises(ValueError, msgpack.unpackb, hx(at), **with_limit(name, 0))


@full_case("max_…_len")
def no_limit():
    for name, at, over in KINDS:
        got = msgpack.unpackb(hx(over), **with_limit(name, -1))
        eq(len(got.data if name == "max_ext_len" else got), 4)


@full_case("max_…_len")
def limits_do_not_mix():
    # each option is about its own kind
    names = ("max_str_len", "max_bin_len", "max_array_len", "max_map_len", "max_ext_len")
    for name, at, over in KINDS:
        limits = {n: 0 for n in names if n != name}
        got = msgpack.unpackb(hx(over), **ANY_KEY, **limits)
        eq(len(got.data if name == "max_ext_len" else got), 4)


@full_case("max_…_len")
def limits_of_streams():
    for name, at, over in KINDS:
        msgpack.unpack(BytesIO(hx(at)), **with_limit(name, 3))
        raises(ValueError, msgpack.unpack, BytesIO(hx(over)), **with_limit(name, 3))


@full_case("max_…_len")
def limits_of_unpackers():
    for name, at, over in KINDS:
        u = msgpack.Unpacker(**with_limit(name, 3))
        u.feed(hx(at))
        u.unpack()
        u.feed(hx(over))
        raises(ValueError, u.unpack)


@full_case("max_…_len")
def refused_before_the_body_comes():
    if CPYTHON:
        check.skip("python3-msgpack waits for the body")
    for name, header in (
        ("max_str_len", "db00100000"),
        ("max_bin_len", "c600100000"),
        ("max_array_len", "dd00100000"),
        ("max_map_len", "df00100000"),
        ("max_ext_len", "c90010000005"),
    ):
        u = msgpack.Unpacker(**with_limit(name, 1000))
        u.feed(hx(header))
        e = raises(ValueError, u.unpack)
        eq(isinstance(e, msgpack.OutOfData), False)
        e = raises(ValueError, msgpack.unpackb, hx(header), **with_limit(name, 1000))


@full_case("max_…_len")
def limit_counts_bytes_of_a_str():
    data = hx("a4c3a9c3a9")
    raises(ValueError, msgpack.unpackb, data, max_str_len=3)
    expect(msgpack.unpackb(data, max_str_len=4), data[1:].decode())


@full_case("max_…_len")
def limit_applies_to_raw_and_keys():
    raises(ValueError, msgpack.unpackb, hx("a461626364"), raw=True, max_str_len=3)
    raises(ValueError, msgpack.unpackb, hx("81a46162636401"), max_str_len=3)


@full_case("max_…_len")
def timestamps_are_exts():
    if CPYTHON:
        check.skip("python3-msgpack does not say")
    eq(msgpack.unpackb(hx("d6ff00000001"), max_ext_len=4).seconds, 1)
    raises(ValueError, msgpack.unpackb, hx("d6ff00000001"), max_ext_len=3)


@case
def hostile_lengths():
    before = mem()
    for text in HOSTILE:
        e = raises(ValueError, msgpack.unpackb, hx(text), **ANY_KEY)
        if not CPYTHON and "incomplete" not in str(e):
            raise AssertionError("%s: %r" % (text, e))
        del e
    if not CPYTHON:
        eq(mem() - before < 500, True)


OPTIONS = [{"use_list": False}]
if not check.small:
    OPTIONS += [{"raw": True}, {"object_pairs_hook": list}, {"list_hook": len}]


@case
def hostile_lengths_with_all_options():
    for text in HOSTILE:
        for opts in OPTIONS:
            raises(ValueError, msgpack.unpackb, hx(text), **ANY_KEY, **opts)


@case
def hostile_lengths_in_streams():
    if CPYTHON:
        check.skip("unpack(stream) of python3-msgpack reads everything first")
    for text in HOSTILE:
        # more elements than any machine word counts may be refused at once
        try:
            msgpack.unpack(BytesIO(hx(text)))
        except (msgpack.OutOfData, ValueError):
            continue
        raise AssertionError(text)


@full_case("Unpacker")
def hostile_lengths_fed():
    for text in HOSTILE:
        u = msgpack.Unpacker(strict_map_key=False, max_buffer_size=1000)
        u.feed(hx(text))
        # more than max_buffer_size can ever hold is either refused or waited for
        try:
            u.unpack()
        except (msgpack.OutOfData, ValueError):
            continue
        raise AssertionError(text)


@full_case("Unpacker")
def hostile_lengths_skipped():
    if CPYTHON:
        check.skip("python3-msgpack skips some of them, with their bytes missing")
    for text in HOSTILE:
        u = msgpack.Unpacker(strict_map_key=False)
        u.feed(hx(text))
        try:
            u.skip()
        except (msgpack.OutOfData, ValueError):
            continue
        raise AssertionError(text)


@case
def header_alone_in_all_32_bit_lengths():
    # one bit set each: whatever a codec multiplies a length by, one of these wraps
    for code in (0xDD, 0xDF, 0xC6, 0xDB, 0xC9):
        for bit in range(32):
            for off in (-1, 0, 1):
                n = (1 << bit) + off
                if n > 8:
                    data = be(code, 1) + be(n, 4) + b"\x05"
                    raises(ValueError, msgpack.unpackb, data, **ANY_KEY)


@case
def nested_claims():
    # each header alone is believable: so many elements fit the bytes left. Allocating for
    # each takes the square of the input's size.
    n = 3000
    for header in (b"\xdc" + be(n // 2, 2), b"\xdd" + be(n // 2, 4), b"\xde" + be(n // 4, 2)):
        data = header * (n // len(header))
        e = raises(ValueError, msgpack.unpackb, data, **ANY_KEY, use_list=False)
        if not CPYTHON:
            eq("incomplete" in str(e), True)


@case
def owed_by_all_containers_together():
    # the inner array's five and the outer one's two more: eight bytes are not there
    for text, missing in (
        ("93 95 0101010101 02 03", False),
        ("93 95 0101010101 02", True),
        ("93 95 0101010101", True),
        ("94 91 92 01 01 02 93 010101 c0", False),
        ("94 91 92 01 01 02 93 010101", True),
        ("82 a161 92 01 02 a162 91 03", False),
        ("82 a161 92 01 02 a162 91", True),
    ):
        data = hx(text)
        if missing:
            e = raises(ValueError, msgpack.unpackb, data)
            eq("incomplete" in str(e) or CPYTHON, True)
        else:
            msgpack.unpackb(data)


@case
def exact_fit_is_not_refused():
    # as many elements as bytes left, at several depths
    for n in (1, 15, 16, 200):
        data = b"\xdc" + be(n, 2) + b"\x90" * n
        eq(len(msgpack.unpackb(data)), n)
        data = b"\x93\xdc" + be(n, 2) + b"\xc0" * n + b"\x01\x02"
        eq(len(msgpack.unpackb(data)), 3)
        data = b"\xde" + be(n, 2) + b"".join(b"\xcc" + be(i, 1) + b"\xc0" for i in range(n))
        eq(len(msgpack.unpackb(data, **ANY_KEY)), n)


@case
def longer_than_the_format():
    # only where addresses have 64 bits, and nobody reads what lies there
    if sys.maxsize < 1 << 32:
        check.skip("no object is so long")
    try:
        import uctypes
    except ImportError:
        check.skip("no uctypes")
    data = uctypes.bytearray_at(uctypes.addressof(b"...."), 1 << 32)
    sink = BytesIO()
    raises(ValueError, msgpack.pack, data, sink, match="too long")
    eq(sink.getvalue(), b"")
    raises(ValueError, msgpack.packb, data, match="too long")


check.end()
