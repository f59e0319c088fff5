# SPDX-License-Identifier: MIT
"""The client of rpc: calls, what they return, and the release of the server's objects."""

import builtins
import sys
from errno import EALREADY, ECONNRESET
from struct import pack

from msgpack import ExtType, packb, unpackb

from .rpc import Port, StaleProxy, const

if sys.implementation.name == "cpython":
    from .errors import local

try:
    from micropython import schedule
except ImportError:
    schedule = None

# Requests.
_CALL = const(1)
_READINTO = const(3)
_RELEASE = const(5)
_FOLLOWED = const(0x80)

# Answers.
_ERROR = const(1)
_METHOD = const(2)
_DATA = const(3)
_PRINT = const(4)
_REFERS = const(0x80)

# The id of the exposed names.
_ROOT = const(0)

# Codes of ext types.
_EXT_OBJECT = const(112)
_EXT_DATA = const(114)

# Limits.
_MAX_MESSAGE = const(16384)
_MAX_DATA = const(65536)

# A call: [state, its answer, the buffer for its data, the session]. The state is the kind of the
# answer, or one of:
_WAITS = const(-1)
_RESET = const(-2)
_LOST = const(-3)

_RELEASES = const(40)  # In one message.
_MAX_EXCESS = const(2800)  # More than one answer can have.


# The client whose proxies are also released while it sends nothing. Neither it nor the function
# may be garbage themselves, as the scheduler's queue keeps nothing alive.
_latest = None


def _flush_latest(_):
    _latest._scheduled = False
    try:
        _latest._flush()
    except (OSError, RuntimeError, MemoryError):
        # The next call raises it, too.
        pass


class RemoteError(Exception):
    """An exception on the server whose class is unknown here: its name, and its arguments."""


class Client(Port):
    """Calls what a Server exposes; client.pyi describes its functions."""

    traceback = ""

    def __init__(self, link, *, proxies=64, calls=8, print=print):
        self._print = print
        self._limit = calls
        self._calls = {}
        self._number = 0
        self._sending = False  # Are data on their way that follow a request?
        self._most = proxies
        self._collect_at = proxies // 2
        # A ring of the ids of proxies that have been collected and not released: from _first,
        # which the program changes, to _last, which finalisers change. These can allocate
        # nothing, so there is place for all proxies, and for half as many that are released late.
        self._dead = [0] * (proxies + proxies // 2 + 1)
        self._first = self._last = 0
        self._live = 0
        self._excess = []  # Ids of objects for which there was no proxy.
        self._scheduled = self._flushing = False
        self._open(link, 1)
        global _latest
        _latest = self

    def _ended(self):
        if self._whose:
            self._whose[0] = _RESET
        self._clear()
        for call in self._calls.values():
            call[0] = _RESET
        self._calls.clear()
        self._excess = []
        self._first = self._last

    @property
    def remote(self):
        """The server's names."""
        from .proxy import Proxy

        return Proxy(self, _ROOT, 0)

    # Calls.

    def call(self, target, name, *args, **kwargs):
        """Call a method of the object of a proxy; without a name, the object."""
        return self._do(*self._request(target, name, args, kwargs))

    def _request(self, target, name, args, kwargs):
        """The arguments of `_do` for a call."""
        if name in ("readinto", "recv_into") and args and not isinstance(args[0], int):
            into = memoryview(args[0])
            n = min(len(into), _MAX_DATA)
            if len(args) > 1 and 0 < args[1] < n:
                n = args[1]
            return _READINTO, target, [name, n], into[:n]
        return _CALL, target, [name, kwargs or None] + list(args), None

    def _do(self, kind, target, args, into=None):
        """Send a request, wait for its answer, and return or raise what is in it."""
        link = self.link
        call = [_WAITS, None, into, link.session]
        if not self._may_begin():
            link.wait(self._may_begin)
        message, data = self._begin(call, kind, target, args)
        number = self._number
        is_sending = False
        try:
            # What follows sends it.
            link.send(0, message, None) or link.send(0, message)
            if data is not None and link.session == call[3]:
                is_sending = True
                link.send(2, data)
                is_sending = False
            if call[0] == _WAITS:
                link.wait(lambda: call[0] != _WAITS)
        finally:
            self._end_call(call, number, is_sending)
        return self._result(call)

    def _may_begin(self):
        return len(self._calls) < self._limit

    def _begin(self, call, kind, target, args):
        """The request of a call, and the data that follows it or None; `_number` is its number."""
        id = target._id
        data = None
        for i, arg in enumerate(args):
            if self._is_long(arg):
                if type(arg) is not bytes:
                    arg = self.link.octets(arg)
                if len(arg) > _MAX_DATA:
                    raise ValueError("too long")
                if self._sending:
                    # The task that sends them does not run while this call waits.
                    raise OSError(EALREADY)
                data = arg
                args[i] = ExtType(_EXT_DATA, b"")
                break
        if self._live >= self._collect_at:
            # Many proxies may have died without a collection.
            self._collect()
        self._flush()
        session = call[3]
        if id and target._session != session:
            raise StaleProxy(id)
        payload = packb(args, default=self._refer)
        if len(payload) > _MAX_MESSAGE - 11:
            raise ValueError("too long")
        if self.link.session != session:
            raise OSError(ECONNRESET)
        number = self._number
        while True:
            number = number + 1 & 0xFFFF
            if number not in self._calls:
                break
        self._number = number
        self._calls[number] = call
        if data is not None:
            kind |= _FOLLOWED
            payload = pack("<I", len(data)) + payload
        return pack("<BHI", kind, number, id) + payload, data

    def _end_call(self, call, number, is_sending):
        """The call has its answer, or has been given up, perhaps while it was sending data."""
        self._calls.pop(number, None)
        if self._whose is call:
            # The buffer is the caller's again. What comes is dropped.
            self._into = self._whose = None
        if is_sending and self.link.session == call[3]:
            # The server waits for the rest.
            self.link.reset()

    # Answers.

    def _received(self, message, lost, kind, number, length):
        """A message has arrived. This runs in a handler of the link."""
        if kind == _PRINT:
            try:
                text = str(message[7:], "utf-8")
            except ValueError:
                text = "?"
            self._print(text, end="")
            return
        call = self._calls.pop(number, None)
        if kind == _DATA:
            view = None
            if call:
                into = call[2]
                if into is None and length <= _MAX_DATA:
                    try:
                        call[1] = bytearray(length)
                        view = memoryview(call[1])
                    except MemoryError:
                        pass
                elif into is not None and length <= len(into):
                    call[1] = length
                    view = into
                if view is None:
                    call[0] = _LOST
                    call = None
            self._expect(length, view, call)
        elif lost and kind & _REFERS:
            self.link.reset()
        elif call:
            call[0] = _LOST if lost else kind
            call[1] = message
        elif kind & _REFERS:
            # Nobody waits for it. The collector finds its proxies.
            try:
                self._decode(message, self.link.session)
            except Exception:
                pass

    def _filled(self, call):
        call[0] = _DATA

    def _result(self, call):
        """Return or raise what is in the answer."""
        kind, value, into, session = call
        if kind == _RESET:
            raise OSError(ECONNRESET)
        if kind == _LOST:
            raise MemoryError("answer")
        if kind == _DATA:
            return bytes(value) if into is None else value
        if kind == _METHOD:
            return self
        if kind & _REFERS and session != self.link.session:
            raise OSError(ECONNRESET)
        value = self._decode(value, session)
        if kind & ~_REFERS == _ERROR:
            raise self._exception(value)
        return value

    def _decode(self, message, session):
        self._of = session
        self._collected = False  # Once a message is enough.
        is_referring = message[0] & _REFERS
        excess = len(self._excess)
        try:
            if sys.implementation.name == "cpython":
                value = unpackb(message[7:], ext_hook=self._hook, strict_map_key=False)
            else:
                value = unpackb(memoryview(message)[7:], ext_hook=self._hook)
        except Exception:
            if is_referring:
                # Which objects it refers to is unknown, so none could be released.
                self.link.reset()
            raise
        if len(self._excess) > excess:
            raise MemoryError("proxies")
        return value

    def _exception(self, value):
        if not (isinstance(value, list) and len(value) == 3 and isinstance(value[1], list)):
            return RemoteError("?")
        name, args, self.traceback = value
        if name == "StaleProxy":
            return StaleProxy(*args)
        if sys.implementation.name == "cpython":
            # Numbers are MicroPython's, and CPython's may be others.
            if name == "OSError" and args and isinstance(args[0], int):
                args[0] = local(args[0])
        # getattr would intern the name, which takes RAM for good.
        cls = builtins.__dict__.get(name) if isinstance(name, str) else None
        if isinstance(cls, type) and issubclass(cls, Exception):
            try:
                return cls(*args)
            except Exception:
                # It takes other arguments.
                pass
        return RemoteError(name, *args)

    # Proxies.

    def _refer(self, value):
        """The `default` of packb."""
        refer = getattr(type(value), "_refer", None)
        if refer is None:
            if isinstance(value, int):
                # Of more than 64 bits.
                raise OverflowError("too long")
            raise TypeError("not sent: " + type(value).__name__)
        return refer(value, self)

    def _hook(self, code, data):
        """The `ext_hook` of unpackb."""
        if code != _EXT_OBJECT:
            return ExtType(code, data)
        from .proxy import Proxy

        if len(data) != 4:
            raise ValueError("id")
        id = int.from_bytes(data, "little")
        if id >> 30:
            # It would not be a small int, with which finalisers can work.
            raise ValueError("id")
        if self._live >= self._most and not self._collected:
            self._collected = True
            self._collect()
        size = len(self._dead)
        if self._live >= self._most or self._live + (self._last - self._first) % size >= size - 1:
            if len(self._excess) > _MAX_EXCESS:
                raise ValueError("proxies")
            self._excess.append(id)
            return None
        return Proxy(self, id, self._of)

    def _collect(self):
        import gc

        gc.collect()
        self._collect_at = (self._live + self._most + 1) // 2

    def _bury(self, id):
        """A proxy has been collected. This runs in the collection: nothing may be allocated."""
        last = self._last
        self._dead[last] = id
        self._last = (last + 1) % len(self._dead)
        if schedule and self is _latest and not self._scheduled:
            try:
                schedule(_flush_latest, None)
                self._scheduled = True
            except RuntimeError:
                # The next message takes it along.
                pass

    def _flush(self):
        """Tell the server of the proxies that have been collected; does not wait."""
        link = self.link
        while link.up and not self._flushing and (self._excess or self._first != self._last):
            self._flushing = True
            try:
                session = link.session
                ids = self._excess[:_RELEASES]
                count = len(ids)
                first = self._first
                while first != self._last and len(ids) < _RELEASES:
                    ids.append(self._dead[first])
                    first = (first + 1) % len(self._dead)
                data = pack("<BHI", _RELEASE, 0, 0)
                for id in ids:
                    data += pack("<IH", id, 1)
                if not link.send(0, data, wait=False):
                    return
                if link.session == session:
                    self._first = first
                    self._excess = self._excess[count:]
            finally:
                self._flushing = False
