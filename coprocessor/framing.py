# SPDX-License-Identifier: MIT
"""Frames on a line: finds them among what arrives, and writes them.

    0    1    start, 0xA5
    1    1    kind, and flags
    2    1    channel
    3    2    length n of the payload
    5    2    sequence number
    7    2    sequence number that is expected from the other side
    9    n    payload
    9+n  4    CRC-32 of the bytes from 1 on

Numbers are little-endian. No function here looks at single bytes of a payload.
"""

from struct import pack_into, unpack_from

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


try:
    from binascii import crc32
except ImportError:
    from .crc import crc32

_START = const(0xA5)
_HEADER = const(9)
_OVERHEAD = const(13)
_HELLO = const(4)
_GAP = const(0x40)
_BUSY = const(0x80)
_STALE = const(50)  # The beginning of a frame is none if nothing follows for so long.
# The CRC-32 of any bytes that are followed by their own CRC-32, whatever value it began with.
_RESIDUE = const(0x2144DF1C)


class Framing:
    """The part of a Link that reads and writes frames."""

    def _open(self, line, size):
        """A line has read(view) and write(view), which return the number of bytes, at once. `size`
        is the length of the longest payload."""
        self._line = line
        self._most_payload = size
        self._input = memoryview(bytearray(2 * (size + _OVERHEAD)))
        self._head = self._tail = 0  # What is in it.
        self._output = memoryview(bytearray(size + _OVERHEAD))
        self._unwritten = self._output[:0]  # What is to be written of it.

    def _read(self):
        """Read what has arrived, and call _take(kind, channel, seq, ack, payload) for each frame;
        the payload is a memoryview that is valid during the call. Returns the number of bytes."""
        rx = self._input
        pos = self._head
        end = self._tail
        if pos:
            self._head = 0
            self._tail = end = end - pos
            rx[:end] = rx[pos : pos + end]
        got = self._line.read(rx[end:])
        if got:
            self._tail = end = end + got
            self._arrived = self._now
        elif end and self.since(self._arrived) >= _STALE:
            self._head = 1
        while True:
            pos = self._head
            n = end - pos
            if n and rx[pos] != _START:
                n = bytes(rx[pos:end]).find(b"\xa5")
                self._head = end if n < 0 else pos + n
                continue
            if n < _OVERHEAD:
                return got
            _, kind, channel, length, seq, ack = unpack_from("<BBBHHH", rx, pos)
            if length <= self._most_payload:
                size = length + _OVERHEAD
                if n < size:
                    return got
                seed = 0 if kind & 15 == _HELLO else self._seed_in
                if seed is not None and crc32(rx[pos + 1 : pos + size], seed) == _RESIDUE:
                    # It may raise the exception of a handler, and has had the frame then.
                    self._head = pos + size
                    pos += _HEADER
                    self._take(kind, channel, seq, ack, rx[pos : pos + length])
                    continue
            self._head = pos + 1

    def octets(self, data):
        """A memoryview of the bytes of a buffer, whose items may be longer."""
        view = memoryview(data)
        return view if len(bytes(view[:1])) < 2 else memoryview(bytes(view))

    def _write(self, kind, channel=0, seq=0, payload=b""):
        """Write a frame, after _flush() has returned True."""
        seed = ack = 0
        if kind & 15 != _HELLO:
            kind |= self._answer & (_GAP | _BUSY)
            self._owed = self._answer = 0
            ack = self._expected
            seed = self._seed_out
        tx = self._output
        n = len(payload)
        pack_into("<BBBHHH", tx, 0, _START, kind, channel, n, seq, ack)
        n += _HEADER
        tx[_HEADER:n] = payload
        pack_into("<I", tx, n, crc32(tx[1:n], seed))
        self._unwritten = tx[: n + 4]
        self._flush()

    def _flush(self):
        """Write what is left of the last frame; is it all written?"""
        while self._unwritten:
            n = self._line.write(self._unwritten)
            if not n:
                return False
            self._unwritten = self._unwritten[n:]
        return True
