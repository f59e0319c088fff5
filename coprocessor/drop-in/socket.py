# SPDX-License-Identifier: MIT
"""For firmware without `socket`: goes to :lib/."""

from coprocessor.socket import *  # noqa: F401, F403
