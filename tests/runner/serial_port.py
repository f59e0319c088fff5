# SPDX-License-Identifier: MIT
"""Opens the serial port of a board."""

import fcntl
import glob
import os
import termios

from .paths import TOP  # noqa: F401  (which makes the tools importable)

import deploy

SPEED = termios.B115200
PATTERNS = ("/dev/ttyACM*", "/dev/ttyUSB*")


def ports():
    return sorted(name for pattern in PATTERNS for name in glob.glob(pattern))


def known():
    names = ports()
    return "there are: " + " ".join(names) if names else "there is none at all"


def find(port):
    """The port that is named, or the only one that there is."""
    if port:
        return port
    names = ports()
    if len(names) != 1:
        raise deploy.Failure(f"name the board's port, as in PORT=/dev/ttyACM0 ({known()})")
    return names[0]


def open_port(port):
    """The file descriptor of the port: raw, not blocking, and locked against other programs."""
    fd = -1
    try:
        fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        # pyserial, and so mpremote, locks its ports in the same way.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _configure(fd)
    except (OSError, termios.error) as e:
        if fd >= 0:
            os.close(fd)
        if isinstance(e, termios.error):
            raise deploy.Failure(f"{port} is no serial port") from None
        raise deploy.Failure(deploy.no_access(port, known)) from None
    return fd


def _configure(fd):
    """8 bits, no parity, no flow control, and no hang-up, which would reset some boards."""
    _, _, cflag, _, _, _, chars = termios.tcgetattr(fd)
    cflag &= ~(termios.CSIZE | termios.PARENB | termios.CSTOPB | termios.CRTSCTS | termios.HUPCL)
    cflag |= termios.CS8 | termios.CREAD | termios.CLOCAL
    termios.tcsetattr(fd, termios.TCSANOW, [0, 0, cflag, 0, SPEED, SPEED, chars])
