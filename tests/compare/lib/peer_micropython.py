# SPDX-License-Identifier: MIT
# Runs on MicroPython: one request a line, one answer a line.
import sys
from collections import OrderedDict

import msgpack

sys.path.append(__file__.rsplit("/", 1)[0])

import generate  # noqa: E402


def unhex(text):
    return bytes.fromhex(text)


def flat(pairs):
    out = ["#map"]
    for k, v in pairs:
        out.append(k)
        out.append(v)
    return out


def canonical(data, **options):
    """An encoding that shows all of the value: maps as arrays, duplicates and all."""
    obj = msgpack.unpackb(
        data, object_pairs_hook=flat, ext_hook=lambda c, d: ["#ext", c, d], **options
    )
    return msgpack.packb(obj, use_single_float=False)


def same_order(data, **options):
    obj = msgpack.unpackb(data, object_pairs_hook=OrderedDict)
    return msgpack.packb(obj, **options)


def fed(data, step):
    u = msgpack.Unpacker(object_pairs_hook=OrderedDict)
    i = 0
    while i < len(data):
        j = i + step
        u.feed(data[i:j])
        i = j
        try:
            return msgpack.packb(u.unpack())
        except msgpack.OutOfData:
            pass
    raise ValueError("no object")


REQUESTS = {
    "canonical": lambda a: canonical(unhex(a[0])),
    "raw": lambda a: canonical(unhex(a[0]), raw=True),
    "tuples": lambda a: canonical(unhex(a[0]), use_list=False),
    "again": lambda a: same_order(unhex(a[0])),
    "single": lambda a: same_order(unhex(a[0]), use_single_float=True),
    "double": lambda a: same_order(unhex(a[0]), use_single_float=False),
    "old": lambda a: same_order(unhex(a[0]), use_bin_type=False),
    "fed": lambda a: fed(unhex(a[0]), int(a[1])),
    "make": lambda a: msgpack.packb(generate.document(int(a[0]), OrderedDict)),
    "plain": lambda a: msgpack.packb(generate.document(int(a[0]), OrderedDict, True)),
    "names": lambda a: " ".join(sorted(dir(msgpack))).encode(),
    "members": lambda a: " ".join(sorted(dir(getattr(msgpack, a[0])))).encode(),
}


def main():
    while True:
        words = sys.stdin.readline().split()
        if not words:
            break
        try:
            print("ok", REQUESTS[words[0]](words[1:]).hex())
        except Exception as e:
            print("error", type(e).__name__, str(e).replace("\n", " "))


main()
