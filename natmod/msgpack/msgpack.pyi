# SPDX-License-Identifier: MIT
"""MessagePack for MicroPython.

README.md beside this file is the reference. "Spec" means the MessagePack specification, whose
sections are named in quotes. Lengths of str, bin and ext are in bytes, those of arrays in
elements, those of maps in pairs. Arguments before a "/" are positional-only.

The small flavour has pack, packb, unpack, unpackb, dump, dumps, load, loads, ExtType, ExtraData,
FormatError, StackError, OutOfData, version, and the options default, ext_hook and use_list. Its
ExtType is a namedtuple. All else is in the full flavour only.

Names with a leading underscore exist for type checkers only.
"""

from typing import Any, Callable, Iterator, Literal, Protocol, Sequence, Union

class _Writer(Protocol):
    def write(self, data: bytes, /) -> int | None: ...

class _Reader(Protocol):
    """An object with readinto or read; readinto is preferred."""

    def readinto(self, buffer: bytearray, /) -> int | None: ...

class _RawReader(Protocol):
    def read(self, size: int, /) -> bytes | None: ...

# Any object with the buffer protocol: bytes, bytearray, memoryview, array.array.
_Buffer = Union[bytes, bytearray, memoryview]
_bytes = bytes  # Inside Packer, bytes is a method.
_Stream = Union[_Reader, _RawReader]
_Default = Callable[[Any], Any]
_ExtHook = Callable[[int, bytes], Any]

version: tuple[int, int, int]
"""The version of the module: (major, minor, micro)."""

# Exceptions

class UnpackException(Exception):
    """Base of BufferFull, OutOfData, FormatError and StackError."""

class BufferFull(UnpackException):
    """Unpacker: more bytes would be buffered than max_buffer_size."""

class OutOfData(UnpackException):
    """Unpacker: the next object is not complete yet.

    unpack: the stream ended inside an object; the message says after how many bytes.
    """

class FormatError(ValueError, UnpackException):
    """The byte 0xc1, which spec "Formats" never uses, where an object should begin.

    The message says which byte of the outermost object it is, counted from 0.
    """

class StackError(ValueError, UnpackException):
    """More than max_depth nested containers, when unpacking."""

class ExtraData(ValueError):
    """unpackb: bytes follow the object."""

    unpacked: Any
    """The object."""
    extra: bytes
    """The bytes after it."""

PackException = Exception
PackValueError = ValueError
PackOverflowError = OverflowError
UnpackValueError = ValueError

# Types

class ExtType(tuple[int, bytes]):
    """A type code of the application's own, with data. Spec: "Extension types"."""

    code: int
    data: bytes
    def __init__(self, code: int, data: _Buffer) -> None:
        """code: -128 to 127; in a message, -1 is a timestamp. data: a buffer, stored as bytes.

        Raises ValueError for another code, TypeError if data is no buffer or a str.
        """

class Timestamp:
    """A time: seconds since 1970-01-01 00:00:00 UTC. Spec: "Timestamp extension type".

    The seconds count from 1970 on every board, also where time.time() counts from 2000. Timestamps
    can be compared and hashed.
    """

    seconds: int
    nanoseconds: int
    def __init__(self, seconds: int, nanoseconds: int = 0) -> None:
        """nanoseconds: 0 to 999999999, added to the seconds, also to negative ones.

        Raises TypeError if seconds is no int, ValueError if nanoseconds is out of range.
        """
    @staticmethod
    def from_bytes(data: _Buffer, /) -> Timestamp:
        """From the payload of an ext -1: 4, 8 or 12 bytes. Raises ValueError if malformed."""
    def to_bytes(self) -> bytes:
        """The payload of the ext -1, in the shortest of its three formats.

        Raises OverflowError if the seconds do not fit 64 bits with sign.
        """
    @staticmethod
    def from_unix(seconds: float, /) -> Timestamp:
        """From seconds since 1970, a float or an int. Single precision has steps of 128 s."""
    def to_unix(self) -> float:
        """Seconds since 1970, as a float. Single precision has steps of 128 s."""
    @staticmethod
    def from_unix_nano(nanoseconds: int, /) -> Timestamp:
        """From nanoseconds since 1970."""
    def to_unix_nano(self) -> int:
        """Nanoseconds since 1970."""
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __lt__(self, other: Timestamp, /) -> bool: ...
    def __le__(self, other: Timestamp, /) -> bool: ...
    def __gt__(self, other: Timestamp, /) -> bool: ...
    def __ge__(self, other: Timestamp, /) -> bool: ...

# Packing

def pack(
    obj: Any,
    stream: _Writer,
    /,
    *,
    default: _Default | None = None,
    use_single_float: bool | None = None,
    strict_types: bool = False,
    use_bin_type: bool = True,
    unicode_errors: Literal["strict"] | None = None,
    datetime: Literal[False] = False,
) -> None:
    """Write obj to the stream. Spec: "Serialization: type to format conversion".

    default(obj) replaces an object of another type; its result is not passed to it again.
    An array.array is passed to default if there is one; else its bytes are packed as bin.
    use_single_float: True packs floats as 32 bits, False as 64; None as wide as the firmware's.
    strict_types: subclasses, tuples, namedtuples and OrderedDicts are passed to default.
    use_bin_type=False: the format before 2013, with bytes as str and no str 8.
    unicode_errors, datetime: accepted with the values above only, else ValueError.

    Raises TypeError for an object of another type and for a stream without write, OverflowError
    for an int outside -2**63 to 2**64-1 and for a Timestamp whose seconds do not fit 64 bits with
    sign, ValueError for more than 1024 nested containers, RuntimeError if a container is resized
    meanwhile, OSError(ETIMEDOUT) when the stream accepts nothing for 1000 ms, and exceptions of
    the stream and of default. Nothing has been written if packing fails within the first 240
    bytes of the message.
    """

def packb(
    obj: Any,
    /,
    *,
    default: _Default | None = None,
    use_single_float: bool | None = None,
    strict_types: bool = False,
    use_bin_type: bool = True,
    unicode_errors: Literal["strict"] | None = None,
    datetime: Literal[False] = False,
) -> bytes:
    """obj as bytes. Arguments and errors are those of pack, except the stream's."""

def pack_into(
    obj: Any,
    buffer: bytearray | memoryview,
    /,
    offset: int = 0,
    *,
    default: _Default | None = None,
    use_single_float: bool | None = None,
    strict_types: bool = False,
    use_bin_type: bool = True,
    unicode_errors: Literal["strict"] | None = None,
    datetime: Literal[False] = False,
) -> int:
    """Write obj into the buffer from offset (bytes) on, without heap; returns the bytes written.

    Arguments and errors are those of pack, and ValueError when the offset is negative or the
    buffer too small. The buffer may then hold a part of the message; no byte after it changes.
    """

dump = pack
dumps = packb

class Packer:
    """Packs into a buffer that it reuses. A method that raises appends nothing."""

    def __init__(
        self,
        *,
        default: _Default | None = None,
        use_single_float: bool | None = None,
        strict_types: bool = False,
        use_bin_type: bool = True,
        unicode_errors: Literal["strict"] | None = None,
        datetime: Literal[False] = False,
        autoreset: bool = True,
        buf_size: int = 64,
    ) -> None:
        """The options are those of pack, and:

        autoreset: each method returns the bytes that it packed. False: it appends them to the
        buffer and returns None; reset() empties the buffer.
        buf_size: initial size of the buffer in bytes; it grows. Raises ValueError if negative.
        """
    def pack(self, obj: Any, /) -> _bytes | None:
        """Pack an object. Errors are those of pack, except the stream's.

        A Packer is neither reentrant nor thread-safe: a method that is called while one of the
        same Packer runs raises RuntimeError.
        """
    def pack_array_header(self, n: int, /) -> _bytes | None:
        """Only the header of an array of n elements, 0 to 2**32-1. Raises ValueError."""
    def pack_map_header(self, n: int, /) -> _bytes | None:
        """Only the header of a map of n pairs, 0 to 2**32-1. Raises ValueError."""
    def pack_map_pairs(self, pairs: Sequence[tuple[Any, Any]], /) -> _bytes | None:
        """A map of pairs in their order. pairs must have a len().

        Raises RuntimeError if there are more or fewer pairs than that.
        """
    def pack_ext_type(self, code: int, data: _Buffer, /) -> _bytes | None:
        """An ext: code -128 to 127 (else ValueError), data a buffer (else TypeError)."""
    def bytes(self) -> _bytes:
        """A copy of the buffer's contents."""
    def getbuffer(self) -> memoryview:
        """A memoryview of a copy of the buffer's contents."""
    def reset(self) -> None:
        """Empty the buffer; its memory stays allocated."""

# Unpacking

def unpack(
    stream: _Stream,
    /,
    *,
    ext_hook: _ExtHook | None = None,
    use_list: bool = True,
    object_hook: Callable[[dict[Any, Any]], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[Any, Any]]], Any] | None = None,
    list_hook: Callable[[Any], Any] | None = None,
    raw: bool = False,
    strict_map_key: bool = False,
    timestamp: Literal[0, 1, 2] = 0,
    max_str_len: int = -1,
    max_bin_len: int = -1,
    max_array_len: int = -1,
    max_map_len: int = -1,
    max_ext_len: int = -1,
    max_depth: int = 1024,
    unicode_errors: Literal["strict"] | None = None,
    wait: int = 0,
    timeout: int = 1000,
) -> Any:
    """Read one object from the stream, and no byte after it. Spec: "Deserialization".

    A file, a BytesIO or a StringIO is read ahead unless there is a hook, and then set back.

    ext_hook(code, data) replaces an ext of another code than -1; without one, it is an ExtType.
    object_hook(dict) or object_pairs_hook(list of pairs) replaces each map, the innermost first.
    list_hook(list, or tuple) replaces each array. use_list=False: arrays become tuples.
    raw: str become bytes, unchecked. strict_map_key: map keys must be str or bytes. Tuples in a
    key nest up to 8 (else ValueError).
    timestamp: ext -1 becomes a Timestamp (0), a float of seconds (1) or an int of nanoseconds
    (2) since 1970; 3 is a ValueError.
    max_..._len: maximum length; -1 is no limit other than 2**32-1 and memory.
    max_depth: how many containers may be nested, 1 to 1024 (else ValueError).
    unicode_errors: accepted with the values above only, else ValueError.
    wait: timeout in ms for the first byte; 0 does not wait, -1 waits forever.
    timeout: inter-byte timeout in ms after the first byte; -1 waits forever.

    Raises EOFError if the stream ends before the first byte, OSError(EAGAIN) if that does not
    come within wait, OSError(ETIMEDOUT) for timeout, OutOfData if the stream ends inside the
    object, FormatError, StackError, ValueError for a limit, a key that strict_map_key forbids or a
    malformed timestamp, UnicodeError for invalid UTF-8 (ValueError on firmware without it),
    OverflowError or ValueError for an int or a float that the firmware cannot hold, TypeError for
    an unhashable key and for a stream without readinto and read, and exceptions of the stream and
    of hooks. README.md tells the position of the stream after each.
    """

def unpackb(
    buffer: _Buffer,
    /,
    *,
    ext_hook: _ExtHook | None = None,
    use_list: bool = True,
    object_hook: Callable[[dict[Any, Any]], Any] | None = None,
    object_pairs_hook: Callable[[list[tuple[Any, Any]]], Any] | None = None,
    list_hook: Callable[[Any], Any] | None = None,
    raw: bool = False,
    strict_map_key: bool = False,
    timestamp: Literal[0, 1, 2] = 0,
    max_str_len: int = -1,
    max_bin_len: int = -1,
    max_array_len: int = -1,
    max_map_len: int = -1,
    max_ext_len: int = -1,
    max_depth: int = 1024,
    unicode_errors: Literal["strict"] | None = None,
) -> Any:
    """The one object in the buffer. The options are those of unpack.

    Raises ValueError ("incomplete: 5 bytes") if the object is incomplete, ExtraData if bytes
    follow it, RuntimeError if a hook resizes the buffer (the rest of a memoryview is copied before
    the first hook or the first key that is neither str nor int), and the errors of unpack, except
    the stream's.
    """

load = unpack
loads = unpackb

class Unpacker:
    """Unpacks objects from bytes that are fed to it, or that it reads ahead from a stream.

    Iteration ends when no buffered object is complete; feed more, and iterate again.
    """

    def __init__(
        self,
        file_like: _Stream | None = None,
        *,
        ext_hook: _ExtHook | None = None,
        use_list: bool = True,
        object_hook: Callable[[dict[Any, Any]], Any] | None = None,
        object_pairs_hook: Callable[[list[tuple[Any, Any]]], Any] | None = None,
        list_hook: Callable[[Any], Any] | None = None,
        raw: bool = False,
        strict_map_key: bool = False,
        timestamp: Literal[0, 1, 2] = 0,
        max_str_len: int = -1,
        max_bin_len: int = -1,
        max_array_len: int = -1,
        max_map_len: int = -1,
        max_ext_len: int = -1,
        max_depth: int = 1024,
        unicode_errors: Literal["strict"] | None = None,
        read_size: int = 256,
        max_buffer_size: int = 104857600,
    ) -> None:
        """The options are those of unpack, and:

        file_like: the stream to read; without one, feed() the bytes.
        read_size: bytes to ask the stream for at once, at most 4096; 0 is the default.
        max_buffer_size: maximum of buffered bytes, without decoded objects; 0 is the default.
        """
    def feed(self, data: _Buffer, /) -> None:
        """Append a copy of the data.

        Raises BufferFull, and appends nothing, if max_buffer_size would be exceeded; ValueError
        if the Unpacker has a stream; and an error that an earlier call found in the bytes.
        """
    def unpack(self) -> Any:
        """The next object. Raises OutOfData until it is complete; then call again.

        Errors are those of unpackb and of the stream. After FormatError, StackError or a limit,
        every call raises that class until reset(). After any other, the next call continues after
        the object. An Unpacker is neither reentrant nor thread-safe: a method other than tell that
        is called while one of the same Unpacker runs raises RuntimeError.
        """
    def skip(self) -> None:
        """Skip the next object, without heap. Raises OutOfData, FormatError."""
    def read_array_header(self) -> int:
        """The number of elements of the next object, an array; the elements follow.

        Raises ValueError, and consumes nothing, if it is no array; OutOfData if its header is not
        complete; RuntimeError in the middle of an object. max_array_len does not apply.
        """
    def read_map_header(self) -> int:
        """The number of pairs of the next object, a map; keys and values follow.

        Errors are those of read_array_header. max_map_len does not apply.
        """
    def read_bytes(self, n: int, /) -> bytes:
        """The next n bytes undecoded, or fewer if there are no more.

        Raises RuntimeError in the middle of an object.
        """
    def tell(self) -> int:
        """Bytes consumed so far, including those of an object that is not complete yet."""
    def reset(self) -> None:
        """Discard all bytes, an incomplete object and any error; tell() is 0 again."""
    def __iter__(self) -> Iterator[Any]: ...
    def __next__(self) -> Any: ...
