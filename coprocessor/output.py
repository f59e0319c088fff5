# SPDX-License-Identifier: MIT
"""Catches what is printed while the server runs a request."""

import os
import sys

try:
    from io import IOBase
except ImportError:
    IOBase = object

_SIZE = 256


class Output(IOBase):
    """Sends what is printed between begin() and end() by send(bytes).

    MicroPython's `os.dupterm` gives it a copy, CPython's `sys.stdout` all of it. The unix port of
    MicroPython has neither, so only Server.print is heard there.
    """

    def __init__(self, send, catch):
        self._send = send
        self._catch = catch
        self._buffer = None  # None: nothing is sent.
        self._before = None

    def begin(self):
        self._buffer = bytearray()
        if self._catch:
            if hasattr(os, "dupterm"):
                self._before = os.dupterm(self)
            elif sys.implementation.name == "cpython":
                self._before = sys.stdout
                sys.stdout = self

    def end(self):
        if self._catch:
            if hasattr(os, "dupterm"):
                os.dupterm(self._before)
            elif sys.implementation.name == "cpython":
                sys.stdout = self._before
            self._before = None
        self.flush()
        self._buffer = None

    def write(self, data):
        n = len(data)
        if self._buffer is not None:
            self._buffer.extend(data.encode() if isinstance(data, str) else data)
            if len(self._buffer) >= _SIZE:
                self.flush()
        return n

    def readinto(self, buffer):
        """Nothing is typed. (dupterm asks.)"""
        return None

    def flush(self):
        data = self._buffer
        if data:
            self._buffer = bytearray()
            try:
                for i in range(0, len(data), _SIZE):
                    self._send(bytes(data[i : i + _SIZE]))
            except (OSError, RuntimeError):
                # The client is gone, or a handler of the link prints.
                self._buffer = None
