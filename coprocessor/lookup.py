# SPDX-License-Identifier: MIT
"""Addresses of hosts. On CPython a thread asks for names, so that the server goes on meanwhile; on
MicroPython getaddrinfo stops everything."""

import socket as _socket
import sys

from .framing import const

_MAX_ADDRESSES = const(8)
_EAI_NONAME = const(-2)


def resolved(host, port):
    """The addresses of a host, as functions of sockets take them."""
    found = _socket.getaddrinfo(host or "0.0.0.0", port)
    addresses = []
    for item in found:
        if item[0] == _socket.AF_INET and item[-1] not in addresses:
            addresses.append(item[-1])
    if not addresses:
        raise OSError(_EAI_NONAME)
    return addresses[:_MAX_ADDRESSES]


class Lookups:
    """Asks for one name at a time: there is one thread at most."""

    def __init__(self):
        self._asked = [None, None]  # The host, and what has been found or raised.
        self._is_busy = False

    def forget(self):
        """Nobody wants what a thread may still find."""
        self._asked = [None, None]

    def is_known(self, host):
        """Will `resolved` find it at once? If not, ask again later."""
        if sys.implementation.name == "cpython":
            return host == self._asked[0] and self._asked[1] is not None or self._begin(host)
        return True

    def resolved(self, host, port):
        """As the function, with what a thread has found."""
        if sys.implementation.name == "cpython" and self._asked[1] is not None:
            asked, found = self._asked
            if asked == host:
                self.forget()
                if isinstance(found, Exception):
                    raise found
                return [(ip, port) for ip, _ in found]
        return resolved(host, port)

    if sys.implementation.name == "cpython":

        def _begin(self, host):
            try:
                _socket.inet_pton(_socket.AF_INET, host or "0.0.0.0")
                return True
            except (OSError, ValueError):
                pass
            if not self._is_busy:
                from threading import Thread

                self._asked = [host, None]
                thread = Thread(target=self._run, args=(self._asked,), daemon=True)
                self._is_busy = True
                try:
                    thread.start()
                except RuntimeError:
                    # There are too many.
                    self._is_busy = False
                    return True
            return False

        def _run(self, asked):
            try:
                asked[1] = resolved(asked[0], 0)
            except Exception as e:
                asked[1] = e
            self._is_busy = False
