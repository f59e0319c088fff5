# SPDX-License-Identifier: MIT
# Objects as text, the same on CPython and on MicroPython: what the fuzz tests compare.

import binascii
import struct

MAX_DEPTH = 12  # Deeper objects are left out: MicroPython's stack is small.


def _hex(data):
    return binascii.hexlify(data).decode()


def describe(obj, depth=0):
    if depth == MAX_DEPTH:
        return "..."
    depth += 1
    kind = type(obj)
    if obj is None or kind is bool or kind is int or kind is str:
        return repr(obj) if kind is not str else "s" + _hex(obj.encode())
    if kind is float:
        return "fnan" if obj != obj else "f" + _hex(struct.pack(">d", obj))
    if kind is bytes:
        return "b" + _hex(obj)
    if kind.__name__ == "Timestamp":
        return "t{}.{}".format(obj.seconds, obj.nanoseconds)
    if kind.__name__ == "ExtType":
        return "e{}:{}".format(obj.code, _hex(obj.data))
    if kind is list:
        return "[" + ",".join([describe(x, depth) for x in obj]) + "]"
    if kind is tuple:
        return "(" + ",".join([describe(x, depth) for x in obj]) + ")"
    if kind is dict:
        pairs = [describe(k, depth) + "=" + describe(v, depth) for k, v in obj.items()]
        return "{" + ",".join(sorted(pairs)) + "}"
    raise TypeError("cannot describe " + kind.__name__)


# The options of a record, by the bits of a number.
LIMITS = {"max_array_len": 100000, "max_map_len": 100000}
SMALL = {
    "max_str_len": 9,
    "max_bin_len": 8,
    "max_ext_len": 7,
    "max_array_len": 6,
    "max_map_len": 5,
}


def make_pairs(pairs):
    return ("pairs", tuple(pairs))


def make_ext(code, data):
    return ("ext", code, data)


def options(bits):
    result = {"strict_map_key": bool(bits & 1), "use_list": not bits & 2, "raw": bool(bits & 4)}
    result.update(SMALL if bits & 8 else LIMITS)
    if bits & 16:
        result["object_pairs_hook"] = make_pairs
    if bits & 32:
        result["ext_hook"] = make_ext
    return result


ALL_OPTIONS = 64
