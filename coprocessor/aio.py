# SPDX-License-Identifier: MIT
"""Calls that let other tasks run, and a server that does."""

import asyncio
from errno import ECONNRESET, ETIMEDOUT

from .framing import const

_CHUNK = const(512)
_WAITS = const(-1)  # The state of a call, see client.py.

if hasattr(asyncio, "sleep_ms"):
    _sleep = asyncio.sleep_ms
else:

    def _sleep(ms):
        return asyncio.sleep(ms / 1000)


async def wait(link, ready, timeout=None):
    """As `link.wait`, and other tasks run once at least."""
    if timeout is None:
        timeout = link.timeout
    session = link.session
    start = link.clock()
    await _sleep(0)
    while True:
        got = link.poll()
        if ready():
            return
        if link.session != session:
            raise OSError(ECONNRESET)
        if link.since(start) >= timeout:
            raise OSError(ETIMEDOUT)
        await _sleep(0 if got else 1)


class Async:
    """Methods of a proxy's object, to be awaited: `await Async(proxy).method(...)`."""

    def __init__(self, proxy, timeout=None):
        self._proxy = proxy
        self._timeout = timeout

    def __getattr__(self, name):
        if name[:1] == "_":
            raise AttributeError(name)

        def method(*args, **kwargs):
            return self._call(name, args, kwargs)

        return method

    async def _wait(self, ready):
        await wait(self._proxy._client.link, ready, self._timeout)

    async def _put(self, channel, data, session):
        """Queue a message of this session and no other."""
        link = self._proxy._client.link

        def put():
            if link.session != session:
                raise OSError(ECONNRESET)
            return link.send(channel, data, wait=False)

        await self._wait(put)

    async def _call(self, name, args, kwargs):
        client = self._proxy._client
        kind, target, args, into = client._request(self._proxy, name, args, kwargs)
        session = client.link.session
        call = [_WAITS, None, into, session]
        has_data = any(client._is_long(arg) for arg in args)

        def may_begin():
            return client._may_begin() and not (has_data and client._sending)

        if not may_begin():
            await self._wait(may_begin)
        message, data = client._begin(call, kind, target, args)
        number = client._number
        is_sending = False
        client._sending = client._sending or has_data
        try:
            await self._put(0, message, session)
            if has_data:
                is_sending = True
                data = memoryview(data)
                for i in range(0, len(data), _CHUNK):
                    await self._put(2, bytes(data[i : i + _CHUNK]), session)
                client._sending = has_data = is_sending = False
            if call[0] == _WAITS:
                await self._wait(lambda: call[0] != _WAITS)
        finally:
            if has_data:
                client._sending = False
            client._end_call(call, number, is_sending)
        return client._result(call)


async def serve(server):
    """Serve forever."""
    while True:
        await _sleep(0 if server.poll() else 1)
