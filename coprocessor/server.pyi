# SPDX-License-Identifier: MIT
"""The server of rpc. README.md is the reference."""

from typing import Any, Mapping, NoReturn

from .link import Link
from .registry import Reference as Reference  # noqa: F401

class Server:
    """Runs the requests of a Client at the other end of the link, one after the other."""

    link: Link

    def __init__(
        self,
        link: Link,
        expose: Mapping[str, Any],  # Functions, classes, modules and objects by their names.
        *,
        objects: int = 256,  # Objects that the client has proxies of; beyond, MemoryError.
        calls: int = 8,  # Requests that wait; beyond, the link refuses them until later.
        memory: int = 65536,  # Bytes of these; beyond, likewise. Longer data is a MemoryError.
        # Names of attributes and keywords; beyond, MemoryError. MicroPython never forgets a name,
        # so there these are those that it did not have, in all sessions: not those that anything
        # exists of. On CPython they are those of a session.
        names: int = 256,
        prints: bool = True,  # Send what is printed by way of os.dupterm or sys.stdout.
        let_the_client_import_and_run_anything: bool = False,  # Exposes import_module(name).
    ) -> None: ...
    def poll(self) -> bool:
        """Serve the link, and run a request if there is one. Did anything happen?

        Waits while the client takes the answer, for the link's `timeout` at most. Raises what the
        stream raises; what a request raises goes to the client, except for KeyboardInterrupt. If
        there is no memory to receive a request or to send an answer, the session ends.
        """
    def serve(self) -> NoReturn:
        """As `poll`, forever."""
    def print(self, *args: Any, sep: str = " ", end: str = "\n") -> None:
        """Print on the client whose request runs, on any firmware."""
