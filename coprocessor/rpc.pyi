# SPDX-License-Identifier: MIT
class StaleProxy(Exception):
    """The object was on the server in an earlier session, or has been released."""
