# SPDX-License-Identifier: MIT
"""TLS on the server's side of a socket, with the functions of MicroPython's `ssl`."""

from typing import Optional, Union

from .socket import socket

PROTOCOL_TLS_CLIENT: int
PROTOCOL_TLS_SERVER: int
CERT_NONE: int
CERT_OPTIONAL: int
CERT_REQUIRED: int

class SSLContext:
    """Certificates and keys are bytes or names of files here, in what format the server takes."""

    verify_mode: int

    def __init__(self, protocol: int) -> None: ...
    def load_cert_chain(self, certfile: Union[str, bytes], keyfile: Union[str, bytes]) -> None: ...
    def load_verify_locations(
        self, cafile: Optional[str] = None, cadata: Union[str, bytes, None] = None
    ) -> None: ...
    def wrap_socket(
        self,
        sock: socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        server_hostname: Optional[str] = None,
    ) -> socket:
        """The socket itself, before or after the handshake: errors of that are raised by what
        reads or writes then.

        It may be wrapped before it is connected, as asyncio does. ValueError: data has arrived
        already, server_hostname is missing, or all certificates have more than 12 kB. OSError: the
        server does not take the certificates, EMFILE: has as many sockets with TLS as it may, or
        EOPNOTSUPP: has no TLS.
        """

def wrap_socket(
    sock: socket,
    server_side: bool = False,
    key: Optional[bytes] = None,
    cert: Optional[bytes] = None,
    cert_reqs: int = 0,
    cadata: Optional[bytes] = None,
    server_hostname: Optional[str] = None,
    do_handshake: bool = True,
) -> socket: ...
