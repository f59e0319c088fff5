# SPDX-License-Identifier: MIT
"""TLS on the server's side of a socket, with certificates from here."""

from struct import pack

from . import socket

PROTOCOL_TLS_CLIENT = 0
PROTOCOL_TLS_SERVER = 1
CERT_NONE = 0
CERT_OPTIONAL = 1
CERT_REQUIRED = 2

_WRAP = 20


def _read(file):
    if not isinstance(file, str):
        return file
    with open(file, "rb") as f:
        return f.read()


class SSLContext:
    def __init__(self, protocol):
        self._is_server = protocol == PROTOCOL_TLS_SERVER
        self.verify_mode = CERT_NONE if self._is_server else CERT_REQUIRED
        self._cert = self._key = self._authorities = None

    def load_cert_chain(self, certfile, keyfile):
        self._cert = _read(certfile)
        self._key = _read(keyfile)

    def load_verify_locations(self, cafile=None, cadata=None):
        self._authorities = _read(cafile) if cafile else cadata

    def wrap_socket(
        self, sock, server_side=False, do_handshake_on_connect=True, server_hostname=None
    ):
        if self.verify_mode == CERT_REQUIRED and not server_side and not server_hostname:
            raise ValueError("CERT_REQUIRED requires server_hostname")
        if sock._count:
            raise ValueError("the socket has data without TLS")
        data = bytes((1 if server_side else 0, self.verify_mode))
        for value in server_hostname, self._cert, self._key, self._authorities:
            value = value or b""
            if isinstance(value, str):
                value = value.encode()
            data += pack("<H", len(value)) + value
        socket._ask(sock, _WRAP, data)
        return sock


def wrap_socket(
    sock,
    server_side=False,
    key=None,
    cert=None,
    cert_reqs=CERT_NONE,
    cadata=None,
    server_hostname=None,
    do_handshake=True,
):
    context = SSLContext(PROTOCOL_TLS_SERVER if server_side else PROTOCOL_TLS_CLIENT)
    context.verify_mode = cert_reqs
    if cert or key:
        context.load_cert_chain(cert, key)
    context.load_verify_locations(cadata=cadata)
    return context.wrap_socket(sock, server_side, do_handshake, server_hostname)
