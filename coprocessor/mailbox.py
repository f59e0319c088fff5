# SPDX-License-Identifier: MIT
"""Whole messages of a channel, for programs that want no handler."""

_MAX_MESSAGE = 65536
_COST = 32  # Of a message besides its data.


class Mailbox:
    def __init__(self, link, channel, limit=4096):
        self._link = link
        self._limit = limit
        self._messages = []
        self._size = 0  # Of all messages.
        self._partial = None
        self._refused = False
        link.resets.append(self._clear)
        link.on(channel, self._take)

    def _clear(self):
        self._messages.clear()
        self._size = 0
        self._partial = None
        self._refused = False

    def _take(self, data, last):
        """A handler of Link."""
        try:
            return self._piece(data, last)
        except MemoryError:
            # The rest would be taken for the whole message.
            self._link.reset()

    def _piece(self, data, last):
        if self._size >= self._limit:
            self._refused = True
            return False
        partial = self._partial
        if partial is None:
            if last:
                partial = data
            else:
                self._partial = bytearray(data)
                return
        else:
            if len(partial) + len(data) > _MAX_MESSAGE:
                self._link.reset()
                return
            partial.extend(data)
            if not last:
                return
            self._partial = None
        message = bytes(partial)
        self._size += len(message) + _COST
        self._messages.append(message)

    def any(self):
        return len(self._messages)

    def recv(self, timeout=None):
        if not self._messages:
            self._link.wait(self.any, timeout)
        message = self._messages.pop(0)
        self._size -= len(message) + _COST
        if self._refused and self._size < self._limit:
            self._refused = False
            self._link.resume()
        return message
