# SPDX-License-Identifier: MIT
"""Messages for the fuzz tests: valid ones, damaged ones and random bytes; the same for a seed."""

import binascii
import random
import struct
from collections import namedtuple

import msgpack

from _describe import ALL_OPTIONS, describe, options

MAX = 400  # Bytes of a message.
EDGES = [
    0,
    1,
    31,
    32,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    2**31 - 1,
    2**31,
    2**32 - 1,
]
EDGES += [2**32, 2**63 - 1, 2**63, 2**64 - 1]
TEXTS = ["", "a", "é", "\u20ac", "\U0001f600", "a" * 31, "b" * 32, "\x00", "\ud7ff\ue000\uffff"]
BAD_UTF8 = [b"\x80", b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff"]
BAD_UTF8 += [b"\xe2\x82", b"\xf0\x9f\x98", b"a\xc3"]
FIRST_BYTES = [
    0x80,
    0x81,
    0x8F,
    0x90,
    0x91,
    0x9F,
    0xA0,
    0xA1,
    0xBF,
    *range(0xC0, 0xE1),
    0xFF,
    0x00,
    0x7F,
]


class Source:
    """Random messages."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def integer(self):
        r = self.random
        value = r.choice(EDGES) if r.random() < 0.5 else r.getrandbits(r.randint(1, 64))
        return -value if r.random() < 0.4 and value <= 2**63 else value

    def number(self):
        r = self.random
        bits = r.getrandbits(64) if r.random() < 0.5 else r.choice([0, 1, 0x7FF, 0xFFF]) << 52
        return struct.unpack(">d", struct.pack(">Q", bits))[0]

    def data(self):
        r = self.random
        return r.randbytes(r.choice([0, 1, 2, 3, 4, 8, 12, 16, 17, r.randint(0, 40)]))

    def header(self, small, longer, n):
        """A header for n elements, not always the shortest one."""
        r = self.random
        forms = [(first, f) for first, f in longer if n < 256 ** struct.calcsize(f)]
        if n <= small[1] and r.random() < 0.8:
            return bytes([small[0] + n])
        first, form = r.choice(forms)
        return bytes([first]) + struct.pack(">" + form, n)

    def message(self, depth=0):
        r = self.random
        kind = r.randrange(12 if depth < 4 else 8)
        if kind == 0:
            return r.choice([b"\xc0", b"\xc2", b"\xc3"])
        if kind == 1:
            return msgpack.packb(self.integer())
        if kind == 2:
            forms = [("B", 0xCC), ("H", 0xCD), ("I", 0xCE), ("Q", 0xCF)]
            forms += [("b", 0xD0), ("h", 0xD1), ("i", 0xD2), ("q", 0xD3)]
            form, first = r.choice(forms)
            return bytes([first]) + r.randbytes(struct.calcsize(form))
        if kind == 3:
            single = r.random() < 0.5
            return b"\xca" + r.randbytes(4) if single else msgpack.packb(self.number())
        if kind == 4:
            payload = r.choice(TEXTS).encode("utf-8", "surrogatepass")
            if r.random() < 0.03:
                payload += r.choice(BAD_UTF8)
            longer = [(0xD9, "B"), (0xDA, "H"), (0xDB, "I")]
            return self.header((0xA0, 31), longer, len(payload)) + payload
        if kind == 5:
            payload = self.data()
            return (
                self.header((0, -1), [(0xC4, "B"), (0xC5, "H"), (0xC6, "I")], len(payload))
                + payload
            )
        if kind == 6:
            payload = self.data()
            code = r.choice([-128, -2, 0, 1, 127])
            if len(payload) in (1, 2, 4, 8, 16) and r.random() < 0.7:
                return bytes([0xD4 + len(payload).bit_length() - 1, code & 255]) + payload
            header = self.header((0, -1), [(0xC7, "B"), (0xC8, "H"), (0xC9, "I")], len(payload))
            return header + bytes([code & 255]) + payload
        if kind == 7:
            stamp = msgpack.Timestamp(
                r.choice([0, 1, 2**34, -1, 2**40]), r.choice([0, 1, 10**9 - 1])
            )
            return msgpack.packb(stamp)
        n = r.choice([0, 1, 2, 3, r.randrange(20)])
        if kind < 10:
            header = self.header((0x90, 15), [(0xDC, "H"), (0xDD, "I")], n)
            return header + b"".join(self.message(depth + 1) for _ in range(n))
        header = self.header((0x80, 15), [(0xDE, "H"), (0xDF, "I")], n)
        return header + b"".join(self.key() + self.message(depth + 1) for _ in range(n))

    def key(self):
        r = self.random
        kind = r.randrange(8)
        if kind < 4:
            return msgpack.packb(r.choice(TEXTS))
        if kind == 4:
            return msgpack.packb(r.choice(TEXTS).encode())
        return self.message(4) if kind < 7 else self.message(3)

    def damaged(self, data):
        """The message with a few random changes."""
        r = self.random
        data = bytearray(data)
        for _ in range(r.choice([1, 1, 1, 2, 3, 8])):
            at = r.randrange(len(data) + 1)
            kind = r.randrange(8)
            if kind == 0:
                del data[at:]
            elif kind == 1:
                data[at:at] = r.randbytes(r.randint(1, 4))
            elif kind == 2:
                del data[at : at + r.randint(1, 4)]
            elif kind == 3:
                data[at:at] = data[r.randrange(len(data) + 1) :][: r.randint(1, 30)]
            elif at < len(data):
                if kind == 4:
                    data[at] ^= 1 << r.randrange(8)
                elif kind == 5:
                    data[at] = r.getrandbits(8)
                else:
                    data[at] = r.choice(FIRST_BYTES)
        return bytes(data)

    def input(self):
        r = self.random
        kind = r.randrange(10)
        if kind == 0:
            return r.randbytes(r.randint(0, 40))
        if kind == 1:
            return bytes(r.choice(FIRST_BYTES) for _ in range(r.randint(1, 60)))
        data = b"".join(self.message() for _ in range(r.choice([1, 1, 1, 2, 3])))
        while len(data) > MAX and kind > 5:
            data = self.message()
        return (self.damaged(data) if kind < 8 else data)[:MAX]


# The ExtType of CPython's msgpack 1.0.3 refuses negative codes, which the specification allows.
ExtType = namedtuple("ExtType", "code data")


def verdict(data, bits):
    """The result of CPython's msgpack: (accepts, number of objects, fails, CRC of the objects)."""
    opt = options(bits)
    opt.setdefault("ext_hook", ExtType)
    try:
        msgpack.unpackb(data, **opt)
        accepts = True
    except (ValueError, TypeError):
        accepts = False
    unpacker = msgpack.Unpacker(**opt)
    unpacker.feed(data)
    texts = []
    fails = False
    try:
        for obj in unpacker:
            texts.append(describe(obj))
    except (ValueError, TypeError) as e:
        # CPython's msgpack takes an ext of 2**32-1 bytes for one of 0; ours waits for its payload.
        fails = not str(e).startswith("0 exceeds max_ext_len")
    return accepts, len(texts), fails, binascii.crc32("\n".join(texts).encode())


def records(source, count):
    """The file that _fuzz_decode.py reads."""
    parts = []
    for _ in range(count):
        data = source.input()
        bits = source.random.randrange(ALL_OPTIONS) if source.random.random() < 0.5 else 0
        parts.append(struct.pack(">HBBHBI", len(data), bits, *verdict(data, bits)) + data)
    return b"".join(parts)
