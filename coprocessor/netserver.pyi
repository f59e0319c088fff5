# SPDX-License-Identifier: MIT
"""The sockets of a client, on the board that has the network. README.md is the reference."""

from typing import Any, Mapping, NoReturn, Optional

from .link import Link

class NetServer:
    """Opens sockets for the client at the other end of the link.

    At the end of a session it closes all of them.
    """

    def __init__(
        self,
        link: Link,
        *,
        sockets: int = 16,  # With those that wait to be accepted, and those still sending.
        buffer: int = 2048,  # Bytes that it takes for each socket while its peer takes none.
        tls: int = 4,  # Of the sockets, with TLS.
    ) -> None: ...
    def poll(self) -> bool:
        """Serve the sockets; did anything happen?

        The program serves the link. On MicroPython it waits for names of hosts, as long as the
        firmware's getaddrinfo does. Raises what the stream of the link raises.
        """
    def close(self) -> None:
        """Close all sockets, also those that still have something to send."""

def serve(
    stream: Any,  # As for Link.
    *,
    sockets: int = 16,
    buffer: int = 2048,
    tls: int = 4,
    expose: Optional[Mapping[str, Any]] = None,  # For rpc, besides `network`.
    **options: Any,  # Of Link.
) -> NoReturn:
    """Serve a client forever: sockets, and `network` by rpc if the firmware has it."""
