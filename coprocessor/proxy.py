# SPDX-License-Identifier: MIT
"""Proxies of the server's objects. The client imports this when it meets the first one."""

from struct import pack
import sys

from msgpack import ExtType

from . import StaleProxy
from .framing import const

# Requests.
_GET = const(2)
_SET = const(4)
_GETITEM = const(16)
_SETITEM = const(17)
_DELITEM = const(18)
_ITER = const(19)
_NEXT = const(20)
_ENTER = const(21)
_EXIT = const(22)
_STR = const(23)
_REPR = const(24)
_LEN = const(25)
_BOOL = const(26)
_EQ = const(27)
_CONTAINS = const(28)

# Codes of ext types.
_EXT_OBJECT = const(112)
_EXT_METHOD = const(113)

if sys.implementation.name == "micropython":
    from finaliserproxy import FinaliserProxy
else:

    class FinaliserProxy:
        """CPython calls __del__ by itself."""

        def __init__(self, callback):
            pass


class Proxy(FinaliserProxy):
    """Stands for an object of the server, or, with the id ROOT, for the names that it exposes."""

    def __init__(self, client, id, session):
        self._client = client
        self._id = id
        self._session = session
        self._methods = []  # Names of attributes that are known to be methods.
        if id:
            super().__init__(self.__del__)
            client._live += 1

    def __del__(self):
        # This runs in the collection: nothing may be allocated.
        id = self._id
        if id:
            client = self._client
            client._live -= 1
            if self._session == client.link.session:
                client._bury(id)

    def _refer(self, client):
        """What stands for the proxy in a message."""
        if client is not self._client or not self._id:
            raise TypeError("no object")
        if self._session != client.link.session:
            raise StaleProxy(self._id)
        return ExtType(_EXT_OBJECT, pack("<I", self._id))

    def _ask(self, kind, *args):
        return self._client._do(kind, self, list(args))

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._methods:
            value = self._ask(_GET, name)
            if value is not self._client:
                return value
            self._methods.append(name)
        return Method(self, name)

    def __setattr__(self, name, value):
        if name.startswith("_"):
            object.__setattr__(self, name, value)
            return
        if name in self._methods:
            self._methods.remove(name)
        self._ask(_SET, name, value)

    def __call__(self, *args, **kwargs):
        return self._client.call(self, None, *args, **kwargs)

    def __getitem__(self, key):
        return self._ask(_GETITEM, key)

    def __setitem__(self, key, value):
        return self._ask(_SETITEM, key, value)

    def __delitem__(self, key):
        self._ask(_DELITEM, key)

    def __iter__(self):
        return self._ask(_ITER)

    def __next__(self):
        return self._ask(_NEXT)

    def __enter__(self):
        return self._ask(_ENTER)

    def __exit__(self, cls, value, traceback):
        if cls is None:
            return self._ask(_EXIT)
        try:
            return self._ask(_EXIT, cls.__name__, list(value.args))
        except TypeError:
            # Of the arguments, one cannot be sent.
            return self._ask(_EXIT, cls.__name__, [])

    def __str__(self):
        return self._ask(_STR)

    def __repr__(self):
        return self._ask(_REPR)

    def __len__(self):
        return self._ask(_LEN)

    def __bool__(self):
        return self._ask(_BOOL)

    def __contains__(self, value):
        return self._ask(_CONTAINS, value)

    def __eq__(self, other):
        return (
            isinstance(other, Proxy)
            and other._id == self._id
            and other._session == self._session
            and other._client is self._client
            or self._ask(_EQ, other)
        )

    def __hash__(self):
        return self._id


class Method:
    """A method of the object of a proxy, or a class. It exists on the client only."""

    def __init__(self, proxy, name):
        self._proxy = proxy
        self._method = name

    def _refer(self, client):
        # Checks the session and the client, too.
        if self._proxy._id:
            self._proxy._refer(client)
        return ExtType(_EXT_METHOD, pack("<I", self._proxy._id) + self._method.encode())

    def __call__(self, *args, **kwargs):
        proxy = self._proxy
        return proxy._client.call(proxy, self._method, *args, **kwargs)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        # Of a class. From here on it has a proxy.
        return getattr(self._proxy._ask(_GET, self._method, True), name)

    def __setattr__(self, name, value):
        if name[0] != "_":
            raise AttributeError(name)
        object.__setattr__(self, name, value)
