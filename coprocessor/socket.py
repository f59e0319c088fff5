# SPDX-License-Identifier: MIT
"""Sockets of the server, on the client. docs/coprocessor-net.md describes the messages."""

import errno
from errno import EAGAIN, EBADF, ECONNRESET, EINPROGRESS, ENOTCONN
from struct import pack, unpack_from
import sys

from .framing import const

if sys.implementation.name == "cpython":
    from os import strerror

    # Its IOBase closes by itself, and keeps attributes of its own.
    IOBase = object

    def _error(number):
        # Its OSError has no errno with one argument.
        return OSError(number, strerror(number))

else:
    from io import IOBase

    _error = OSError

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2
IPPROTO_IP = 0
IPPROTO_TCP = 6
IPPROTO_UDP = 17
SOL_SOCKET = 1
SO_REUSEADDR = 2
SO_BROADCAST = 6
SO_KEEPALIVE = 9
TCP_NODELAY = 1
IP_ADD_MEMBERSHIP = 35

# Channels.
_OUT = const(16)
_IN = const(17)

# Messages to the server.
_OPEN = const(1)
_CLOSE = const(2)
_CONNECT = const(3)
_GRANT = const(4)
_DATA = const(5)
_SENDTO = const(6)
_BIND = const(16)
_LISTEN = const(17)
_OPTION = const(18)
_RESOLVE = const(19)
_WRAP = const(20)

# Messages of the server; DATA and GRANT have the same numbers.
_CLOSED = const(1)
_CONNECTED = const(2)
_ERROR = const(3)
_END = const(6)
_INCOMING = const(7)
_DATAGRAM = const(8)
_ANSWER = const(16)

_CHUNK = const(510)  # With its header, two frames.
_COST = const(16)  # Of a datagram besides its data.
_MAX_DATAGRAM = const(1472)
_MAX_MESSAGE = const(2048)
_MAX_DATA = const(2046)  # Of a message to the server. That with certificates may be longer.
_FOREVER = const(0x40000000)
_ALL = const(0x3FFFFFFF)  # A length; negative ones become greater than any.

# States.
_NEW = const(0)
_LISTENING = const(1)
_CONNECTING = const(2)
_OPENED = const(3)  # It is connected, or of UDP.

_POLL = const(3)
_POLL_CLOSE = const(4)
_IN_FLAG = const(1)
_OUT_FLAG = const(4)
_HUP = const(0x10)
_ERR_HUP = const(0x18)
_NVAL = const(0x20)

_link = None
_sockets = []  # By id: None: free, False: the server has not closed it yet. 0 is not used.
_window = 0
_tag = 0
_answer = None
# The message that arrives: its number, the socket, and its bytes unless they are data.
_what = 0
_whose = None
_message = None
_local = None  # Translates numbers of errors, if they are others here.


def attach(link, sockets, window):
    """Use a link from now on."""
    global _link, _sockets, _window, _local
    if _link:
        _clear()
        _link.resets.remove(_clear)
        _link.on(_IN, None)
    _link = link
    _window = window
    _sockets = [None] * (sockets + 1)
    try:
        import finaliserproxy  # noqa: F401

        from .garbage import Table

        _sockets = Table(_sockets)
    except ImportError:
        # Those that the program has forgotten stay open.
        pass
    if (errno.ETIMEDOUT, errno.EINPROGRESS) != (110, 115):
        from .errors import local as _local
    _clear()
    link.resets.append(_clear)
    link.on(_IN, _take)


def _clear():
    """The session has ended."""
    global _what
    _what = 0
    for i, s in enumerate(_sockets):
        if s:
            s._error = ECONNRESET
            s._id = 0
        _sockets[i] = None


def _take(piece, last):
    """A handler of Link."""
    try:
        _piece(piece, last)
    except Exception:
        # The server does not keep to the protocol, or there is no memory.
        _link.reset()


def _piece(piece, last):
    global _what, _whose, _message
    if not _what:
        _what = piece[0]
        _whose = _sockets[piece[1]]
        _message = bytearray()
        if _what == _DATA:
            piece = piece[2:]
    if _what != _DATA:
        if len(_message) + len(piece) > _MAX_MESSAGE:
            raise ValueError
        _message.extend(piece)
    elif _whose and _whose._id:  # It may have been closed since the message began.
        _whose._put(piece)
    if last:
        what = _what
        s = _whose
        _what = 0
        _whose = None
        if what != _DATA:
            _received(what, s, _message)


def _received(what, s, message):
    global _answer
    if what == _ANSWER:
        _number(message, 3)
        if message[2] == _tag:
            _answer = message
    elif what == _CLOSED:
        if s:
            raise ValueError
        _sockets[message[1]] = None
    elif not s:
        # It is closed here, and the server did not know that yet.
        pass
    elif what == _CONNECTED:
        s._state = _OPENED
    elif what == _ERROR:
        s._error = _number(message, 2)
    elif what == _GRANT:
        s._room += unpack_from("<H", message, 2)[0]
    elif what == _END:
        s._ended = not s._udp
    elif what == _INCOMING or what == _DATAGRAM:
        s._queued(message)


def _number(message, at):
    n = unpack_from("<h", message, at)[0]
    return _local(n) if _local else n


def _tell(s, what, data=b""):
    """Send a message about a socket, or about none."""
    if len(data) > _MAX_DATA and what != _WRAP:
        raise ValueError("too long")
    message = bytes((what, s._id if s else 0)) + data

    def put():
        return s and not s._id or _link.send(_OUT, message, False)

    if not put():
        _link.wait(put)
    if s and not s._id:
        raise _error(s._error)


def _ask(s, what, data):
    """Send a request, and wait for the answer."""
    global _tag, _answer
    _tag = _tag + 1 & 255
    _answer = None
    _tell(s, what, bytes((_tag,)) + data)
    _link.wait(lambda: _answer)
    n = _number(_answer, 3)
    if n:
        # A socket that has failed before knows better why.
        raise _error(s and s._error or n)
    return bytes(_answer[5:])


def _packed(address):
    return pack("<H", address[1]) + address[0].encode()


def _unpacked(data):
    return str(bytes(data[2:]), "utf-8"), unpack_from("<H", data)[0]


def getaddrinfo(host, port, af=0, type=0, proto=0, flags=0):
    found = _ask(None, _RESOLVE, host.encode())
    return [
        (AF_INET, type or SOCK_STREAM, proto, "", (str(name, "utf-8"), port))
        for name in found.split(b"\0", 8)[:8]
    ]


class socket(IOBase):
    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=0, _listener=0):
        if not _link:
            raise _error(19)  # ENODEV
        self._udp = type == SOCK_DGRAM
        self._state = _OPENED if self._udp or _listener else _NEW
        self._timeout = _FOREVER
        self._error = 0
        self._ended = False  # The peer sends no more.
        self._room = 0  # Bytes that the server takes.
        self._buffer = None  # Of bytes that have arrived: a ring.
        self._start = self._count = 0
        self._owed = _window  # Bytes of the window that the server does not know to be free.
        self._queue = []  # Datagrams, or the addresses of connections.
        self._peer = None
        self._id = self._slot()
        _sockets[self._id] = self
        try:
            _tell(self, _OPEN, bytes((type, _listener)))
        except OSError:
            if self._id:
                _sockets[self._id] = None
            raise

    def _slot(self):
        def find():
            for i in range(1, len(_sockets)):
                if _sockets[i] is None:
                    return i

        i = find()
        if not i and False in _sockets:
            _link.wait(find)
            i = find()
        if not i:
            raise _error(24)  # EMFILE
        return i

    # What arrives.

    def _put(self, piece):
        n = len(piece)
        size = _window
        if n > size - self._owed - self._count:
            # More than the server may send.
            raise ValueError
        at = (self._start + self._count) % size
        first = min(n, size - at)
        self._buffer[at : at + first] = piece[:first]
        self._buffer[: n - first] = piece[first:]
        self._count += n

    def _queued(self, message):
        if self._udp:
            n = len(message) + _COST
            if n > _window - self._owed - self._count:
                raise ValueError
            at = message[2] + 3
            self._queue.append((bytes(message[at:]), _unpacked(message[3:at]), n))
            self._count += n
        elif self._queue or self._state != _LISTENING:
            raise ValueError
        else:
            self._queue.append(_unpacked(message[2:]))

    def _grant(self):
        """Tell the server how much there is place for, if it is worth a message."""
        owed = self._owed
        if self._state == _OPENED and not self._error and not self._ended:
            if not self._udp and self._buffer is None:
                self._buffer = bytearray(_window)
            if owed * 2 >= _window or owed and self._udp and not self._queue:
                self._owed = 0
                if not _link.send(_OUT, pack("<BBH", _GRANT, self._id, owed), False):
                    self._owed = owed

    # Waiting.

    def _await(self, ready):
        if not ready():
            if self._timeout:
                _link.wait(ready, self._timeout)
            else:
                _link.poll()
                if not ready():
                    raise _error(EAGAIN)

    def _check(self):
        e = self._error
        if e:
            if self._udp and self._id:
                # That of a datagram.
                self._error = 0
            raise _error(e)
        if self._state != _OPENED:
            raise _error(ENOTCONN)

    def _has_input(self):
        self._grant()
        return self._count or self._queue or self._ended or self._error

    def _has_room(self):
        return self._udp or self._room or self._error

    def ioctl(self, request, arg):
        if request == _POLL:
            # Also if it is ready, which the program may leave so.
            _link.poll()
            return self._flags(arg)
        if request == _POLL_CLOSE:
            self.close()
            return 0
        return -22  # EINVAL

    def _flags(self, arg):
        if self._error:
            return _NVAL if self._error == EBADF else arg & (_IN_FLAG | _OUT_FLAG) | _ERR_HUP
        if self._state == _NEW:
            return arg & _OUT_FLAG | _HUP
        if not (arg & _IN_FLAG and self._has_input()):
            arg &= ~_IN_FLAG
        if not self._has_room():
            arg &= _IN_FLAG
        return arg & (_IN_FLAG | _OUT_FLAG)

    def setblocking(self, on):
        self._timeout = _FOREVER if on else 0

    def settimeout(self, seconds):
        self._timeout = _FOREVER if seconds is None else int(seconds * 1000)

    # Connections.

    def connect(self, address):
        if self._udp:
            self._peer = address
            return
        if self._error:
            raise _error(self._error)
        if self._state == _NEW:
            self._state = _CONNECTING
            try:
                _tell(self, _CONNECT, _packed(address))
            except BaseException:
                # The server does not know of it.
                self._state = _NEW
                raise
            if not self._timeout:
                raise _error(EINPROGRESS)
        elif self._state == _CONNECTING:
            if not self._timeout:
                raise _error(errno.EALREADY)
        else:
            raise _error(106)  # EISCONN
        self._await(lambda: self._state != _CONNECTING or self._error)
        self._check()

    def bind(self, address):
        _ask(self, _BIND, _packed(address))

    def listen(self, backlog=5):
        _ask(self, _LISTEN, bytes((min(backlog, 255),)))
        self._state = _LISTENING

    def accept(self):
        if self._state != _LISTENING:
            raise _error(self._error or 22)  # EINVAL
        self._await(self._has_input)
        if not self._queue:
            raise _error(self._error)
        s = socket(AF_INET, SOCK_STREAM, 0, self._id)
        s._peer = self._queue.pop(0)
        return s, s._peer

    def setsockopt(self, level, option, value):
        if isinstance(value, int):
            value = pack("<i", value)
        _ask(self, _OPTION, pack("<HH", level, option) + value)

    # Input.

    def _input(self):
        """Wait for input, and return how much there is in one piece; 0 at the end."""
        if self._state < _CONNECTING:
            self._check()
        self._await(self._has_input)
        n = min(self._count, _window - self._start)
        if not n and not self._ended:
            self._check()
        return n

    def _used(self, n):
        self._start = (self._start + n) % _window
        self._count -= n
        self._owed += n

    def recv(self, n):
        if n < 0:
            raise ValueError
        if self._udp:
            return self.recvfrom(n)[0]
        n = min(n, self._input())
        data = bytes(memoryview(self._buffer or b"")[self._start : self._start + n])
        self._used(n)
        return data

    def recvfrom(self, n):
        if n < 0 or not self._udp:
            return self.recv(n), self._peer
        self._await(self._has_input)
        if not self._queue:
            self._check()
        data, address, cost = self._queue.pop(0)
        self._count -= cost
        self._owed += cost
        return data[:n], address

    def readinto(self, buffer, n=_ALL):
        view = memoryview(buffer)[: n & _ALL]
        size = len(view)
        if self._udp:
            data = self.recv(size)
            view[: len(data)] = data
            return len(data)
        at = 0
        while at < size:
            try:
                n = min(self._input(), size - at)
            except OSError as e:
                if e.args[0] == EAGAIN:
                    return at or None
                raise
            if not n:
                break
            view[at : at + n] = memoryview(self._buffer)[self._start : self._start + n]
            self._used(n)
            at += n
        return at

    def read(self, n=-1, _line=False):
        data = b""
        while len(data) != n:
            try:
                take = self._input()
            except OSError as e:
                if e.args[0] == EAGAIN:
                    return data or None
                raise
            if not take:
                break
            if _line:
                i = self._buffer.find(b"\n", self._start, self._start + take)
                if i >= 0:
                    take = i + 1 - self._start
            if n >= 0:
                take = min(take, n - len(data))
            data += self.recv(take)
            if _line and data[-1] == 10:
                break
        return data

    def readline(self, n=-1):
        return self.read(n, True)

    # Output.

    def send(self, data):
        if self._udp:
            return self.sendto(data, self._peer)
        data = memoryview(data)
        if not data:
            return 0
        if self._state < _CONNECTING:
            self._check()
        self._await(self._has_room)
        self._check()
        n = min(len(data), self._room, _CHUNK)
        message = bytes((_DATA, self._id)) + data[:n]
        if len(message) > n + 2:
            # Its items are longer.
            return self.send(bytes(data))
        self._room -= n
        try:
            self._await(lambda: self._error or _link.send(_OUT, message, False))
        except OSError:
            self._room += n
            raise
        self._check()
        return n

    def write(self, data, n=_ALL, m=None):
        """Of data the first n bytes, or the m bytes from n on."""
        data = _link.octets(data)
        if m is not None:
            data = data[n & _ALL :]
            n = m
        data = data[: n & _ALL]
        at = 0
        while at < len(data):
            try:
                at += self.send(data[at:])
            except OSError as e:
                if e.args[0] == EAGAIN:
                    return at or None
                raise
        return at

    def sendall(self, data):
        data = _link.octets(data)
        while data:
            data = data[self.send(data) :]

    def sendto(self, data, address):
        if not self._udp:
            return self.send(data)
        if not address:
            raise _error(ENOTCONN)
        data = _link.octets(data)
        if len(data) > _MAX_DATAGRAM:
            raise _error(90)  # EMSGSIZE
        address = _packed(address)
        message = bytes((_SENDTO, self._id, len(address))) + address + data
        self._check()
        self._await(lambda: self._error or _link.send(_OUT, message, False))
        self._check()
        return len(data)

    def makefile(self, mode="rb", buffering=0):
        return self

    def close(self):
        if self._id:
            # If the server cannot be told, the socket stays, to be closed again.
            _tell(self, _CLOSE)
            _sockets[self._id] = False
            self._id = 0
        self._error = EBADF
        self._buffer = None
        self._queue = []
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


class _Later:
    """A module that is imported when a name of it is used."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        module = __import__("coprocessor." + self._name, None, None, ("*",))
        sys.modules[self._name] = module
        return getattr(module, name)


# It is here because a client of rpc alone does not need it.
def _start(stream, *, sockets=8, window=1536, **options):
    from .link import Link

    link = Link(stream, **options)
    attach(link, sockets, window)
    sys.modules["socket"] = sys.modules[__name__]
    for name in "ssl", "tls", "network":
        sys.modules[name] = _Later(name)
    return link
