# SPDX-License-Identifier: MIT
"""The server of rpc: runs the requests for what its owner exposes."""

import builtins
import io
import sys
from errno import ECONNRESET, ETIMEDOUT
from struct import pack, unpack, unpack_from

from msgpack import ExtType, packb, unpackb

from .errors import wire
from .output import Output
from .registry import Reference, Registry, is_routine  # noqa: F401
from .rpc import const, Port

# Of no type: any key of a map is taken.
_options = {"strict_map_key": False} if sys.implementation.name == "cpython" else {}

# Requests.
_CALL = const(1)
_GET = const(2)
_READINTO = const(3)
_SET = const(4)
_RELEASE = const(5)
_GETITEM = const(16)
_FOLLOWED = const(0x80)

# Answers.
_VALUE = const(0)
_ERROR = const(1)
_METHOD = const(2)
_DATA = const(3)
_PRINT = const(4)
_REFERS = const(0x80)

# The id of the exposed names.
_ROOT = const(0)

# Codes of ext types.
_EXT_OBJECT = const(112)
_EXT_METHOD = const(113)
_EXT_DATA = const(114)

# Limits.
_MAX_MESSAGE = const(16384)
_MAX_DATA = const(65536)

_LONGEST_NAME = const(64)
_TRACEBACK = 800  # Characters.
_FOREVER = 1000000  # Milliseconds.

# A request: [message, was it too long, its data].


def _exit(target, name=None, args=()):
    if name is None:
        return target.__exit__(None, None, None)
    cls = builtins.__dict__.get(name)
    if not (isinstance(cls, type) and issubclass(cls, Exception)):
        cls = Exception
        args = [name] + list(args)
    e = cls(*args)
    return target.__exit__(type(e), e, None)


def _set_item(target, key, value):
    target[key] = value


def _delete_item(target, key):
    del target[key]


# In the order of their numbers, from _GETITEM on.
_OPERATORS = (
    lambda target, key: target[key],
    _set_item,
    _delete_item,
    iter,
    next,
    lambda target: target.__enter__(),
    _exit,
    str,
    repr,
    len,
    bool,
    lambda target, other: target == other,
    lambda target, value: value in target,
)


class Server(Port):
    """Runs requests of a Client; server.pyi describes its functions."""

    def __init__(
        self,
        link,
        expose,
        *,
        objects=256,
        calls=8,
        memory=_MAX_DATA,
        names=256,
        prints=True,
        let_the_client_import_and_run_anything=False
    ):
        # Names of no object are not interned, so any may be asked for.
        self._expose = dict(expose)
        modules = [value for value in self._expose.values() if type(value) is type(sys)]
        if let_the_client_import_and_run_anything:
            self._expose["import_module"] = _import
            modules = None
        self._registry = Registry(objects, modules)
        self._calls = calls
        self._memory = memory
        self._most_names = names
        self._names = set()
        self._requests = []
        self._size = 0  # Of all requests, with their data.
        self._refused = False
        self._data = None  # Of the request that runs.
        self._output = Output(self._send_output, prints)
        self._running = None  # [number of the call, its session]
        self._open(link, 0)

    def _ended(self):
        self._clear()
        if sys.implementation.name == "cpython":
            # It keeps none.
            self._names.clear()
        self._requests.clear()
        self._size = 0
        self._refused = False
        self._registry.clear()

    # Requests.

    def _take(self, piece, last):
        """A handler of Link."""
        if self._message is None and self._is_full():
            return False
        try:
            return Port._take(self, piece, last)
        except MemoryError:
            self.link.reset()

    def _is_full(self):
        if len(self._requests) >= self._calls or self._size >= self._memory:
            self._refused = True
            return True
        return False

    def _received(self, message, lost, kind, number, id):
        request = [message, lost, None]
        self._size += len(message)
        if kind & _FOLLOWED:
            if len(message) < 11:
                self.link.reset()
                return
            length = unpack_from("<I", message, 7)[0]
            if not 0 < length <= _MAX_DATA:
                self.link.reset()
                return
            view = None
            if length <= self._memory:
                try:
                    request[2] = bytearray(length)
                    view = memoryview(request[2])
                    self._size += length
                except MemoryError:
                    pass
            if view is None:
                request[1] = True
            self._expect(length, view, request)
        else:
            self._filled(request)

    def _filled(self, request):
        self._requests.append(request)

    def poll(self):
        """Serve the link, and run a request if one has arrived. Did anything happen?"""
        try:
            got = self.link.poll()
            if not self._requests:
                return got
            self._next()
        except MemoryError:
            # The client begins again, with nothing here that is its own.
            self.link.reset()
        return True

    def _next(self):
        """Run a request."""
        request = self._requests.pop(0)
        self._size -= len(request[0]) + len(request[2] or b"")
        if self._refused and not self._is_full():
            self._refused = False
            self.link.resume()
        self._run(request)

    def serve(self):
        """Serve forever."""
        link = self.link
        while True:
            session = link.session
            try:
                link.wait(lambda: self._requests, _FOREVER)
                while self._requests:
                    self._next()
            except MemoryError:
                link.reset()
            except OSError as e:
                if link.session == session and e.args[0] != ETIMEDOUT:
                    raise

    def _run(self, request):
        message, lost, self._data = request
        kind, number, id = unpack_from("<BHI", message)
        link = self.link
        session = link.session
        if kind == _RELEASE:
            if not lost:
                for at in range(7, len(message) - 5, 6):
                    self._registry.release(*unpack_from("<IH", message, at))
            return
        self._running = number, session
        new = []  # Slots of the objects that the answer refers to.
        data = None
        try:
            if lost:
                raise MemoryError("request")
            self._output.begin()
            try:
                answer, value = self._value(kind, id, message)
            finally:
                self._output.end()
            if link.session != session:
                return
            if answer == _DATA or self._is_long(value):
                data = value if type(value) is bytes else link.octets(value)
                if len(data) > _MAX_DATA:
                    raise ValueError("more than 65536 bytes")
                payload = b""
                answer = _DATA
            else:
                payload = self._pack(value, new)
                if len(payload) > _MAX_MESSAGE - 7:
                    raise ValueError("the answer is too long")
                if new:
                    answer |= _REFERS
            length = len(data) if data is not None else 0
            message = pack("<BHI", answer, number, length) + payload
        except (Exception, SystemExit) as e:
            if link.session != session:
                return
            self._registry.undo(new)
            new = []
            data = None
            message = pack("<BHI", _ERROR, number, 0) + _failure(e)
        finally:
            self._data = None
        try:
            self._put(1, message, session, data is None)
        except OSError:
            # The client does not listen.
            if link.session == session:
                self._registry.undo(new)
            return
        if data is not None:
            try:
                self._put(3, data, session)
            except OSError:
                if link.session == session:
                    # The client waits for the rest.
                    link.reset()

    def _put(self, channel, data, session, wait=True):
        """Send a message in this session and no other, or queue it if the next one follows."""
        link = self.link
        if link.session != session:
            raise OSError(ECONNRESET)
        if wait or not link.send(channel, data, None):
            link.send(channel, data)

    def _value(self, kind, id, message):
        """(kind of the answer, value) of a request."""
        start = 11 if kind & _FOLLOWED else 7
        kind &= ~_FOLLOWED
        target = self if id == _ROOT else self._registry.find(id)
        args = unpackb(memoryview(message)[start:], ext_hook=self._hook, **_options)
        if kind == _CALL:
            name, kwargs = args[:2]
            function = target if name is None else self._attribute(target, name)
            if function is self:
                raise TypeError("not callable")
            for key in kwargs or ():
                self._admit(key)
            return _VALUE, function(*args[2:], **(kwargs or {}))
        if kind == _GET:
            value = self._attribute(target, args[0])
            if args[1:] == [True]:
                # The client wants the object itself.
                return _VALUE, value
            if len(args) != 1:
                raise TypeError("request")
            return (_METHOD, None) if is_routine(value) else (_VALUE, value)
        if kind == _READINTO:
            return self._readinto(target, *args)
        if target is self:
            raise TypeError("not an object")
        if kind == _SET:
            name, value = args
            self._attribute(target, name)
            if type(target) is type(sys) or is_routine(target):
                raise AttributeError(name)
            setattr(target, name, value)
            return _VALUE, None
        if not _GETITEM <= kind < _GETITEM + len(_OPERATORS):
            raise ValueError("request")
        return _VALUE, _OPERATORS[kind - _GETITEM](target, *args)

    def _admit(self, name):
        """Refuse hidden names, and more than there may be of those that are new here: MicroPython
        keeps each for good."""
        if (
            not isinstance(name, str)
            or name[:1] == "_"
            # CPython's generators and coroutines lead to frames, and these to all modules.
            or name[:3] in ("gi_", "cr_", "ag_", "tb_")
            or len(name) > _LONGEST_NAME
        ):
            raise AttributeError(name)
        if name not in self._names and not _is_interned(name):
            if len(self._names) >= self._most_names:
                raise MemoryError("names")
            self._names.add(name)

    def _attribute(self, target, name):
        if target is self:
            if name not in self._expose:
                raise AttributeError(name)
            return self._expose[name]
        self._admit(name)
        if name[:6] == "format" and (
            isinstance(target, str) or isinstance(target, type) and issubclass(target, str)
        ):
            # CPython's reads attributes that a text names, hidden ones too.
            raise AttributeError(name)
        value = getattr(target, name)
        self._registry.check(value)
        return value

    def _readinto(self, target, name, n):
        """Bytes for the client's buffer, or the result that means that there are none."""
        if not 0 <= n <= min(_MAX_DATA, self._memory):
            raise ValueError("length")
        function = self._attribute(target, name)
        buffer = bytearray(n)
        result = function(buffer)
        if not result:
            return _VALUE, result
        return _DATA, memoryview(buffer)[:result]

    # What messages refer to.

    def _hook(self, code, data):
        """The `ext_hook` of unpackb."""
        if code == _EXT_OBJECT:
            return self._registry.find(unpack("<I", data)[0])
        if code == _EXT_METHOD:
            id = unpack("<I", data[:4])[0]
            target = self if id == _ROOT else self._registry.find(id)
            return self._attribute(target, str(data[4:], "utf-8"))
        if code == _EXT_DATA:
            if self._data is None:
                raise ValueError("no data")
            return self._data
        return ExtType(code, data)

    def _pack(self, value, new):
        def refer(value):
            id = self._registry.add(value)
            new.append(id)
            return ExtType(_EXT_OBJECT, pack("<I", id))

        try:
            return packb(value, default=refer)
        except ValueError as e:
            # The full flavour's StackError is a subclass, which the client may not know.
            raise ValueError(str(e))

    # Output.

    def print(self, *args, **options):
        """Print on the client whose call runs."""
        file = io.StringIO()
        print(*args, file=file, **options)
        self._output.write(file.getvalue())

    def _send_output(self, data):
        number, session = self._running
        header = pack("<BHI", _PRINT, number, 0)
        self._put(1, header + data, session)


def _is_interned(name):
    """Does MicroPython know the name, as that of anything that exists? So it takes no memory."""
    if sys.implementation.name == "cpython":
        return False
    data = name.encode()
    # Others are made anew each time.
    return str(data, "utf-8") is str(data, "utf-8")


def _import(name):
    module = __import__(name)
    for part in name.split(".")[1:]:
        module = getattr(module, part)
    return module


def _failure(e):
    """The payload for an exception."""
    # An OSError is known by its number. CPython has subclasses that others have not.
    name = "OSError" if isinstance(e, OSError) else type(e).__name__
    text = ""
    try:
        text = _traceback(e)
        args = list(e.args)
        if name == "OSError" and args and isinstance(args[0], int):
            args[0] = wire(args[0])
        payload = packb([name, args, text], default=repr)
        if len(payload) <= _MAX_MESSAGE - 7:
            return payload
    except Exception:
        # An argument cannot be sent.
        pass
    try:
        return packb([name, [str(e)[:_TRACEBACK]], text])
    except Exception:
        # Its text cannot be made, or is no Unicode.
        return packb([name, [], ""])


def _traceback(e):
    file = io.StringIO()
    if hasattr(sys, "print_exception"):
        sys.print_exception(e, file)
    else:
        import traceback

        traceback.print_exception(type(e), e, e.__traceback__, file=file)
    return file.getvalue()[-_TRACEBACK:]
