# needs: msgpack
# The buffer that unpackb reads is resized by each kind of Python code that can run meanwhile: the
# bytes that follow are not where they were. That is noticed before any of them is read.

import gc

import check
import msgpack
from check import case, eq, raises

TAIL = b"\xc4\x03def"  # Must still be read.


def refuses(message, **hooks):
    """Unpack the message with each hook growing the buffer."""
    buf = bytearray(message)
    calls = []

    def grow(*args):
        calls.append(args)
        buf.extend(b"\xc0" * 4000)
        gc.collect()

    hooks = {name: grow for name in hooks}
    raises(RuntimeError, msgpack.unpackb, buf, match="buffer", **hooks)
    eq(len(calls), 1)


@case
def ext_hook():
    refuses(b"\x92\xd4\x05x" + TAIL, ext_hook=1)


@case
def object_hook():
    refuses(b"\x92\x81\xa1k\x01" + TAIL, object_hook=1)


@case
def object_pairs_hook():
    refuses(b"\x92\x81\xa1k\x01" + TAIL, object_pairs_hook=1)


@case
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

    raises(RuntimeError, msgpack.unpackb, buf, match="buffer", ext_hook=lambda code, data: Key())


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

    raises(RuntimeError, msgpack.unpackb, buf, match="buffer", ext_hook=lambda code, data: Key())
    eq(len(calls), 1)


@case
def last_object():
    # Nothing has to be read any more, but the buffer's end is not where it was either.
    refuses(b"\xd4\x05x", ext_hook=1)


check.end()
