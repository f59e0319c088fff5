# SPDX-License-Identifier: MIT
"""What both sides of rpc share: messages, and data that follows some of them.

A request, on channel 0, and an answer, on channel 1:

    0  1  kind; flags
    1  2  number of the call
    3  4  request: the object's id; answer: the length of the data that follows it
    7  n  MessagePack, or text

A request with the flag FOLLOWED has the length of its data between header and MessagePack. Data
is sent on channel 2 after a request, on channel 3 after an answer. Numbers are little-endian.
docs/coprocessor-rpc.md lists the kinds. Each file has the numbers that it uses, since constants of
another file would take RAM.
"""

from struct import unpack_from

from . import StaleProxy  # noqa: F401
from .framing import const

_MAX_MESSAGE = const(16384)
_INLINE = const(256)  # Longer bytes follow the message.
_HEADER = const(7)


class Port:
    """Takes the messages of a channel, each with the data that follows it."""

    def _open(self, link, channel):
        self.link = link
        self._channel = channel ^ 1  # For sending.
        self._clear()
        link.resets.append(self._ended)
        link.on(channel, self._take)
        link.on(channel + 2, self._fill)

    def _clear(self):
        self._message = None  # What has arrived of a message.
        self._lost = False  # It is too long: only its beginning is there.
        self._left = 0  # Bytes of data to come.
        self._into = None  # Memoryview of the buffer for them; None drops them.
        self._at = 0
        self._whose = None

    def _is_long(self, value):
        """Are these bytes that follow the message?"""
        return isinstance(value, (bytes, bytearray, memoryview)) and len(value) > _INLINE

    def _take(self, piece, last):
        """A handler of Link."""
        message = self._message
        if message is None:
            try:
                message = self._message = bytearray(piece)
            except MemoryError:
                # The rest would be taken for another message.
                self.link.reset()
                return
        elif not self._lost:
            if len(message) + len(piece) > _MAX_MESSAGE:
                self._lost = True
            else:
                try:
                    message.extend(piece)
                except MemoryError:
                    self._lost = True
        if last:
            lost = self._lost
            self._message = None
            self._lost = False
            if len(message) < _HEADER:
                self.link.reset()
            else:
                self._received(message, lost, *unpack_from("<BHI", message))

    def _expect(self, length, into, whose):
        """Put the data that comes next into a buffer, for _filled(whose)."""
        if self._left:
            self.link.reset()
            return
        self._left = length
        self._into = into
        self._at = 0
        self._whose = whose

    def _fill(self, piece, last):
        """A handler of Link."""
        n = len(piece)
        if n > self._left:
            # It is of a session that has ended, or the peer does not keep to the protocol.
            return
        if self._into is not None:
            at = self._at
            self._into[at : at + n] = piece
            self._at = at + n
        self._left -= n
        if n and not self._left:
            whose = self._whose
            self._into = self._whose = None
            if whose is not None:
                self._filled(whose)
