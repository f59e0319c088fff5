# SPDX-License-Identifier: MIT
"""TLS on the server's side of a socket, with the functions of micropython-lib's `ssl`."""

from typing import Optional, Union

from . import tls
from .tls import CERT_NONE as CERT_NONE  # noqa: F401
from .tls import CERT_OPTIONAL as CERT_OPTIONAL  # noqa: F401
from .tls import CERT_REQUIRED as CERT_REQUIRED  # noqa: F401
from .tls import PROTOCOL_TLS_CLIENT as PROTOCOL_TLS_CLIENT  # noqa: F401
from .tls import PROTOCOL_TLS_SERVER as PROTOCOL_TLS_SERVER  # noqa: F401
from .tls import SSLSocket, Stream

class SSLContext(tls.SSLContext):
    """As that of `tls`, but verify_mode is CERT_NONE at first, and it takes names of files."""

    def __init__(self, protocol: int) -> None: ...
    def load_cert_chain(self, certfile: Union[str, bytes], keyfile: Union[str, bytes]) -> None: ...
    def load_verify_locations(
        self, cafile: Optional[str] = None, cadata: Union[str, bytes, None] = None
    ) -> None: ...

def wrap_socket(
    sock: Stream,
    server_side: bool = False,
    key: Optional[bytes] = None,
    cert: Optional[bytes] = None,
    cert_reqs: int = 0,
    cadata: Optional[bytes] = None,
    server_hostname: Optional[str] = None,
    do_handshake: bool = True,
) -> SSLSocket: ...
