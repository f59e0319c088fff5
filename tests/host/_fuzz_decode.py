# SPDX-License-Identifier: MIT
# Runs in the sanitizer interpreter: unpacks each record of a file in many ways and compares.
#
# A record is the length of the data (2 bytes), the options (1), what CPython's msgpack says, and
# the data. CPython says whether unpackb accepts (1), the number of objects that an Unpacker gives
# (2), whether it then fails (1), and the CRC of their descriptions (4).

import binascii
import gc
import io
import random
import struct
import sys

import msgpack
from _describe import describe, options

HEADER = ">HBBHBI"


class Duck:
    """A stream with a read method that gives a few bytes at a time."""

    def __init__(self, data):
        self.data = data
        self.pos = 0

    def read(self, n):
        n = min(n, 1 + random.getrandbits(3))
        self.pos += n
        return self.data[self.pos - n : self.pos]


class Base(io.IOBase):
    def __init__(self, data):
        self.data = data
        self.pos = 0

    def readinto(self, buf):
        n = min(len(buf), 1 + random.getrandbits(3), len(self.data) - self.pos)
        buf[:n] = self.data[self.pos : self.pos + n]
        self.pos += n
        return n


SHORT = "short"
NESTED = "nested"  # A key, deeper than the C stack of a small board allows. CPython takes it.


def outcome(fn, *args, **kw):
    """The description of a result, or the class of an exception."""
    try:
        return "= " + describe(fn(*args, **kw))
    except (msgpack.OutOfData, EOFError):
        return SHORT
    except msgpack.ExtraData as e:
        return "= " + describe(e.unpacked)
    except ValueError as e:
        if type(e) is ValueError and str(e).startswith("incomplete"):
            return SHORT
        if type(e) is ValueError and str(e) == "object nested too deeply":
            return NESTED
        return type(e).__name__
    except TypeError as e:
        return type(e).__name__


def objects_of(data, opt, splits):
    """The outcomes of an Unpacker that is fed the data in parts; the last may be an error."""
    u = msgpack.Unpacker(**opt)
    found = []
    start = 0
    while True:
        result = outcome(u.unpack)
        if result == SHORT:
            if start == len(data):
                return found
            n = splits and 1 + random.getrandbits(splits)
            u.feed(data[start : start + n] if n else data)
            start = min(len(data), start + n) if n else len(data)
        else:
            found.append(result)
            if result[0] != "=":
                return found


def objects_of_stream(stream, opt):
    found = []
    while True:
        result = outcome(msgpack.unpack, stream, **opt)
        if result == SHORT:
            return found
        found.append(result)
        if result[0] != "=":
            return found


def skipped(data, opt):
    """The positions that skip() reaches, up to an error or the end."""
    u = msgpack.Unpacker(**opt)
    u.feed(data)
    places = []
    while outcome(u.skip)[0] == "=":
        places.append(u.tell())
    return places


def places_of(data, opt):
    u = msgpack.Unpacker(**opt)
    u.feed(data)
    places = []
    while outcome(u.unpack)[0] == "=":
        places.append(u.tell())
    return places


def check(name, got, expected):
    if got != expected:
        raise AssertionError("{}: got {}, expected {}".format(name, got, expected))


def run(data, bits, accepts, count, fails, crc):
    """Check one message; whether a key was nested too deeply, so that CPython differs."""
    opt = options(bits)

    # Up to the first error, all ways of reading give the same objects.
    fed = objects_of(data, opt, 0)
    check("fed in parts", objects_of(data, opt, 1), fed)
    check("fed in large parts", objects_of(data, opt, 5), fed)
    for stream in (io.BytesIO(data), Base(data), Duck(data)):
        found = objects_of_stream(stream, opt)
        if found == fed + ["ValueError"] and (not fed or fed[-1][0] == "="):
            # A truncated timestamp of an invalid length: an Unpacker still waits for its end.
            found.pop()
        check(type(stream).__name__, found, fed)
    reader = msgpack.Unpacker(io.BytesIO(data), **opt)
    found = []
    while not found or found[-1][0] == "=":
        found.append(outcome(reader.unpack))
    if found[-1] == SHORT:
        found.pop()
    check("Unpacker of a stream", found, fed)

    # unpackb gives the first object or its error. It may report earlier that bytes are missing.
    whole = outcome(msgpack.unpackb, data, **opt)
    first = fed[0] if fed else SHORT
    if whole != SHORT or first[0] == "=":
        check("unpackb", whole, first)
    places = places_of(data, opt)
    check("skip", skipped(data, opt)[: len(places)], places)

    if NESTED in fed:
        return True
    try:
        msgpack.unpackb(data, **opt)
        accepted = True
    except (ValueError, TypeError):
        accepted = False
    check("accepted", accepted, bool(accepts))
    failing = bool(fed) and fed[-1][0] != "="
    good = [text[2:] for text in fed if text[0] == "="]
    check("objects", len(good), count)
    if failing and fed[-1] == "ValueError" and not fails:
        # CPython looks at limits and at the types of keys later, with the payload or the value.
        check("incomplete and refused", bits & 9 != 0, True)
    else:
        check("fails", failing, bool(fails))
    check("values", binascii.crc32("\n".join(good).encode()), crc)
    return False


def main(name, seed):
    random.seed(seed)
    number = 0
    nested = 0
    with open(name, "rb") as f:
        while True:
            header = f.read(struct.calcsize(HEADER))
            if not header:
                break
            length, bits, accepts, count, fails, crc = struct.unpack(HEADER, header)
            data = f.read(length)
            try:
                nested += run(data, bits, accepts, count, fails, crc)
            except Exception as e:
                print("record", number, "options", bits, "data", data.hex())
                sys.print_exception(e)
            number += 1
            if number % 64 == 0:
                gc.collect()
    print("done", number, nested)


main(sys.argv[1], int(sys.argv[2]))
