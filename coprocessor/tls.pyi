# SPDX-License-Identifier: MIT
"""TLS on the server's side of a socket, with the functions of MicroPython's `tls`."""

from io import IOBase
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

from .socket import socket

PROTOCOL_TLS_CLIENT: int
PROTOCOL_TLS_SERVER: int
CERT_NONE: int
CERT_OPTIONAL: int
CERT_REQUIRED: int

Stream = Union[socket, IOBase]

class SSLSocket(IOBase):
    """A socket with TLS. It has the functions of its socket, too.

    If wrap_socket has not waited for the handshake, the first call that reads or writes begins
    it, or a poll for input. Until it is over, a socket that does not block reads and writes
    nothing, and polls show nothing but errors. What fails then is raised once as wrap_socket
    does; after that it is OSError with the number.
    """

    def __init__(self, sock: socket, verify: Optional[Callable[[bytes, int], Any]]) -> None:
        """SSLContext.wrap_socket makes it."""
    def do_handshake(self) -> None:
        """Wait for the end of the handshake: for the socket's timeout, or forever if it does not
        block."""
    def getpeercert(self, binary_form: bool = False) -> Optional[bytes]:
        """The peer's certificate as DER. None: it has sent none, or the handshake is not over.
        OSError(EOPNOTSUPP): the server's firmware cannot tell. NotImplementedError:
        binary_form is false."""
    def cipher(self) -> Tuple[str, str]:
        """Its name and the version of TLS. OSError(ENOTCONN): the handshake is not over."""
    def ioctl(self, request: int, arg: int) -> int:
        """For select.poll, as that of a socket."""
    def makefile(self, mode: str = "rb", buffering: int = 0) -> SSLSocket: ...
    def __enter__(self) -> SSLSocket: ...
    def __exit__(self, *args: Any) -> None: ...
    def __getattr__(self, name: str) -> Any: ...

class SSLContext:
    """Certificates and keys are in a format that the server takes."""

    verify_mode: int  # At first CERT_REQUIRED, or CERT_NONE for PROTOCOL_TLS_SERVER.
    # Is called with each certificate and its depth in the chain, after the handshake and before
    # anything is sent or read. What is not 0 closes the socket: OSError with that number.
    verify_callback: Optional[Callable[[memoryview, int], int]]

    def __init__(self, protocol: int) -> None: ...
    def load_cert_chain(self, cert: Union[str, bytes], key: Union[str, bytes]) -> None: ...
    def load_verify_locations(self, cadata: Union[str, bytes]) -> None: ...
    def get_ciphers(self) -> List[str]:
        """The names that the server knows."""
    def set_ciphers(self, ciphers: Sequence[str]) -> None: ...
    def wrap_socket(
        self,
        sock: Stream,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        server_hostname: Optional[str] = None,
    ) -> SSLSocket:
        """A socket after the handshake, or with do_handshake_on_connect=False before it.

        It may be wrapped before it is connected, as asyncio does. Waits as do_handshake() does.
        ValueError: the peer's certificate is refused, the server cannot read what was loaded,
        server_hostname is missing, data has arrived already, or all certificates have more than
        12 kB. OSError: mbedTLS's number and its text; EMFILE: the server has as many sockets with
        TLS as it may, or EOPNOTSUPP: has no TLS or no verify_callback, or the stream is none of
        its sockets.
        """
