# SPDX-License-Identifier: MIT
"""Installs native modules on the board that runs this. docs/installing.md is the reference."""

from typing import Literal

URL: str
"""Where the release is that this file comes from, or "" if make dist was not told."""
VERSION: str
"""The version of that release."""

def install(
    module: str,
    flavour: Literal["small", "full"] | None = None,
    version: str | None = None,
    url: str | None = None,
    target: str | None = None,
) -> str:
    """Install a module of a release into the lib folder, and return the file's path.

    The file is that for this firmware's architecture, or a Python file of the release.
    flavour: None is the one that is installed, else the small one if there is one and fewer than
    65536 bytes of the heap are free. version: another one than that in URL. url: the address of
    the release's folder. target: a folder instead of the first of sys.path that ends with "/lib".

    Needs the firmware's requests (as mip does), hashlib and a network. Raises ValueError if the
    release has no such file, if the firmware loads none, if an import would take something else,
    or without a URL; OSError if something cannot be fetched or written, or does not have the
    checksum of SHA256SUMS. A former file then is as it was.
    """
