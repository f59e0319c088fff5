# SPDX-License-Identifier: MIT
# needs: msgpack
# The buffer that unpackb reads is resized by each kind of Python code that can run meanwhile: the
# bytes that follow are not where they were. That is noticed before any of them is read.

import gc
import io
import os

import check
import msgpack
from check import case, eq, full_case, raises

TAIL = b"\xc4\x03def"  # Must still be read.


def refused(unpack, expected):
    """unpack() notices it; or it gives the right object, as the small flavour reads a copy."""
    if check.small:
        eq(unpack(), expected)
    else:
        raises(RuntimeError, unpack, match="buffer")


def refuses(message, **hooks):
    """Unpack the message with each hook growing the buffer."""
    expected = msgpack.unpackb(message, **{name: lambda *args: None for name in hooks})
    buf = bytearray(message)
    calls = []

    def grow(*args):
        calls.append(args)
        buf.extend(b"\xc0" * 4000)
        gc.collect()

    hooks = {name: grow for name in hooks}
    refused(lambda: msgpack.unpackb(buf, **hooks), expected)
    eq(len(calls), 1)


def survives(message, expected, make=memoryview, **hooks):
    """A memoryview keeps a pointer to where the bytes were. Unpacking goes on with a copy."""
    buf = bytearray(message)
    calls = []

    def grow(*args):
        if not calls:
            buf.extend(b"\xc1" * 4000)
            gc.collect()
            calls.append([b"\xc1" * len(message) for i in range(100)])
        return args

    hooks = {name: grow for name in hooks}
    eq(msgpack.unpackb(make(buf), **hooks), expected)
    eq(len(calls), 1)


MESSAGE = b"\x94\x91\x01" + TAIL + b"\xd4\x05x\xa3abc"


@case
def memoryview_and_hooks():
    survives(MESSAGE, [[1], b"def", (5, b"x"), "abc"], ext_hook=1)


@full_case("hooks for maps and arrays")
def memoryview_and_more_hooks():
    survives(MESSAGE, ([([1],), b"def", msgpack.ExtType(5, b"x"), "abc"],), list_hook=1)
    survives(b"\x92\x81\xa1k\x01" + TAIL, [({"k": 1},), b"def"], object_hook=1)
    survives(b"\x92\x81\xa1k\x01" + TAIL, [([("k", 1)],), b"def"], object_pairs_hook=1)


@case
def slice_of_a_memoryview():
    survives(
        b"\x00\x00" + MESSAGE + b"\x00",
        [[1], b"def", (5, b"x"), "abc"],
        lambda buf: memoryview(buf)[2:-1],
        ext_hook=1,
    )


@full_case("list_hook")
def extra_data_of_a_memoryview():
    buf = bytearray(b"\x91\x01" + TAIL)

    def grow(obj):
        buf.extend(b"\xc1" * 4000)
        gc.collect()
        return obj

    e = raises(msgpack.ExtraData, msgpack.unpackb, memoryview(buf), list_hook=grow)
    eq((e.unpacked, e.extra), ([1], TAIL))


@case
def ext_hook():
    refuses(b"\x92\xd4\x05x" + TAIL, ext_hook=1)


@full_case("hooks for maps and arrays")
def object_hook():
    refuses(b"\x92\x81\xa1k\x01" + TAIL, object_hook=1)


@full_case("hooks for maps and arrays")
def object_pairs_hook():
    refuses(b"\x92\x81\xa1k\x01" + TAIL, object_pairs_hook=1)


@full_case("list_hook")
def list_hook():
    refuses(b"\x92\x91\x01" + TAIL, list_hook=1)


@case
def hash_of_a_key():
    # The key is what ext_hook returns; its __hash__ runs when the pair is stored.
    buf = bytearray(b"\x92\x81\xd4\x05x\x01" + TAIL)

    class Key:
        def __hash__(self):
            buf.extend(b"\xc0" * 4000)
            gc.collect()
            return 1

    got = []
    key = Key()

    def unpack():
        got.append(msgpack.unpackb(buf, ext_hook=lambda code, data: key))
        return got[0][1:]

    refused(unpack, [b"def"])


@case
def comparison_with_a_key():
    # The key is what ext_hook returned: storing a str beside it may call its __eq__. The message
    # loses its last byte, so that what is read behind it would be wrong, but is still there.
    pairs = b"".join(b"\xa2k%c\xc0" % (0x41 + i) for i in range(30))
    buf = bytearray(b"\xde\x00\x1f\xd4\x05x\xc0" + pairs)
    calls = []

    class Key:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            if not calls:
                calls.append(other)
                try:
                    buf[-1:] = b""
                except TypeError:
                    check.skip("bytearrays do not shrink here")
            return False

    refused(lambda: len(msgpack.unpackb(buf, ext_hook=lambda code, data: Key())), 31)
    eq(len(calls), 1)


@case
def comparison_that_warns():
    # Some firmware prints a warning when a str is compared with bytes, and a terminal may be an
    # object of Python.
    if not hasattr(os, "dupterm"):
        check.skip("no os.dupterm")
    text = []

    class Terminal(io.IOBase):
        def __init__(self, do):
            self.do = do

        def write(self, data):
            text.append(bytes(data))
            self.do()
            return len(data)

        def readinto(self, data):
            return None

    def with_terminal(do, fn):
        os.dupterm(Terminal(do))
        try:
            fn()
        finally:
            os.dupterm(None)

    with_terminal(lambda: None, lambda: {b"a": 0}.get("a"))
    if not text:
        check.skip("nothing warns here")
    # The keys have the same hash. What comes next may be in a map or not.
    for key in (b"\xc4\x01a", b"\x91\xc4\x01a"):
        for head in (b"\x83", b"\x91\x83"):
            same = b"\xa1a" if key[0] == 0xC4 else b"\x91\xa1a"
            buf = bytearray(head + key + b"\xc0" + same + b"\xc0\xa1b\xa3xyz")

            def last_value():
                got = msgpack.unpackb(buf, use_list=False)
                return (got[0] if isinstance(got, tuple) else got)["b"]

            with_terminal(
                lambda: buf.extend(bytes(4000)) if len(buf) < 4000 else None,
                lambda: refused(last_value, "xyz"),
            )
            # The bytes that are left have been copied from a view.
            buf = bytearray(b"\x92" + head + key + b"\xc0" + same + b"\xc0\xa1b\xa3xyz\xa3end")

            def from_view():
                eq(msgpack.unpackb(memoryview(buf), use_list=False)[1], "end")

            with_terminal(
                lambda: (buf.extend(bytes(4000)), gc.collect()) if len(buf) < 4000 else None,
                from_view,
            )


@case
def last_object():
    # Nothing has to be read any more, but the buffer's end is not where it was either.
    refuses(b"\xd4\x05x", ext_hook=1)


check.end()
