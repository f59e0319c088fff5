# SPDX-License-Identifier: MIT
"""MessagePack over streams of asyncio. aio.md beside this file is the reference.

Lengths are in bytes. The options are those of msgpack.unpackb and msgpack.packb.
"""

from typing import Any, Protocol

class _Reader(Protocol):
    """asyncio's StreamReader, or an object like it. b"" is the end of the stream."""

    async def read(self, n: int) -> bytes: ...

class _Writer(Protocol):
    """asyncio's StreamWriter, or an object like it."""

    def write(self, data: bytes) -> Any: ...
    async def drain(self) -> Any: ...

class Unpacker:
    """Reads messages from a reader, which nothing else should read.

    max_buffer_size: the longest message. read_size: what one read asks for.
    """

    reader: _Reader
    max_buffer_size: int
    read_size: int
    options: dict[str, Any]
    def __init__(
        self,
        reader: _Reader,
        *,
        max_buffer_size: int = 16384,
        read_size: int = 256,
        **options: Any,
    ) -> None: ...
    async def unpack(self) -> Any:
        """The next message.

        Raises EOFError at the end of the stream, msgpack.OutOfData if that is inside a message,
        ValueError for one of more than max_buffer_size bytes, and what msgpack.unpackb and the
        reader raise.
        """
    def __aiter__(self) -> Unpacker: ...
    async def __anext__(self) -> Any:
        """The next message, up to the end of the stream. Raises what unpack does, but EOFError."""

async def unpack(reader: _Reader, *, max_buffer_size: int = 16384, **options: Any) -> Any:
    """The next message, by an Unpacker that the reader keeps in its attribute msgpack_unpacker."""

async def pack(obj: Any, writer: _Writer, **options: Any) -> None:
    """Write obj, and wait until the stream has taken it.

    Messages of several tasks follow each other, by a lock in the writer's attribute msgpack_lock.
    Raises what msgpack.packb and the writer raise. Nothing is written if packing fails.
    """
