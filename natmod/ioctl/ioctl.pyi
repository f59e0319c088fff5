# SPDX-License-Identifier: MIT
"""The control operation of MicroPython's stream protocol."""

from typing import Final

FLUSH: Final = 1
"""Write out what is buffered. Takes no argument; the result is 0."""
SEEK: Final = 2
"""Move to a position. Takes (offset, whence); the result is the position in bytes."""
POLL: Final = 3
"""What the stream is ready for. Takes and returns flags: 1 to be read, 4 to be written; the result
may also have 8 (error), 16 (hung up) and 32 (not open). They are those of the module select."""
CLOSE: Final = 4
"""Close the stream. Takes no argument; the result is 0."""
GET_OPTS: Final = 6
"""The stream's options. Takes no argument; no stream of MicroPython's own has any."""
SET_OPTS: Final = 7
"""Set the stream's options. Takes them; no stream of MicroPython's own has any."""
GET_DATA_OPTS: Final = 8
"""Options of the data last read. Takes no argument. Of a websocket, the opcode of the frame."""
SET_DATA_OPTS: Final = 9
"""Set the options of data to be written. Takes them, and the result is what they were. Of a
websocket they are the opcode of frames: 1 for text, 2 for binary."""
GET_FILENO: Final = 10
"""The number of the underlying file (unix). Takes no argument."""
GET_BUFFER_SIZE: Final = 11
"""How many bytes are best read at once. Takes no argument; 0 for no preference."""

def ioctl(stream: object, request: int, arg: int | tuple[int, int] = 0, /) -> int:
    """Have a stream do a request, which is one of the constants, and return the result.

    `stream` is a native stream (a file, socket, UART, io.BytesIO, ...), an instance of a Python
    class derived from one, or of one derived from io.IOBase, whose method `ioctl(request, arg)` is
    called.

    `arg` is an int that fits a signed machine word (32 bits on boards), for SEEK a tuple
    (offset, whence): offset in bytes; whence 0 from the start, 1 from the position, 2 from the
    end.

    Raises OSError if the stream refuses the request (EINVAL if it does not have it, or for a
    negative offset from the start or another whence; EIO if it does not say why), TypeError if
    `stream` is no stream with ioctl or an argument has the wrong type, ValueError for other
    requests, for an int that does not fit, and for most streams that are closed. What a method
    written in Python raises propagates.
    """
