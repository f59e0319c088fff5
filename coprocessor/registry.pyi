# SPDX-License-Identifier: MIT
from typing import Any

class Reference:
    """Lets an object stay on the server that would be sent by value, such as a list."""

    value: Any
    def __init__(self, value: Any) -> None: ...
