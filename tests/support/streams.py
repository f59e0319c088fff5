# SPDX-License-Identifier: MIT
"""Streams for the tests, with scripted results."""

import io

EAGAIN = 11


class Source:
    """Serves data, at most step bytes a call. pauses: position -> times it says "not now"
    there. At position stop_at, exception error comes forever. Counts what was taken."""

    def __init__(self, data, step=1 << 20, pauses=None, stop_at=-1, error=None):
        self.data = data
        self.pos = 0
        self.step = step
        self.pauses = pauses or {}
        self.stop_at = stop_at
        self.error = error
        self.calls = 0

    def take(self, n):
        """The next bytes; None: not now; empty: the end."""
        self.calls += 1
        if self.pos == self.stop_at:
            raise self.error
        pos = self.pos
        left = self.pauses.get(pos, 0)
        if left:
            self.pauses[pos] = left - 1
            return None
        end = min(pos + min(n, self.step), len(self.data))
        for border in self.pauses:
            if pos < border < end:
                end = border
        if pos < self.stop_at < end:
            end = self.stop_at
        self.pos = end
        return self.data[pos:end]


def into(out, buf):
    if out is None:
        return None
    for i, b in enumerate(out):
        buf[i] = b
    return len(out)


class IoSource(Source, io.IOBase):
    def readinto(self, buf):
        return into(self.take(len(buf)), buf)


class ReadintoSource(Source):
    def readinto(self, buf):
        return into(self.take(len(buf)), buf)


class ReadSource(Source):
    def read(self, n=-1):
        return self.take(n if n >= 0 else 1 << 20)


class RaisingSource(Source):
    """Says "not now" with an OSError, as sockets do."""

    def readinto(self, buf):
        n = into(self.take(len(buf)), buf)
        if n is None:
            raise OSError(EAGAIN)
        return n


SOURCES = (IoSource, ReadintoSource, ReadSource, RaisingSource)


class Sink:
    """Takes at most step bytes a call, with pauses and errors as in Source."""

    def __init__(self, step=1 << 20, pauses=None, stop_at=-1, error=None):
        self.data = bytearray()
        self.step = step
        self.pauses = pauses or {}
        self.stop_at = stop_at
        self.error = error
        self.calls = 0
        self.kept = []

    def give(self, buf):
        self.calls += 1
        pos = len(self.data)
        if pos == self.stop_at:
            raise self.error
        left = self.pauses.get(pos, 0)
        if left:
            self.pauses[pos] = left - 1
            return None
        end = pos + min(len(buf), self.step)
        for border in self.pauses:
            if pos < border < end:
                end = border
        if pos < self.stop_at < end:
            end = self.stop_at
        n = end - pos
        self.data.extend(bytes(buf[:n]))
        return n


class IoSink(io.IOBase, Sink):
    def write(self, buf):
        return self.give(buf)


class RaisingSink(Sink):
    """Merely has write; says "not now" with an OSError, and keeps what it was given."""

    def write(self, buf):
        self.kept.append(buf)
        n = self.give(buf)
        if n is None:
            raise OSError(EAGAIN)
        return n


class PlainSink(Sink):
    """Merely has write, which returns nothing: it took everything."""

    def write(self, buf):
        self.kept.append(buf)
        self.data.extend(buf)
