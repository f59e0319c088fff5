# SPDX-License-Identifier: MIT
"""Closes sockets that the program has forgotten, on boards with finaliserproxy."""

import gc

from finaliserproxy import finalize, poll

from . import socket
from .framing import const

_OUT = const(16)
_CLOSE = const(2)


class Table:
    """The table of sockets, which keeps none of them alive.

    Callbacks of `finalize` run after the collection, by the scheduler.
    """

    def __init__(self, items):
        # In the place of a socket: [what `finalize` returns, the socket's number].
        self._items = items
        self._dead = []
        self._flushing = False

    def __len__(self):
        return len(self._items)

    def __getitem__(self, i):
        entry = self._items[i]
        if entry:
            found = entry[0].peek()
            # One that is dead has to be closed on the server.
            return found[0] if found else False
        return entry

    def __setitem__(self, i, s):
        if s:
            entry = [None, i]
            entry[0] = finalize(s, self._lost, entry)
            # At a soft reset the server hears of it by the next session.
            entry[0].atexit = False
            s = entry
        self._items[i] = s
        self._flush()

    def __contains__(self, value):
        # This is asked when no number is free, by what may wait for one.
        gc.collect()
        poll()
        socket._link.wait(self._is_flushed)
        return value in self._items

    def _is_flushed(self):
        self._flush()
        return not self._dead

    def _lost(self, entry):
        self._dead.append(entry)
        self._flush()

    def _flush(self):
        """Tell the server of those that have been collected; does not wait."""
        if self._flushing:
            return
        self._flushing = True
        try:
            while self._dead:
                entry = self._dead[0]
                i = entry[1]
                # It may have been closed, or the session may have ended: then the number means
                # none or another.
                if self._items[i] is entry:
                    if not socket._link.send(_OUT, bytes((_CLOSE, i)), False):
                        return
                    if self._items[i] is entry:
                        self._items[i] = False
                self._dead.pop(0)
        except (OSError, RuntimeError):
            # The line fails in the next call of the program, too.
            pass
        finally:
            self._flushing = False
