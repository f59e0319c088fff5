# SPDX-License-Identifier: MIT
"""MessagePack over streams of asyncio, with either flavour of msgpack; aio.md is the reference."""

import asyncio

import msgpack

# What follows the first bytes 0xc0 to 0xdf: in the low 5 bits a number of bytes, in the high 3 the
# size of a length. From 0xdc on, the length counts elements, or pairs, instead of bytes.
_FORMS = (
    b"\x00\x00\x00\x00\x20\x40\x80\x21\x41\x81\x04\x08\x01\x02\x04\x08"
    b"\x01\x02\x04\x08\x02\x03\x05\x09\x11\x20\x40\x80\x40\x80\x40\x80"
)


class Unpacker:
    """Reads messages from a reader: `await unpacker.unpack()`, or `async for`.

    reader has a coroutine `read(n)`. max_buffer_size: bytes of the longest message; a longer one
    is a ValueError. read_size: bytes of one read. options are those of msgpack.unpackb.
    """

    def __init__(self, reader, *, max_buffer_size=16384, read_size=256, **options):
        self.reader = reader
        self.max_buffer_size = max_buffer_size
        self.read_size = read_size
        self.options = options
        self._drop()

    def _drop(self):
        self._buf = bytearray()
        self._begin()

    def _begin(self):
        self._pos = 0  # Where the next header is, or will be;
        self._left = 1  # so many objects begin there and later.

    def _is_whole(self):
        """Whether all of the message is there, which ends at _pos then."""
        buf = self._buf
        have = len(buf)
        pos = self._pos
        left = self._left
        while left and pos < have:
            first = buf[pos]
            end = pos + 1
            if 0x80 <= first < 0xE0:
                if first >= 0xC0:
                    if first == 0xC1:
                        raise msgpack.FormatError("0xc1")
                    form = _FORMS[first - 0xC0]
                    end += form >> 5
                    if end > have:
                        break
                    size = int.from_bytes(buf[pos + 1 : end], "big")
                    end += form & 31
                    if first < 0xDC:
                        end += size
                    else:
                        left += size << (first >> 1 & 1)
                elif first < 0xA0:
                    left += (first & 15) << (first < 0x90)
                else:
                    end += first & 31
            left -= 1
            pos = end
            # Each of them takes a byte at least.
            if pos + left > self.max_buffer_size:
                raise ValueError("longer than max_buffer_size")
        self._pos = pos
        self._left = left
        return not left and pos <= have

    async def _is_there(self):
        """Whether there is a message, when all of it or the end has come."""
        try:
            while not self._is_whole():
                data = await self.reader.read(self.read_size)
                if data:
                    self._buf += data
                elif self._buf:
                    raise msgpack.OutOfData
                else:
                    return False
        except (ValueError, OverflowError, MemoryError, msgpack.OutOfData):
            self._drop()
            raise
        return True

    async def unpack(self):
        """The next message.

        Raises EOFError at the end of the stream, msgpack.OutOfData if that is inside a message,
        and what the reader and msgpack.unpackb raise.
        """
        if not await self._is_there():
            raise EOFError
        return self._take()

    def _take(self):
        buf = self._buf
        pos = self._pos
        self._buf = buf[pos:]
        self._begin()
        return msgpack.unpackb(memoryview(buf)[:pos], **self.options)

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not await self._is_there():
            raise StopAsyncIteration
        return self._take()


async def unpack(reader, *, max_buffer_size=16384, **options):
    """The next message of a reader, as by an Unpacker that the reader keeps from call to call."""
    try:
        unpacker = reader.msgpack_unpacker
    except AttributeError:
        unpacker = reader.msgpack_unpacker = Unpacker(reader)
    unpacker.max_buffer_size = max_buffer_size
    unpacker.options = options
    return await unpacker.unpack()


async def pack(obj, writer, **options):
    """Write obj to a writer with options of msgpack.packb; wait until the stream has taken it.

    Messages of several tasks follow each other. Nothing is written if packing fails.
    """
    data = msgpack.packb(obj, **options)
    try:
        lock = writer.msgpack_lock
    except AttributeError:
        lock = writer.msgpack_lock = asyncio.Lock()
    async with lock:
        writer.write(data)
        await writer.drain()
