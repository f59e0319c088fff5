# SPDX-License-Identifier: MIT
"""Sockets of the server, on the client, with the functions of MicroPython's `socket`."""

from io import IOBase
from typing import Any, List, Optional, Tuple, Union

from .link import Link

Buffer = Union[bytes, bytearray, memoryview]
Address = Tuple[str, int]

AF_INET: int
SOCK_STREAM: int
SOCK_DGRAM: int
IPPROTO_IP: int
IPPROTO_TCP: int
IPPROTO_UDP: int
SOL_SOCKET: int
SO_REUSEADDR: int
SO_BROADCAST: int
SO_KEEPALIVE: int
TCP_NODELAY: int
IP_ADD_MEMBERSHIP: int

def attach(link: Link, sockets: int, window: int) -> None:
    """Use a link from now on. `coprocessor.start` calls it."""

def getaddrinfo(
    host: str, port: int, af: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> List[Tuple[int, int, int, str, Address]]:
    """IPv4 addresses, which the server looks up; waits for the link's `timeout` at most."""

class socket(IOBase):
    """A socket of the server, which is also a stream that select.poll and asyncio take.

    OSError: ECONNRESET when the session has ended, EMFILE if there are too many, ENODEV before
    `coprocessor.start`. bind, listen, setsockopt and a new socket wait for the server, also
    when the socket does not block: for the link's `timeout` at most. ValueError: a name of a host
    of 2,000 characters or more.

    On boards with finaliserproxy it is closed when it has been collected. Elsewhere the program
    has to close it.
    """

    def __init__(self, af: int = 2, type: int = 1, proto: int = 0) -> None: ...
    def setblocking(self, on: bool) -> None: ...
    def settimeout(self, seconds: Optional[float]) -> None: ...
    def connect(self, address: Address) -> None: ...
    def bind(self, address: Address) -> None: ...
    def listen(self, backlog: int = 5) -> None: ...
    def accept(self) -> Tuple[socket, Address]: ...
    def setsockopt(self, level: int, option: int, value: Union[int, Buffer]) -> None: ...
    def recv(self, n: int) -> bytes:
        """ValueError: n is below 0."""
    def recvfrom(self, n: int) -> Tuple[bytes, Optional[Address]]: ...
    def readinto(self, buffer: Any, n: int = ...) -> Optional[int]:
        """Fills the buffer or its first n bytes, or less at the end or, if the socket does not
        block, for now."""
    def read(self, n: int = -1) -> Optional[bytes]: ...
    def readline(self, n: int = -1) -> Optional[bytes]: ...
    def send(self, data: Union[Buffer, str]) -> int:
        """Sends 510 bytes at most."""
    def sendall(self, data: Union[Buffer, str]) -> None: ...
    def write(
        self, data: Union[Buffer, str], n: int = ..., m: Optional[int] = None
    ) -> Optional[int]:
        """Writes all bytes of data, or the first n, or m bytes from the n-th on. A length below 0
        means all."""
    def sendto(self, data: Buffer, address: Address) -> int: ...
    def makefile(self, mode: str = "rb", buffering: int = 0) -> socket: ...
    def ioctl(self, request: int, arg: int) -> int:
        """For select.poll: tells what is there without asking the server."""
    def close(self) -> None:
        """Raises OSError(ETIMEDOUT) if the link has not taken this within its `timeout`: then the
        socket is still open, to be closed again."""
    def __enter__(self) -> socket: ...
    def __exit__(self, *args: Any) -> None: ...
