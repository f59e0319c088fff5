# SPDX-License-Identifier: MIT
"""For firmware without `tls`: goes to :lib/."""

from coprocessor.tls import *  # noqa: F401, F403
