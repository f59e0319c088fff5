# SPDX-License-Identifier: MIT
"""Why a serial port cannot be opened, and what to do about it, on Linux, macOS and Windows."""

import os
import sys

# What may hold a port that nobody else is known to use.
OTHERS = {
    "linux": "a terminal, Thonny or ModemManager",
    "darwin": "a terminal or Thonny",
    "win32": "PuTTY, Thonny or a serial monitor",
}


def listed(names):
    if names:
        return "there are: " + " ".join(names)
    return "there is none at all: use a cable that carries data, and look for the board's driver"


def group_of(port):
    """The group whose members may use the port; None if there is no such group."""
    try:
        import grp

        found = os.stat(port)
        name = grp.getgrgid(found.st_gid).gr_name
    except (ImportError, KeyError, OSError):
        return None
    return name if name not in ("root", "wheel") and found.st_mode & 0o060 == 0o060 else None


def may_use(port):
    group = group_of(port)
    if sys.platform.startswith("linux") and group:
        return f"sudo usermod -aG {group} $USER, log out and in again"
    return f"sudo chmod a+rw {port}"


def example():
    """The name of a port, as this system has them."""
    if sys.platform == "darwin":
        return "/dev/cu.usbmodem1101"
    return "COM3" if sys.platform == "win32" else "/dev/ttyACM0"


def is_terminal(port):
    try:
        fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except (OSError, AttributeError):
        # Nothing says that it is none.
        return True
    try:
        return os.isatty(fd)
    finally:
        os.close(fd)


def no_access(port, ports):
    """Why a port cannot be opened; ports() tells which there are, as listed() does."""
    there = os.path.exists(port)
    # Those of Windows are no files.
    if not there and port.upper() not in (names := ports()).split():
        return f"no board at {port}: there is no such port ({names})"
    if there and not os.access(port, os.R_OK | os.W_OK):
        return f"no permission for {port}; run: {may_use(port)}"
    if there and not is_terminal(port):
        return f"{port} is no serial port"
    others = OTHERS.get(sys.platform)
    hint = f" (such as {others})" if others else ""
    return f"{port} is in use by another program{hint}; end that first"
