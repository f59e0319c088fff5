# SPDX-License-Identifier: MIT
"""rpc in asyncio's tasks."""

from typing import Any, Callable, NoReturn, Optional

from .link import Link
from .server import Server

class Async:
    """`await Async(proxy).method(...)` calls a method of a proxy's object in one request.

    Other tasks run after each frame. Raises what Client's requests raise. A task that is cancelled
    while it sends more than 256 bytes ends the session.
    """

    def __init__(self, proxy: Any, timeout: Optional[int] = None) -> None:
        """timeout: milliseconds, for each wait of a call; None: that of the link."""
    def __getattr__(self, name: str) -> Callable[..., Any]: ...

async def serve(server: Server) -> NoReturn:
    """Serve forever. Other tasks run between requests."""

async def wait(link: Link, ready: Callable[[], Any], timeout: Optional[int] = None) -> None:
    """As `link.wait`, and other tasks run once at least."""
