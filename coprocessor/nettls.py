# SPDX-License-Identifier: MIT
"""TLS for sockets of the server, with the `tls` of its firmware or the `ssl` of CPython."""

from struct import unpack_from
import sys

from .framing import const

if sys.implementation.name == "cpython":
    import ssl
else:
    from io import IOBase

    import tls as ssl

# What a client asks for.
_CERTIFICATE = const(1)
_CIPHER = const(2)
_CHAIN = const(4)

_EOPNOTSUPP = const(95)
_ENOTCONN = const(107)

# mbedTLS's numbers of errors.
_BAD_CERTIFICATE = const(-0x2700)
_BAD_CONFIG = const(-0x5E80)
_HANDSHAKE_FAILURE = const(-0x6E00)
_INVALID_RECORD = const(-0x7200)
_END = const(-0x7280)
_NO_CERTIFICATE = const(-0x7480)
_ALERT = const(-0x7780)

_MAX_CHAIN = const(16000)
_MAX_REASON = const(500)

# Kinds of TLS's records.
_CHANGE = const(20)
_SHAKE = const(22)
_DATA = const(23)


def failure(e, number):
    """(the number of an exception of TLS, its text); `number` is that of another one."""
    text = ""
    if sys.implementation.name == "cpython":
        if isinstance(e, ssl.SSLError):
            text = e.reason or ""
            number = _HANDSHAKE_FAILURE
            if isinstance(e, ssl.SSLCertVerificationError):
                number, text = _BAD_CERTIFICATE, e.verify_message
            elif isinstance(e, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
                number = _END
            elif "ALERT" in text:
                number = _ALERT
            elif "DID_NOT_RETURN_A_CERT" in text:
                number = _NO_CERTIFICATE
            elif "VERSION_NUMBER" in text or "RECORD" in text or "HTTP" in text:
                number = _INVALID_RECORD
    elif isinstance(e, ValueError):
        number, text = _BAD_CERTIFICATE, str(e)
    elif number < 0 and len(e.args) > 1:
        text = str(e.args[1])
    elif number == _END:
        # The firmware has no text for it here, but in a handshake that waits.
        text = "MBEDTLS_ERR_SSL_CONN_EOF"
    return number, text.encode()[:_MAX_REASON]


def ciphers():
    """The names of those that can be set."""
    names = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).get_ciphers()
    if sys.implementation.name == "cpython":
        names = [cipher["name"] for cipher in names]
    return "\0".join(names).encode()


def _values(message):
    """Those of a request: each has its length before it."""
    at = 5
    for _ in range(5):
        n = unpack_from("<H", message, at)[0]
        if at + 2 + n > len(message):
            raise ValueError
        yield bytes(message[at + 2 : at + 2 + n])
        at += 2 + n


def wrapper(message):
    """A function that makes a Secured of a socket that does not block, by a client's request."""
    flags, mode = message[3], message[4]
    name, cert, key, authorities, names = _values(message)
    is_server = flags & 1
    name = str(name, "utf-8") or None
    if mode > 2 or mode == 2 and not is_server and not name:
        raise ValueError
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    if sys.implementation.name == "cpython":
        context.check_hostname = bool(name) and mode == 2
        mode = ssl.VerifyMode(mode)
    context.verify_mode = mode
    if cert or key:
        if sys.implementation.name == "cpython":
            _load(context, cert, key)
        else:
            context.load_cert_chain(cert, key)
    if authorities:
        if sys.implementation.name == "cpython":
            is_text = authorities.startswith(b"-----")
            try:
                context.load_verify_locations(
                    cadata=str(authorities, "utf-8") if is_text else authorities
                )
            except ssl.SSLError:
                raise ValueError("invalid cert")
        else:
            context.load_verify_locations(authorities)
    if names:
        names = str(names, "utf-8")
        if sys.implementation.name == "cpython":
            try:
                context.set_ciphers(names)
            except ssl.SSLError:
                raise OSError(_BAD_CONFIG, "no such cipher")
        else:
            context.set_ciphers(names.split(":"))
    chain = None
    if flags & 2:
        if not hasattr(context, "verify_callback"):
            raise OSError(_EOPNOTSUPP)
        chain = bytearray()

        def keep(cert, depth):
            if len(chain) + len(cert) > _MAX_CHAIN:
                return 1
            chain.extend(bytes((depth, len(cert) & 255, len(cert) >> 8)))
            chain.extend(cert)
            return 0

        context.verify_callback = keep
    return lambda sock: Secured(context, sock, is_server, name, chain)


if sys.implementation.name == "cpython":

    def _load(context, cert, key):
        # It takes names of PEM files only.
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            for name, data in ("cert", cert), ("key", key):
                with open(f"{folder}/{name}", "wb") as f:
                    f.write(data)
            # Without a password, OpenSSL would ask for that of a key at the server's console.
            try:
                context.load_cert_chain(f"{folder}/cert", f"{folder}/key", password="")
            except ssl.SSLError:
                raise ValueError("invalid cert or key")

    class Secured:
        """A socket with TLS, which closes that which it is made of."""

        def __init__(self, context, sock, is_server, name, chain):
            self._tls = context.wrap_socket(
                sock,
                server_side=bool(is_server),
                server_hostname=name,
                do_handshake_on_connect=False,
            )
            self.send = self._tls.send
            self.recv = self._tls.recv
            self.close = self._tls.close

        def shake(self):
            """Go on with the handshake. Is it over?"""
            try:
                self._tls.do_handshake()
                return True
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False

        def told(self, what):
            """What a client asks for."""
            if what == _CERTIFICATE:
                try:
                    return self._tls.getpeercert(True) or b""
                except ValueError:
                    # The handshake is not over.
                    return b""
            if what == _CIPHER and self._tls.cipher():
                return f"{self._tls.cipher()[0]}\0{self._tls.version()}".encode()
            raise OSError(_ENOTCONN)

else:

    class _Records:
        """The records of one direction."""

        def __init__(self, seen):
            self._seen = seen
            self._header = b""
            self._left = 0  # Bytes of the record that are to come.

        def feed(self, view):
            while len(view):
                if not self._left:
                    more = 5 - len(self._header)
                    self._header += view[:more]
                    view = view[more:]
                    if len(self._header) < 5:
                        return
                    self._left = self._header[3] << 8 | self._header[4]
                n = min(len(view), self._left)
                view = view[n:]
                self._left -= n
                if not self._left:
                    self._seen(self, self._header[0])
                    self._header = b""

    class Tap(IOBase):
        """The stream that TLS runs on. It tells when the handshake is over, which the firmware
        does not: each side sends a ChangeCipherSpec and then Finished, the client first. With TLS
        1.3, what is encrypted is sent as data."""

        def __init__(self, sock, is_server, mode):
            self._sock = sock
            self._in = _Records(self._seen)
            self._out = _Records(self._seen)
            mine, other = (self._out, _CHANGE), (self._in, _CHANGE)
            self._steps = [mine, (self._out, _SHAKE), other, (self._in, _SHAKE)]
            if is_server:
                self._steps = self._steps[2:] + self._steps[:2]
            # After this record, with 1.3; not if the client's certificate comes as one, too.
            self._last = None
            if not (is_server and mode):
                self._last = (self._in if is_server else self._out), _DATA
            self.is_over = False

        def _seen(self, direction, kind):
            record = direction, kind
            if record == self._last:
                self._steps.clear()
                self.is_over = True
            elif self._steps and record == self._steps[0]:
                self._steps.pop(0)
                self.is_over = not self._steps

        def readinto(self, buffer):
            try:
                n = self._sock.readinto(buffer)
            except OSError as e:
                return -e.args[0]
            if n and not self.is_over:
                self._in.feed(memoryview(buffer)[:n])
            return n

        def write(self, data):
            try:
                n = self._sock.write(data)
            except OSError as e:
                return -e.args[0]
            if n and not self.is_over:
                self._out.feed(memoryview(data)[:n])
            return n

        def ioctl(self, request, arg):
            return 0

    class Secured:
        def __init__(self, context, sock, is_server, name, chain):
            self._sock = sock
            self._tap = Tap(sock, is_server, context.verify_mode)
            self._tls = context.wrap_socket(
                self._tap,
                server_side=bool(is_server),
                server_hostname=name,
                do_handshake_on_connect=False,
            )
            self._chain = chain
            self._over = False
            self._ahead = None  # What shake() has read.
            self.send = self._tls.write

        def shake(self):
            if not self._over:
                # This goes on with it.
                self._ahead = self._tls.read(1)
                self._over = self._tap.is_over or self._ahead is not None
            return self._over

        def recv(self, n):
            data = self._ahead
            if data is not None:
                self._ahead = None
                return data
            return self._tls.read(n)

        def close(self):
            self._tls.close()
            self._sock.close()

        def told(self, what):
            if what == _CHAIN and self._chain is not None:
                return self._chain
            if what == _CERTIFICATE:
                if not hasattr(self._tls, "getpeercert"):
                    raise OSError(_EOPNOTSUPP)
                return self._tls.getpeercert(True) or b""
            # Before, the firmware would crash.
            if what != _CIPHER or not self._over:
                raise OSError(_ENOTCONN)
            return "\0".join(self._tls.cipher()).encode()
