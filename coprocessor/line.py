# SPDX-License-Identifier: MIT
"""A line: a UART, a socket, a pipe or another stream, read and written without waiting."""

import sys
import time
from errno import EAGAIN, ECONNRESET

from .framing import const

try:
    from select import poll
except ImportError:
    poll = None

_POLLIN = const(1)


class Line:
    """Wraps a stream.

    A stream that has neither `any` nor `setblocking` nor `in_waiting` must not block by itself.
    """

    def __init__(self, stream):
        self._any = getattr(stream, "any", None)
        self._readinto = getattr(stream, "readinto", None) or stream.recv_into
        self._write = getattr(stream, "write", None) or stream.send
        self._is_socket = False
        try:
            stream.setblocking(False)
            self._is_socket = True
        except AttributeError:
            pass
        self._poller = None
        if poll:
            try:
                self._poller = poll()
                self._poller.register(stream, _POLLIN)
            except Exception:
                # It cannot be polled.
                self._poller = None

    def read(self, view):
        """Read into `view` what is there; the number of bytes."""
        if self._any:
            n = self._any()
            if not n:
                return 0
            # A UART waits for the bytes that it does not have.
            if n < len(view):
                view = view[:n]
        n = self._now(self._readinto, view)
        if n == 0 and self._is_socket and len(view):
            raise OSError(ECONNRESET)
        return n or 0

    def write(self, view):
        """Write the beginning of `view`; the number of bytes."""
        return self._now(self._write, view) or 0

    def wait(self, ms):
        """Wait for something to read, `ms` milliseconds at most."""
        if self._poller:
            self._poller.poll(ms)
        elif sys.implementation.name == "cpython":
            time.sleep(ms and 0.001)
        else:
            # Bytes may arrive each microsecond.
            time.sleep_ms(1 if ms else 0)

    def _now(self, function, view):
        try:
            return function(view)
        except OSError as e:
            if e.args[0] != EAGAIN:
                raise
