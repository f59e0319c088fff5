# SPDX-License-Identifier: MIT
from typing import Any

class Line:
    """Reads and writes a stream without waiting. A Link makes it."""

    def __init__(self, stream: Any) -> None: ...
    def read(self, view: memoryview) -> int:
        """Read into `view` what has arrived; the number of bytes.

        OSError: the stream has failed or ended.
        """
    def write(self, view: memoryview) -> int:
        """Write the beginning of `view`; the number of bytes."""
    def wait(self, ms: int) -> None:
        """Return when there is something to read, and after `ms` milliseconds at the latest."""
