# SPDX-License-Identifier: MIT
# Runs in the sanitizer interpreter: packs random objects in many ways and compares. Of each
# message it prints the hex bytes and the CRC of the description, for CPython's msgpack to check.

import array
import binascii
import collections
import gc
import io
import random
import sys

import msgpack
from _describe import describe

EDGES = (0, 1, 31, 32, 33, 127, 128, 129, 255, 256, 32767, 32768, 32769, 65535, 65536)
EDGES += (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
TOO_LARGE = (2**64, -(2**63) - 1, 2**70)
SIZES = (0, 1, 2, 4, 8, 15, 16, 17, 31, 32, 33, 254, 255, 256, 257, 300)
FLOATS = (0.0, -0.0, 1.5, 1e300, 5e-324, float("inf"), -float("inf"), float("nan"), 0.1)
TEXTS = ("", "a", "\u00e9", "\u20ac", "\U0001f600")

Point = collections.namedtuple("Point", ("x", "y"))


class Stranger:
    """An object that only the default hook can pack; `value` is what the hook returns."""

    def __init__(self, value):
        self.value = value


class Text(str):
    pass


class HookError(Exception):
    pass


class Duck:
    """A stream that takes a few bytes at a time, and that collects garbage now and then."""

    def __init__(self):
        self.data = b""

    def write(self, data):
        n = 1 + random.getrandbits(4)
        self.data += data[:n]
        if random.getrandbits(6) == 0:
            gc.collect()
        return min(n, len(data))


class Base(io.IOBase):
    def __init__(self):
        self.data = b""

    def write(self, data):
        n = min(len(data), 1 + random.getrandbits(7))
        self.data += bytes(data[:n])
        return n


def choose(items):
    return items[random.getrandbits(20) % len(items)]


def make(depth=0):
    """A random object, and the object that a round trip returns."""
    kind = random.getrandbits(10) % (19 if depth < 5 else 12)
    if kind == 0:
        obj = choose((None, True, False))
    elif kind < 3:
        obj = choose(EDGES) + choose((-1, 0, 0, 1))
        obj = choose((obj, -obj))
        if not -(2**63) <= obj < 2**64:
            obj = -1
    elif kind == 3:
        obj = random.getrandbits(30) >> random.getrandbits(5)
    elif kind == 4:
        obj = choose(FLOATS)
    elif kind < 7:
        obj = choose(TEXTS) * choose((1, 2, choose(SIZES)))
        return choose((obj, obj, Text(obj))), obj
    elif kind < 9:
        obj = bytes([random.getrandbits(8)]) * choose(SIZES)
        same = (obj, bytearray(obj), memoryview(obj), array.array("B", obj))
        return choose(same), obj
    elif kind == 9:
        obj = msgpack.ExtType(choose((-128, -2, 0, 127)), b"e" * choose(SIZES))
    elif kind == 10:
        obj = msgpack.Timestamp(
            choose((0, 1, 2**32, 2**34, 2**40, -1)), choose((0, 1, 999999999))
        )
    elif kind == 11 or kind == 12:
        # Rarely a value that cannot be packed even with a hook.
        value = choose(TOO_LARGE) if random.getrandbits(6) == 0 else make(depth + 1)
        if type(value) is not tuple:
            return value, None
        return Stranger(value[0]), value[1]
    elif kind < 15:
        pairs = [make(depth + 1) for _ in range(choose((0, 1, 2, 3, 15, 16, 17)) >> depth)]
        return (list if kind == 13 else tuple)([p[0] for p in pairs]), [p[1] for p in pairs]
    elif kind == 15:
        x, y = make(depth + 1), make(depth + 1)
        return Point(x[0], y[0]), [x[1], y[1]]
    else:
        obj = {} if kind < 18 else collections.OrderedDict()
        expected = {}
        for i in range(choose((0, 1, 2, 3, 15, 16, 17)) >> depth):
            key = choose((i, str(i), b"%d" % i, (i, "t")))
            value = make(depth + 1)
            obj[key] = value[0]
            expected[key] = value[1]
        return obj, expected
    return obj, obj


def outcome(fn, *args, **kw):
    try:
        return fn(*args, **kw)
    except (TypeError, ValueError, OverflowError, HookError, RuntimeError) as e:
        return type(e).__name__


def check(name, got, expected):
    if got != expected:
        raise AssertionError("{}: got {}, expected {}".format(name, got, expected))


def no_tuples(text):
    """Both are packed as arrays, which are unpacked as tuples, since these may be keys."""
    return text.replace("(", "[").replace(")", "]")


def run(number):
    obj, expected = make()
    fail_at = random.getrandbits(3) if random.getrandbits(3) == 0 else -1
    calls = 0

    def hook(obj):
        nonlocal calls
        calls += 1
        if calls == fail_at:
            raise HookError
        if type(obj) is not Stranger:
            raise TypeError
        if calls % 3 == 0:
            msgpack.packb([calls, {"nested": b"x" * 300}])
        if calls % 5 == 0:
            gc.collect()
        return obj.value

    def pack_to(stream):
        nonlocal calls
        calls = 0
        result = outcome(msgpack.pack, obj, stream, default=hook)
        if result is not None:
            return result
        return stream.getvalue() if type(stream) is io.BytesIO else stream.data

    message = outcome(msgpack.packb, obj, default=hook)
    for kind in (io.BytesIO, Duck, Base):
        check(kind.__name__, pack_to(kind()), message)
    calls = 0
    packer = msgpack.Packer(default=hook)
    check("Packer", outcome(packer.pack, obj), message)
    if type(message) is str:
        return

    # Into a buffer that is just large enough, and into one that is not.
    edge = random.getrandbits(3)
    buf = bytearray(b"\xa5" * (edge + len(message) + 3))
    calls = 0
    check("pack_into", msgpack.pack_into(obj, buf, edge, default=hook), len(message))
    check("buffer", bytes(buf), b"\xa5" * edge + message + b"\xa5" * 3)
    calls = 0
    small = memoryview(bytearray(len(message) + edge - 1 if len(message) + edge else 0))
    check("too small", outcome(msgpack.pack_into, obj, small, edge, default=hook), "ValueError")

    back = msgpack.unpackb(message, use_list=False)
    text = describe(back)
    if "..." not in text:
        check("round trip", no_tuples(text), no_tuples(describe(expected)))
    print(binascii.hexlify(message).decode(), binascii.crc32(text.encode()))


def main(seed, count):
    random.seed(seed)
    for number in range(count):
        try:
            run(number)
        except Exception as e:
            print("object", number, "of seed", seed)
            sys.print_exception(e)
        if number % 64 == 0:
            gc.collect()
    print("done", count)


main(int(sys.argv[1]), int(sys.argv[2]))
