# SPDX-License-Identifier: MIT
"""For firmware without `network`: goes to :lib/."""

from coprocessor.network import __getattr__  # noqa: F401
