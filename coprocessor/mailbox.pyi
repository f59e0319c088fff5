# SPDX-License-Identifier: MIT
from typing import Optional

from .link import Link

class Mailbox:
    """Whole messages of a channel. Keeps none of an earlier session."""

    def __init__(self, link: Link, channel: int, limit: int = 4096) -> None:
        """Data is refused, and so waits at the peer, while the messages kept take `limit` bytes.
        One message may exceed that."""
    def any(self) -> int:
        """The number of messages."""
    def recv(self, timeout: Optional[int] = None) -> bytes:
        """The next message. Waits for it, with the exceptions of Link's functions."""
