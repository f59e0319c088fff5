# SPDX-License-Identifier: MIT
"""A network for boards that have none: the Wi-Fi of an ESP32 over two wires. See README.md."""


class StaleProxy(Exception):
    """The object was on the server in an earlier session, or has been released."""


def start(stream, **options):
    """Let `socket`, `ssl` and `network` be those of the server at the other end."""
    from .socket import _start

    return _start(stream, **options)
