# SPDX-License-Identifier: MIT
# Measures how many bytes of the Cortex-M3's heap the class Timestamp takes as bytecode, which a
# .mpy file may hold beside native code. It has the methods and errors of the native class, without
# the parts that the codec needs as well. bench/parts.py runs this after the ram() of
# bench/size.py, and measures the native class.
import micropython

SOURCE = """
class Timestamp:
    def __init__(self, seconds, nanoseconds=0):
        if not isinstance(seconds, int):
            raise TypeError("seconds must be an int")
        if not 0 <= nanoseconds < 1000000000:
            raise ValueError("integer argument out of range")
        self.seconds = seconds
        self.nanoseconds = nanoseconds

    def __repr__(self):
        return "Timestamp(seconds=%d, nanoseconds=%d)" % (self.seconds, self.nanoseconds)

    def __hash__(self):
        return hash(self.seconds) ^ self.nanoseconds

    def __eq__(self, other):
        return isinstance(other, Timestamp) and self.to_unix_nano() == other.to_unix_nano()

    def __lt__(self, other):
        if not isinstance(other, Timestamp):
            raise TypeError("not a Timestamp")
        return self.to_unix_nano() < other.to_unix_nano()

    def __le__(self, other):
        return not other < self

    @staticmethod
    def from_bytes(b):
        return from_body(b)

    @staticmethod
    def from_unix(t):
        return Timestamp.from_unix_nano(int(t * 1000000000))

    @staticmethod
    def from_unix_nano(n):
        return Timestamp(n // 1000000000, n % 1000000000)

    def to_bytes(self):
        return to_body(self)

    def to_unix(self):
        return self.seconds + self.nanoseconds / 1000000000

    def to_unix_nano(self):
        return self.seconds * 1000000000 + self.nanoseconds
"""


def names(o):
    # Strings that a program has interned already do not count.
    o.Timestamp, o.seconds, o.nanoseconds, o.from_body, o.to_body, o.from_bytes, o.from_unix
    o.from_unix_nano, o.to_bytes, o.to_unix, o.to_unix_nano, o.other, o.self, o.t, o.b, o.n


def define():
    exec(SOURCE, module)


ram = globals()["ram"]
# Line numbers are left out.
micropython.opt_level(3)
module = {}
ram()
before = ram()
define()
print(ram() - before)
