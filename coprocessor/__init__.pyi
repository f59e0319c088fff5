# SPDX-License-Identifier: MIT
"""A network for boards that have none. README.md is the reference."""

from typing import Any

from .link import Link

def start(
    stream: Any,  # As for Link.
    *,
    sockets: int = 8,  # The most at a time, up to 255; further ones: OSError(EMFILE).
    window: int = 1536,  # Bytes that are kept for each socket that a program reads.
    **options: Any,  # Of Link.
) -> Link:
    """Let `import socket`, `import ssl` and `import network` give those of the server from now on.

    Does not wait for the server. Sockets of an earlier start() raise OSError(ECONNRESET).
    """
