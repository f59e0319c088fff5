# SPDX-License-Identifier: MIT
"""The client of rpc. README.md is the reference."""

from typing import Any, Callable

from .link import Link
from .rpc import StaleProxy as StaleProxy  # noqa: F401

class RemoteError(Exception):
    """An exception of the server whose class is unknown here; args: (name, *arguments)."""

class Client:
    """Calls what a Server at the other end of the link exposes.

    A link has one client. Several tasks may use it, several threads may not. Each request raises
    what the server's function raises, and

    - OSError(ETIMEDOUT) if the link's `timeout` passes while it waits for place or for the answer,
    - OSError(ECONNRESET) if the session ends,
    - OSError(EALREADY) if it has more than 256 bytes while a task sends as many,
    - StaleProxy for an object of an earlier session, or one that the server has not,
    - RemoteError for exceptions whose classes are unknown here,
    - ValueError for more than 65536 bytes, for other arguments of more than 16373 bytes in all,
      and for containers that are nested too deeply; OverflowError for integers of more than 64
      bits; TypeError for an object of the client,
    - MemoryError if the answer is too long, if it has more objects than `proxies` allows, and if
      the server lacks memory or has a limit.
    """

    link: Link
    traceback: str
    """The server's traceback of the last exception: its last 800 characters."""

    def __init__(
        self,
        link: Link,
        *,
        proxies: int = 64,  # At most so many at a time; collects when half of them are used.
        calls: int = 8,  # Requests without an answer; further ones wait.
        print: Callable[..., Any] = print,  # print(text, end="") for what the server prints.
    ) -> None: ...
    @property
    def remote(self) -> Any:
        """A proxy whose attributes are the names that the server exposes."""
    def call(self, target: Any, name: str | None, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method of a proxy's object in one request; without a name, the object."""
