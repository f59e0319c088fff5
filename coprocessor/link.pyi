# SPDX-License-Identifier: MIT
"""Messages over a line that loses, damages and inserts bytes: each arrives once and in order, or
the session ends."""

from typing import Any, Callable, List, Optional, Union

Buffer = Union[bytes, bytearray, memoryview]
# Called with a piece of a message and whether the message ends with it. The memoryview is valid
# during the call only. False refuses the piece: it comes again later. A handler must not wait for
# the link, so it may call send(..., wait=False), but no other function that takes a timeout.
Handler = Callable[[memoryview, bool], Optional[bool]]

class Link:
    """One end of a line. The thread that makes it owns it; any other gets RuntimeError.

    Times are in milliseconds. Functions with a `timeout` use that of the link if it is None, and
    raise

    - OSError(ETIMEDOUT) after that time,
    - OSError(ECONNRESET) if the session ends meanwhile,
    - RuntimeError in a handler or in another thread,
    - what the stream raises.
    """

    session: int  # Another number after each end of a session.
    up: bool  # Does the peer answer in this session?
    timeout: int
    clock: Callable[[], int]  # Its milliseconds.
    resets: List[Callable[[], None]]  # Called at the end of each session. They must not wait.

    def __init__(
        self,
        stream: Any,
        *,
        rx: int = 256,  # Bytes that the stream's receive buffer holds; 64 to 16384.
        frame: int = 256,  # Longest payload of a frame, either way; takes three times the memory.
        timeout: int = 10000,
        keepalive: int = 10000,  # The session ends when the peer was silent for so long.
        irq: bool = True,  # Serve the link by a scheduled function if the stream has an `irq`.
        clock: Optional[Callable[[], int]] = None,  # Milliseconds; may wrap at a power of 2.
        random: Callable[[], int] = ...,  # 30 bits for the number of a session.
    ) -> None:
        """`stream`: a UART; a socket; a pipe or a file that does not block; on CPython also a
        serial.Serial(timeout=0). One with a function `wait` is taken for a line, see line.pyi.

        ValueError: rx or frame is out of range.
        """
    def poll(self) -> bool:
        """Serve the link: read, call handlers, send what is due. Did anything arrive, or is there
        more to send?

        Never waits. All that takes a timeout calls it. An exception of a handler propagates; the
        handler has had its data then.
        """
    def since(self, start: int) -> int:
        """Milliseconds from a time of the link's clock to the last poll()."""
    def wait(self, ready: Callable[[], Any], timeout: Optional[int] = None) -> None:
        """Serve the link until `ready()` is true."""
    def connect(self, timeout: Optional[int] = None) -> None:
        """Wait until the peer answers, and takes a message."""
    def on(self, channel: int, handler: Optional[Handler]) -> None:
        """Set the handler of a channel, 0 to 255. Data of a channel without one is dropped."""
    def send(
        self,
        channel: int,
        data: Buffer,
        wait: Optional[bool] = True,
        timeout: Optional[int] = None,
    ) -> bool:
        """Send a message of at most 65536 bytes.

        Waits for the peer to answer if it has not. Returns when bytes are on their way, which then
        arrive unless the session ends, and when data of another type has arrived: it may change
        again. After an exception the message has not begun, or the session has ended.

        With wait=False the message is queued (data that is not bytes is copied), or the result is
        False: if the link is not up, or 8 messages are queued. With wait=None it is only queued,
        and sent by what serves the link next.

        ValueError: channel or length is out of range.
        """
    def resume(self) -> None:
        """A handler that has refused data will take it now."""
    def reset(self) -> None:
        """End the session; the next one begins at once. The peer notices."""
    def own(self) -> None:
        """Make the calling thread the owner."""
    def close(self) -> None:
        """Serve the link no more by a scheduled function."""
