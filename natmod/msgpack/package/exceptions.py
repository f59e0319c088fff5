# SPDX-License-Identifier: MIT
from msgpack import *  # noqa: F401, F403
