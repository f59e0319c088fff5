# SPDX-License-Identifier: MIT
"""Random documents, the same from one seed on MicroPython and on CPython."""

import msgpack

INTS = (0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 30, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
INTS += (1 << 32, (1 << 53) - 1, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
INTS += (-1, -32, -33, -128, -129, -32768, -32769, -(1 << 30), -(1 << 31), -(1 << 31) - 1)
INTS += (-(1 << 53) + 1, -(1 << 62) - 1, -(1 << 63))
LENGTHS = (0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 32, 33, 100, 255, 256, 300)
CHARS = "aZ~ \x00\n\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"


class Random:
    """xorshift32: small, and the same wherever ints are ints."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 1) & 0xFFFFFFFF or 1

    def bits(self):
        x = self.state
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self.state = x
        return x

    def below(self, n):
        return (self.bits() >> 3) % n

    def pick(self, items):
        return items[self.below(len(items))]


class Maker:
    """plain: only what a JavaScript peer keeps apart, so no float of integral value, str keys
    that are no numbers, and no map keys beside str."""

    def __init__(self, seed, make_map, plain=False):
        self.random = Random(seed)
        self.make_map = make_map
        self.plain = plain

    def int(self):
        r = self.random
        if r.below(3) == 0:
            return r.below(300) - 100
        if r.below(2):
            return r.pick(INTS)
        bits = r.below(64)
        n = ((r.bits() << 32 | r.bits()) & ((1 << bits) - 1)) | (1 << bits >> 1)
        return -n if r.below(2) and n < 1 << 63 else n

    def str(self):
        r = self.random
        n = r.pick(LENGTHS) if r.below(4) == 0 else r.below(12)
        return "".join(r.pick(CHARS) if r.below(3) == 0 else "x" for _ in range(n))

    def bytes(self):
        r = self.random
        n = r.pick(LENGTHS) if r.below(4) == 0 else r.below(12)
        return bytes(r.below(256) for _ in range(n))

    def float(self):
        # exact in single precision, never integral
        r = self.random
        return (r.below(1 << 20) + 0.5) / (1 << r.below(12)) * (1 if r.below(2) else -1) / 2**21

    def key(self, i):
        r = self.random
        if self.plain or r.below(3):
            return "k" + self.str() + "%d" % i
        return r.pick((i, -i - 1, 1000 + i, b"k%d" % i, (1 << 40) + i))

    def stamp(self):
        r = self.random
        seconds = r.pick((0, 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 34) - 1))
        if not self.plain and r.below(2):
            seconds = r.pick((1 << 34, -1, -(1 << 40), 1 << 50))
        return msgpack.Timestamp(seconds, r.pick((0, 1, 500000000, 999999999)))

    def value(self, depth):
        r = self.random
        kind = r.below(12 if depth > 0 else 9)
        if kind == 0:
            return r.pick((None, True, False))
        if kind < 3:
            return self.int()
        if kind == 3:
            return self.float()
        if kind < 6:
            return self.str()
        if kind == 6:
            return self.bytes()
        if kind == 7:
            return msgpack.ExtType(r.below(128), self.bytes())
        if kind == 8:
            return self.stamp()
        n = r.pick((0, 1, 2, 3, 5, 15, 16, 17)) if depth > 1 else r.below(5)
        if kind < 11:
            return [self.value(depth - 1) for _ in range(n)]
        return self.make_map([(self.key(i), self.value(depth - 1)) for i in range(n)])


def document(seed, make_map, plain=False):
    return Maker(seed, make_map, plain).value(3)
