# SPDX-License-Identifier: MIT
"""The sockets of a client, on the board that has the network.

docs/coprocessor-net.md describes the messages.
"""

import select
import socket as _socket
from struct import pack, unpack_from
import time

from .errors import wire
from .framing import const
from .link import Link
from .lookup import Lookups

# Channels.
_OUT = const(17)
_IN = const(16)

# Messages of the client.
_OPEN = const(1)
_CLOSE = const(2)
_CONNECT = const(3)
_GRANT = const(4)
_DATA = const(5)
_SENDTO = const(6)
_HANDSHAKE = const(7)
_BIND = const(16)
_LISTEN = const(17)
_OPTION = const(18)
_RESOLVE = const(19)
_WRAP = const(20)
_TELL = const(21)

# What TELL asks for, besides what nettls.py knows.
_REASON = const(0)
_CIPHERS = const(3)

# Messages to the client; DATA and GRANT have the same numbers.
_CLOSED = const(1)
_CONNECTED = const(2)
_ERROR = const(3)
_END = const(6)
_INCOMING = const(7)
_DATAGRAM = const(8)
_ANSWER = const(16)

_EIO = const(5)
_EAGAIN = const(11)
_ENOMEM = const(12)
_EINVAL = const(22)
_ENFILE = const(23)
_EMFILE = const(24)
_EOPNOTSUPP = const(95)
_ECONNABORTED = const(103)
_ENOBUFS = const(105)
_ECONNREFUSED = const(111)
_EINPROGRESS = const(115)
_EAI_NONAME = const(-2)

_CHUNK = const(510)  # With its header, two frames.
_PIECE = const(1024)  # Of what TELL asks for.
_COST = const(16)  # Of a datagram besides its message.
_MAX_DATAGRAM = const(1472)
_MAX_MESSAGE = const(2048)
_MAX_WRAP = const(12288)  # With certificates.
_MAX_WAITING = const(4096)  # Bytes of messages that wait, after which the link refuses others.
_MAX_REPLIES = const(16)
_MAX_CREDIT = const(0xFFFF)
_LINGER = const(10000)  # Milliseconds that a closed socket has to send what is left.

# States of an Entry.
_NEW = const(0)
_CONNECTING = const(1)
_OPENED = const(2)
_LISTENING = const(3)
_DEAD = const(4)

# What the client calls options: the numbers of Linux and of MicroPython's unix port.
_LEVELS = {0: "IPPROTO_IP", 1: "SOL_SOCKET", 6: "IPPROTO_TCP"}
_OPTIONS = {
    (1, 2): "SO_REUSEADDR",
    (1, 6): "SO_BROADCAST",
    (1, 9): "SO_KEEPALIVE",
    (6, 1): "TCP_NODELAY",
    (0, 35): "IP_ADD_MEMBERSHIP",
}


def _number(e):
    """The number on the line of an exception."""
    if type(e).__name__[:7] == "SSLWant":
        # CPython's.
        return _EAGAIN
    if isinstance(e, OSError) and e.args and isinstance(e.args[0], int):
        return wire(e.args[0])
    if isinstance(e, MemoryError):
        return _ENOMEM
    if isinstance(e, ImportError):
        return _EOPNOTSUPP
    return _EIO if isinstance(e, OSError) else _EINVAL


def _text(e):
    """What an exception for wrong certificates and the like says."""
    if isinstance(e, OSError):
        text = e.args[1] if len(e.args) > 1 and e.args[0] < 0 else ""
    else:
        text = str(e) if isinstance(e, ValueError) else ""
    return text.encode()


def _packed(address):
    """A socket's address, as it is in messages."""
    if not isinstance(address, tuple):
        # The unix port of MicroPython has its own.
        family, ip, port = _socket.sockaddr(address)[:3]
        address = _socket.inet_ntop(family, ip), port
    return pack("<H", address[1]) + address[0].encode()


def _host(data):
    return str(bytes(data), "utf-8")


def _host_of(message):
    """The host that a message names, or None."""
    what = message[0]
    if what == _CONNECT:
        return _host(message[4:])
    if what == _SENDTO:
        return _host(message[5 : message[2] + 3])
    if what == _BIND:
        return _host(message[5:])
    return _host(message[3:]) if what == _RESOLVE else None


class Entry:
    """A socket of the client."""

    def __init__(self, id, sock, is_udp, room):
        self.id = id
        self.sock = sock
        self.is_udp = is_udp
        self.state = _OPENED if is_udp else _NEW
        self.credit = 0  # Bytes that the client takes.
        self.window = 0  # The most that it ever took.
        self.room = room  # Bytes that the client may send.
        self.owed = 0  # Of those sent, how many the client does not know of.
        self.tx = bytearray()
        self.held = None  # A message that waits for the link or for credit.
        self.ended = False
        self.incoming = None  # A connection that the client has not accepted yet.
        self.poller = None
        self.wrap = None  # Begins TLS: a function of the socket, until all before it is sent.
        self.tag = None  # Of the request for that, if it is not answered yet.
        self.has_tls = False
        self.is_shaking = False  # The client waits for the end of its handshake.
        self.reason = b""  # A text for its failure.
        self.trying = 0  # Bytes that TLS must be given again.


class NetServer:
    def __init__(self, link, *, sockets=16, buffer=2048, tls=4):
        self._link = link
        self._limit = sockets
        self._buffer = buffer
        self._most_tls = tls
        self._lookups = Lookups()
        self._entries = {}
        self._lingering = []  # [(an entry that the client has closed, since when)]
        self._requests = []
        self._clear()
        link.resets.append(self._ended)
        link.on(_IN, self._take)

    def _clear(self):
        self._requests.clear()
        self._lookups.forget()
        self._waiting = 0  # Bytes in these.
        self._refused = False
        self._what = 0  # Of the message that arrives.
        self._whose = None
        self._message = None
        self._replies = []

    def _ended(self):
        """The session has ended."""
        self._clear()
        for entry in self._entries.values():
            self._drop(entry)
        self._entries.clear()

    def _drop(self, entry):
        for sock in entry.sock, entry.incoming:
            if sock:
                try:
                    sock.close()
                except Exception:
                    pass
        entry.sock = entry.incoming = entry.wrap = None

    def close(self):
        """Close all sockets."""
        self._ended()
        for entry, _ in self._lingering:
            self._drop(entry)
        self._lingering = []

    # What arrives.

    def _take(self, piece, last):
        """A handler of Link."""
        try:
            return self._piece(piece, last)
        except Exception:
            # The client does not keep to the protocol, or there is no memory.
            self._link.reset()

    def _piece(self, piece, last):
        if not self._what:
            id = piece[1]
            if piece[0] != _DATA:
                if self._waiting >= _MAX_WAITING:
                    self._refused = True
                    return False
                self._message = bytearray()
            self._what = piece[0]
            self._whose = self._entries.get(id)
            if self._what == _DATA:
                piece = piece[2:]
        if self._what == _DATA:
            entry = self._whose
            if entry:
                if len(piece) > entry.room or entry.is_udp:
                    raise ValueError
                entry.room -= len(piece)
                if entry.state == _OPENED:
                    entry.tx.extend(piece)
        elif len(self._message) + len(piece) > (
            _MAX_WRAP if self._what == _WRAP else _MAX_MESSAGE
        ):
            raise ValueError
        else:
            self._message.extend(piece)
        if last:
            if self._what != _DATA:
                self._requests.append(self._message)
                self._waiting += len(self._message) + _COST
                self._message = None
            self._what = 0

    # What is done.

    def poll(self):
        """Serve the sockets; did anything happen? The program serves the link."""
        did = self._reply()
        did = self._run_all() or did
        self._reply()
        for entry in list(self._entries.values()):
            if entry.sock:
                try:
                    did = self._serve(entry) or did
                except Exception as e:
                    number = _number(e)
                    if entry.has_tls:
                        from .nettls import failure

                        number, entry.reason = failure(e, number)
                    self._fail(entry, number)
                    did = True
        if self._lingering:
            self._linger()
        return did

    def _run_all(self):
        """Run the requests, but for those that wait for a name: these stop their socket's."""
        did = False
        waits = []
        i = 0
        while i < len(self._requests) and len(self._replies) < _MAX_REPLIES:
            message = self._requests[i]
            if message[1] in waits or not self._knows(message):
                waits.append(message[1])
                i += 1
                continue
            did = True
            self._requests.pop(i)
            self._waiting -= len(message) + _COST
            if self._refused and self._waiting < _MAX_WAITING:
                self._refused = False
                self._link.resume()
            self._run(message)
        return did

    def _knows(self, message):
        """Is the address in a message known?"""
        try:
            host = _host_of(message)
            return host is None or self._lookups.is_known(host)
        except Exception:
            # The message is wrong, which is told when it is run.
            return True

    def _unpacked(self, data):
        port = unpack_from("<H", data)[0]
        return self._lookups.resolved(_host(data[2:]), port)[0]

    def _reply(self):
        did = False
        while self._replies and self._link.send(_OUT, self._replies[0], False):
            # A session that ends in `send` has cleared them.
            if self._replies:
                self._replies.pop(0)
            did = True
        return did

    def _say(self, what, id, data=b""):
        self._replies.append(bytes((what, id)) + data)

    def _fail(self, entry, number):
        if entry.state != _DEAD:
            entry.state = _DEAD
            self._say(_ERROR, entry.id, pack("<h", number))

    def _run(self, message):
        what = message[0]
        id = message[1]
        entry = self._entries.get(id)
        if what == _OPEN:
            if entry or not id or len(message) < 4:
                self._link.reset()
            else:
                self._open(id, message[2], self._entries.get(message[3]))
            return
        if what >= _BIND:
            self._answer(what, id, entry, message)
            return
        if not entry:
            if what == _CLOSE:
                # There were too many.
                self._say(_CLOSED, id)
            return
        try:
            if what == _CLOSE:
                self._close(entry)
            elif what == _GRANT:
                credit = entry.credit + unpack_from("<H", message, 2)[0]
                if credit > _MAX_CREDIT:
                    raise ValueError
                entry.credit = credit
                entry.window = max(entry.window, credit)
            elif what == _CONNECT and entry.state == _NEW:
                self._connect(entry, message)
            elif what == _HANDSHAKE and (entry.wrap or entry.has_tls):
                entry.is_shaking = True
            elif what == _SENDTO and entry.is_udp:
                try:
                    self._sendto(entry, message)
                except OSError as e:
                    # The socket goes on.
                    self._say(_ERROR, id, pack("<h", _number(e)))
            else:
                raise ValueError
        except Exception as e:
            self._fail(entry, _number(e))

    def _answer(self, what, id, entry, message):
        number = 0
        data = b""
        try:
            if what == _RESOLVE:
                try:
                    addresses = self._lookups.resolved(_host(message[3:]), 0)
                except OSError as e:
                    number = e.args[0]
                    # The unix port of MicroPython has a text.
                    raise e if isinstance(number, int) else OSError(_EAI_NONAME)
                data = b"\0".join([_packed(address)[2:] for address in addresses])
            elif what == _TELL:
                data = self._told(entry, *unpack_from("<BH", message, 3))
            elif not entry or not entry.sock:
                raise ValueError
            elif what == _BIND:
                entry.sock.bind(self._unpacked(message[3:]))
            elif what == _LISTEN and entry.state == _NEW:
                entry.sock.listen(message[3])
                entry.state = _LISTENING
            elif what == _OPTION:
                self._option(entry, message)
            elif what == _WRAP and not (entry.is_udp or entry.wrap or entry.has_tls):
                try:
                    self._wrap(entry, message)
                except Exception as e:
                    data = _text(e)
                    raise
                if entry.state == _OPENED:
                    # What follows the answer is for TLS, so all that was before is sent first.
                    entry.tag = message[2:3]
                    return
            else:
                raise ValueError
        except Exception as e:
            number = _number(e)
        self._say(_ANSWER, id, message[2:3] + pack("<h", number) + data)

    def _wrap(self, entry, message):
        if entry.state not in (_NEW, _CONNECTING, _OPENED):
            raise ValueError
        entries = list(self._entries.values()) + [closed for closed, _ in self._lingering]
        if len([1 for other in entries if other.wrap or other.has_tls]) >= self._most_tls:
            raise OSError(_EMFILE)
        # Only now, as it takes much memory.
        from .nettls import wrapper

        entry.wrap = wrapper(message)

    def _told(self, entry, what, at):
        """A piece of what the client asks for."""
        if what == _CIPHERS:
            from .nettls import ciphers

            data = ciphers()
        elif not entry or not entry.has_tls:
            raise ValueError
        elif what == _REASON:
            data = entry.reason
            entry.reason = b""
        elif entry.state == _OPENED:
            data = entry.sock.told(what)
        else:
            raise ValueError
        return data[at : at + _PIECE]

    def _count(self):
        entries = self._entries.values()
        held = len([1 for entry in entries if entry.incoming])
        return len(self._entries) + held + len(self._lingering)

    def _open(self, id, kind, listener):
        number = _EMFILE
        sock = listener and listener.incoming
        is_connected = bool(sock)
        if is_connected:
            listener.incoming = None
        elif self._count() < self._limit:
            try:
                if kind not in (_socket.SOCK_STREAM, _socket.SOCK_DGRAM):
                    raise ValueError
                sock = _socket.socket(_socket.AF_INET, kind)
            except Exception as e:
                number = _number(e)
        if not sock:
            self._say(_ERROR, id, pack("<h", number))
            return
        sock.setblocking(False)
        is_udp = kind == _socket.SOCK_DGRAM and not is_connected
        entry = self._entries[id] = Entry(id, sock, is_udp, self._buffer)
        if is_connected:
            self._opened(entry)

    def _opened(self, entry):
        entry.state = _OPENED
        if entry.wrap:
            self._start_tls(entry)
        self._say(_GRANT, entry.id, pack("<H", entry.room))

    def _connect(self, entry, message):
        address = self._unpacked(message[2:])
        entry.state = _CONNECTING
        try:
            entry.sock.connect(address)
        except OSError as e:
            if _number(e) not in (_EINPROGRESS, _EAGAIN):
                raise
        entry.poller = select.poll()
        entry.poller.register(entry.sock, select.POLLOUT)

    def _sendto(self, entry, message):
        at = message[2] + 3
        try:
            entry.sock.sendto(bytes(message[at:]), self._unpacked(message[3:at]))
        except OSError as e:
            # Datagrams may get lost.
            if _number(e) != _EAGAIN:
                raise

    def _option(self, entry, message):
        level, option = unpack_from("<HH", message, 3)
        name = _OPTIONS.get((level, option))
        level = getattr(_socket, _LEVELS.get(level, "-"), level)
        value = bytes(message[7:])
        if option != 35:
            value = unpack_from("<i", value)[0]
        if not name or not hasattr(_socket, name):
            raise ValueError
        entry.sock.setsockopt(level, getattr(_socket, name), value)

    def _close(self, entry):
        del self._entries[entry.id]
        self._say(_CLOSED, entry.id)
        if entry.tx and entry.state == _OPENED:
            self._lingering.append((entry, self._link.clock()))
        else:
            self._drop(entry)

    def _linger(self):
        left = []
        for entry, since in self._lingering:
            try:
                self._send(entry)
            except Exception:
                entry.tx = b""
            if entry.tx and self._link.since(since) < _LINGER:
                left.append((entry, since))
            else:
                self._drop(entry)
        self._lingering = left

    # Sockets.

    def _serve(self, entry):
        """Did anything happen?"""
        state = entry.state
        if state == _CONNECTING:
            return self._is_connected(entry)
        if state == _LISTENING:
            return self._accept(entry)
        if state != _OPENED:
            return False
        if entry.wrap and not entry.tx:
            self._start_tls(entry)
        if entry.is_shaking and entry.has_tls:
            if not entry.sock.shake():
                return False
            entry.is_shaking = False
            self._say(_CONNECTED, entry.id)
        did = self._send(entry)
        if entry.owed * 2 >= self._buffer and len(self._replies) < _MAX_REPLIES:
            self._say(_GRANT, entry.id, pack("<H", entry.owed))
            entry.room += entry.owed
            entry.owed = 0
        # What the client shall know first is sent first.
        if not self._replies:
            did = self._receive(entry) or did
        return did

    def _start_tls(self, entry):
        wrap = entry.wrap
        tag = entry.tag
        entry.wrap = entry.tag = None
        number = 0
        try:
            entry.sock = wrap(entry.sock)
            entry.has_tls = True
        except Exception as e:
            if not tag:
                raise
            number = _number(e)
        if tag:
            self._say(_ANSWER, entry.id, tag + pack("<h", number))

    def _is_connected(self, entry):
        events = entry.poller.poll(0)
        if not events:
            return False
        entry.poller = None
        if events[0][1] & (select.POLLERR | select.POLLHUP):
            number = _ECONNREFUSED
            try:
                entry.sock.recv(1)
            except OSError as e:
                if _number(e) != _EAGAIN:
                    number = _number(e)
            self._fail(entry, number)
        else:
            self._say(_CONNECTED, entry.id)
            self._opened(entry)
        return True

    def _accept(self, entry):
        if entry.incoming or self._count() >= self._limit:
            return False
        try:
            sock, address = entry.sock.accept()
        except OSError as e:
            # None of them is the fault of the socket that listens.
            if _number(e) in (_EAGAIN, _ECONNABORTED, _EMFILE, _ENFILE, _ENOMEM, _ENOBUFS):
                return False
            raise
        entry.incoming = sock
        self._say(_INCOMING, entry.id, _packed(address))
        return True

    def _send(self, entry):
        if not entry.tx:
            return False
        n = entry.trying or min(len(entry.tx), _CHUNK)
        data = bytes(entry.tx[:n])
        entry.trying = n
        try:
            n = entry.sock.send(data)
        except OSError as e:
            if _number(e) == _EAGAIN:
                return False
            raise
        if n is None:
            return False
        entry.trying = 0
        entry.tx = entry.tx[n:]
        entry.owed += n
        return n > 0

    def _receive(self, entry):
        """Send the client what has arrived."""
        if not entry.held and not self._read(entry):
            return False
        cost = len(entry.held) + _COST if entry.is_udp else len(entry.held) - 2
        if cost > entry.credit:
            if cost <= entry.window:
                return False
            # A datagram that never fits.
            entry.held = None
            return True
        if not self._link.send(_OUT, entry.held, False):
            return False
        entry.credit -= cost
        entry.held = None
        return True

    def _read(self, entry):
        if not entry.credit or entry.ended:
            return False
        try:
            if entry.is_udp:
                try:
                    data, address = entry.sock.recvfrom(_MAX_DATAGRAM)
                except OSError:
                    # There is none, or it was too long for the system, or one that was sent came
                    # back.
                    return False
                address = _packed(address)
                entry.held = bytes((_DATAGRAM, entry.id, len(address))) + address + data
                return True
            n = min(entry.credit, _CHUNK)
            data = entry.sock.recv(n)
            if data is None:
                return False
        except OSError as e:
            if _number(e) == _EAGAIN:
                return False
            raise
        if not data:
            entry.ended = True
            self._say(_END, entry.id)
            return False
        entry.held = bytes((_DATA, entry.id)) + data
        return True


def serve(stream, *, sockets=16, buffer=2048, tls=4, expose=None, **options):
    """Serve a client at the other end of a stream, forever."""
    link = Link(stream, **options)
    net = NetServer(link, sockets=sockets, buffer=buffer, tls=tls)
    names = dict(expose or {})
    try:
        import network

        names.setdefault("network", network)
    except ImportError:
        pass
    rpc = link
    if names:
        from .server import Server

        rpc = Server(link, names)
    while True:
        try:
            did = rpc.poll()
            if not net.poll() and not did:
                time.sleep(0.001)
        except MemoryError:
            # The client begins again, with nothing here that is its own.
            link.reset()
