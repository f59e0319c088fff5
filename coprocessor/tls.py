# SPDX-License-Identifier: MIT
"""TLS on the server's side of a socket, with certificates from here: the functions of firmware's
`tls`. docs/coprocessor-net.md describes the messages."""

from errno import EAGAIN
from struct import pack

from . import socket
from .framing import const

PROTOCOL_TLS_CLIENT = 0
PROTOCOL_TLS_SERVER = 1
CERT_NONE = 0
CERT_OPTIONAL = 1
CERT_REQUIRED = 2

_OUT = const(16)  # The channel.

_HANDSHAKE = const(7)
_WRAP = const(20)
_TELL = const(21)

# What TELL asks for.
_REASON = const(0)
_CERTIFICATE = const(1)
_CIPHER = const(2)
_CIPHERS = const(3)
_CHAIN = const(4)

_MAX_WRAP = const(12285)
_PIECE = const(1024)  # Of an answer that is longer.
_MAX_TOLD = const(16384)

_EIO = const(5)
_EINVAL = const(22)
_EOPNOTSUPP = const(95)
_BAD_CERTIFICATE = const(-0x2700)  # mbedTLS's.

_POLL = const(3)
_IN_FLAG = const(1)
_FOREVER = const(0x40000000)

# States of a socket.
_CONNECTING = const(2)
_OPENED = const(3)


def _told(sock, what):
    """Bytes that the server knows of a socket's TLS, or of its own."""
    data = b""
    while len(data) < _MAX_TOLD:
        piece = socket._ask(sock, _TELL, pack("<BH", what, len(data)))
        data += piece
        if len(piece) < _PIECE:
            return data
    raise socket._error(_EIO)


def _words(data):
    return str(data, "utf-8").split("\0")


def _explained(e, text):
    """The exception that firmware raises: a number, or a text."""
    if not text:
        return e
    text = str(text, "utf-8")
    number = e.args[0]
    return ValueError(text) if number in (_EINVAL, _BAD_CERTIFICATE) else OSError(number, text)


def _method(name, is_stream):
    def method(self, *args):
        return self._do(getattr(self._sock, name), args, is_stream)

    return method


class SSLSocket(socket.IOBase):
    """A socket with TLS. What is not here are the socket's functions.

    The handshake begins with the first use. Until it is over the socket's state is that of one
    that connects, and the server tells of its end as it does of that of a connection.
    """

    def __init__(self, sock, verify):
        self._sock = sock
        self._verify = verify
        self._todo = True  # The handshake is not over.
        self._begun = False

    def __getattr__(self, name):
        return getattr(self._sock, name)

    read = _method("read", True)
    readinto = _method("readinto", True)
    readline = _method("readline", True)
    write = _method("write", True)
    recv = _method("recv", False)
    send = _method("send", False)
    sendall = _method("sendall", False)

    def do_handshake(self):
        self._do(bool, (), False, True)

    def _do(self, function, args, is_stream, waits=False):
        try:
            if self._todo:
                self._shake(waits)
            return function(*args)
        except OSError as e:
            number = e.args[0]
            if is_stream and number == EAGAIN:
                return None
            # The server tells the reason once.
            text = number < 0 and self._sock._id and _told(self._sock, _REASON)
            raise _explained(e, text)

    def _servers(self):
        """The socket, which must be one of the server's."""
        if not isinstance(self._sock, socket.socket):
            raise socket._error(_EOPNOTSUPP)
        return self._sock

    def _shake(self, waits):
        s = self._servers()
        if s._state < _CONNECTING:
            s._check()
        timeout = s._timeout
        if waits or timeout:
            socket._link.wait(self._is_over, timeout or _FOREVER)
        else:
            socket._link.poll()
            if not self._is_over():
                raise socket._error(EAGAIN)
        s._check()
        if self._verify:
            self._judge()
        self._todo = False

    def _is_over(self):
        """Has the handshake succeeded or failed? Begins it as soon as there is a connection."""
        s = self._sock
        if not (self._begun or s._error or s._state != _OPENED):
            s._state = _CONNECTING
            self._begun = socket._link.send(_OUT, bytes((_HANDSHAKE, s._id)), False)
            if not self._begun:
                s._state = _OPENED
        return s._error or self._begun and s._state == _OPENED

    def _judge(self):
        """Let the program's callback see the certificates, which the server has kept."""
        data = memoryview(_told(self._sock, _CHAIN))
        while data:
            n = data[1] | data[2] << 8
            number = self._verify(data[3 : 3 + n], data[0])
            if number:
                self.close()
                # Firmware says so of 1.
                raise OSError(number, "MBEDTLS_ERR_ERROR_GENERIC_ERROR")
            data = data[3 + n :]

    def ioctl(self, request, arg):
        s = self._servers()
        if request == _POLL and self._todo and s._state >= _CONNECTING:
            socket._link.poll()
            if (self._begun or arg & _IN_FLAG) and not self._is_over():
                return 0
        return s.ioctl(request, arg)

    def getpeercert(self, binary_form=False):
        if not binary_form:
            raise NotImplementedError
        return _told(self._sock, _CERTIFICATE) or None

    def cipher(self):
        return tuple(_words(_told(self._sock, _CIPHER)))

    def makefile(self, mode="rb", buffering=0):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


class SSLContext:
    def __init__(self, protocol):
        self._protocol = protocol
        self.verify_mode = CERT_NONE if protocol else CERT_REQUIRED
        self.verify_callback = None
        self._cert = self._key = self._authorities = self._ciphers = None

    def load_cert_chain(self, cert, key):
        self._cert = cert
        self._key = key

    def load_verify_locations(self, cadata):
        self._authorities = cadata

    def get_ciphers(self):
        return _words(_told(None, _CIPHERS))

    def set_ciphers(self, ciphers):
        if not isinstance(ciphers, (list, tuple)):
            raise TypeError("no list")
        self._ciphers = ":".join(ciphers)

    def wrap_socket(
        self, sock, server_side=False, do_handshake_on_connect=True, server_hostname=None
    ):
        if self.verify_mode == CERT_REQUIRED and not server_side and not server_hostname:
            raise ValueError("CERT_REQUIRED requires server_hostname")
        if isinstance(sock, socket.socket):
            self._wrap(sock, server_hostname)
        s = SSLSocket(sock, self.verify_callback)
        if do_handshake_on_connect:
            s.do_handshake()
        return s

    def _wrap(self, sock, name):
        if sock._count:
            raise ValueError("the socket has data without TLS")
        flags = self._protocol & 1 | (2 if self.verify_callback else 0)
        data = bytes((flags, self.verify_mode))
        for value in name, self._cert, self._key, self._authorities, self._ciphers:
            value = value or b""
            if isinstance(value, str):
                value = value.encode()
            data += pack("<H", len(value)) + value
        if len(data) > _MAX_WRAP:
            raise ValueError("too long")
        try:
            socket._ask(sock, _WRAP, data)
        except OSError as e:
            answer = socket._answer
            raise _explained(e, answer and answer[5:])
