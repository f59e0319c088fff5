# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# Everything with a buffer is packed as bin; bin is unpacked as bytes.
import check
import msgpack
from check import case, eq, full_case
from vectors import CPYTHON, bin_head, expect, hx, raw_head

try:
    from array import array
except ImportError:
    array = None


def borders_at(sizes):
    for n in sizes:
        data = bin_head(n) + b"\x80" * n
        expect(msgpack.packb(b"\x80" * n), data, n)
        expect(msgpack.unpackb(data), b"\x80" * n, n)


@case
def borders():
    borders_at((0, 1, 255, 256))


@case
def borders_of_16_bits():
    check.need_heap(400)
    borders_at((65535, 65536))


@case
def other_buffers():
    for n in (0, 1, 255, 256, 3000):
        data = bin_head(n) + b"\xff" * n
        expect(msgpack.packb(bytearray(b"\xff" * n)), data, n)
        expect(msgpack.packb(memoryview(b"\xff" * n)), data, n)
        expect(msgpack.packb(memoryview(bytearray(b"\xff" * n))), data, n)


@case
def part_of_a_buffer():
    view = memoryview(b"0123456789")
    expect(msgpack.packb(view[3:7]), b"\xc4\x043456")
    expect(msgpack.packb(view[3:7][1:3]), b"\xc4\x0245")
    expect(msgpack.packb(view[4:4]), b"\xc4\x00")


@case
def arrays():
    if array is None:
        check.skip("no array module")
    if CPYTHON:
        check.skip("array.array as bin is ours")
    expect(msgpack.packb(array("B", b"abc")), b"\xc4\x03abc")
    expect(msgpack.packb(array("B")), b"\xc4\x00")
    for kind in "bBhHiIqQ":
        a = array(kind, (1, 2, 100))
        expect(msgpack.packb(a), b"\xc4" + bytes([len(bytes(a))]) + bytes(a), kind)


@case
def views_of_wide_items():
    # the length is in bytes, whatever the items
    if array is None:
        check.skip("no array module")
    a = array("H", (0x0101, 0x0202, 0x0303))
    expect(msgpack.packb(memoryview(a)), b"\xc4\x06\x01\x01\x02\x02\x03\x03")
    expect(msgpack.packb(memoryview(a)[1:]), b"\xc4\x04\x02\x02\x03\x03")
    expect(msgpack.packb(memoryview(a)[1:2]), b"\xc4\x02\x02\x02")


@case
def inside_containers():
    obj = [b"a", bytearray(b"b"), {b"k": memoryview(b"c")}]
    data = hx("93 c40161 c40162 81 c4016b c40163")
    expect(msgpack.packb(obj), data)
    expect(msgpack.unpackb(data), [b"a", b"b", {b"k": b"c"}])


def old_raw_format_at(sizes):
    for n in sizes:
        want = raw_head(n) + b"r" * n
        expect(msgpack.packb(b"r" * n, use_bin_type=False), want, n)
        expect(msgpack.packb(bytearray(b"r" * n), use_bin_type=False), want, n)
        expect(msgpack.packb(memoryview(b"r" * n), use_bin_type=False), want, n)
        expect(msgpack.unpackb(want, raw=True), b"r" * n, n)
        expect(msgpack.unpackb(want), "r" * n, n)


@full_case("use_bin_type")
def old_raw_format():
    old_raw_format_at((0, 31, 32, 255, 256))


@full_case("use_bin_type")
def old_raw_format_of_16_bits():
    check.need_heap(400)
    old_raw_format_at((65535, 65536))


@case
def any_byte_inside():
    body = bytes(range(256))
    expect(msgpack.packb(body), b"\xc5\x01\x00" + body)
    expect(msgpack.unpackb(b"\xc5\x01\x00" + body), body)


@case
def decoded_bytes_behave():
    got = msgpack.unpackb(b"\x92\xc4\x03abc\xc4\x00")
    eq({b"abc": 1, b"": 2}[got[0]], 1)
    eq(hash(got[0]), hash(b"abc"))
    eq(got[0] + got[1] + b"d", b"abcd")


@case
def empty_ends_in_a_zero_byte():
    # As the firmware takes it for granted, of a path for instance.
    try:
        from os import stat
    except ImportError:
        check.skip("no file system")
    outcomes = []
    paths = [b"", msgpack.unpackb(b"\xc4\x00")]
    if not check.small:
        paths.append(msgpack.unpackb(b"\xa0", raw=True))
    for path in paths:
        try:
            outcomes.append(stat(path))
        except OSError as e:
            outcomes.append(e.args[0])
    eq(outcomes, [outcomes[0]] * len(paths))


check.end()
