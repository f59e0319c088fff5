# SPDX-License-Identifier: MIT
# The stock board's frozen modules, without the four drivers of micropython-lib.
freeze("$(PORT_DIR)/modules")  # noqa: F821
include("$(MPY_DIR)/extmod/asyncio")  # noqa: F821
