# SPDX-License-Identifier: MIT
"""TLS for sockets of the server, with the `tls` of its firmware or the `ssl` of CPython."""

from struct import unpack_from
import sys

_is_cpython = sys.implementation.name == "cpython"
if _is_cpython:
    import ssl
else:
    import tls as ssl


def wrapper(message):
    """A function that makes a stream of a socket that does not block. The stream shakes hands when
    it is read or written."""
    server_side, mode = message[3], message[4]
    values = []
    at = 5
    for _ in range(4):
        n = unpack_from("<H", message, at)[0]
        if at + 2 + n > len(message):
            raise ValueError
        values.append(bytes(message[at + 2 : at + 2 + n]))
        at += 2 + n
    name, cert, key, authorities = values
    name = str(name, "utf-8") or None
    if mode > 2 or mode == 2 and not server_side and not name:
        raise ValueError
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    if _is_cpython:
        context.check_hostname = bool(name) and mode == 2
        mode = ssl.VerifyMode(mode)
    context.verify_mode = mode
    if cert:
        _load(context, cert, key)
    if authorities:
        if _is_cpython:
            is_text = authorities.startswith(b"-----")
            context.load_verify_locations(
                cadata=str(authorities, "utf-8") if is_text else authorities
            )
        else:
            context.load_verify_locations(authorities)

    def wrap(sock):
        return context.wrap_socket(
            sock,
            server_side=bool(server_side),
            server_hostname=name,
            do_handshake_on_connect=False,
        )

    return wrap


def _load(context, cert, key):
    if not _is_cpython:
        context.load_cert_chain(cert, key)
        return
    # It takes names of PEM files only.
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for name, data in ("cert", cert), ("key", key):
            with open(f"{folder}/{name}", "wb") as f:
                f.write(data)
        # Without a password, OpenSSL would ask for that of a key at the server's console.
        context.load_cert_chain(f"{folder}/cert", f"{folder}/key", password="")
