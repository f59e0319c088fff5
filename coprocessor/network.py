# SPDX-License-Identifier: MIT
"""The server's `network`, as proxies."""

from errno import ENODEV

from . import socket
from .client import Client

_client = None
_module = None
_session = 0


def __getattr__(name):
    global _client, _module, _session
    if name[:2] == "__":
        raise AttributeError(name)
    link = socket._link
    if not link:
        raise OSError(ENODEV)
    if not _client or _client.link is not link:
        _client = Client(link)
        _module = None
    # A proxy's truth is the server's.
    if _module is None or _session != link.session:
        link.connect()
        _session = link.session
        _module = _client.remote.network
    return getattr(_module, name)
