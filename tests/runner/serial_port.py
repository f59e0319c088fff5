# SPDX-License-Identifier: MIT
"""Opens the serial port of a board."""

import os

from serial import Serial, SerialException
from serial.tools import list_ports

from .paths import TOP  # noqa: F401  (which makes the tools importable)

import remote
from ports import listed, no_access

SPEED = 115200


def ports():
    """The ports of USB devices; a computer's own have no USB number."""
    return sorted(found.device for found in list_ports.comports() if found.vid is not None)


def known():
    return listed(ports())


def find(port):
    """The port that is named, or the only one that there is."""
    if port:
        return port
    names = ports()
    if len(names) != 1:
        raise remote.Failure(f"name the board's port, as in PORT=/dev/ttyACM0 ({known()})")
    return names[0]


def open_port(port):
    """The Serial of the port, locked against other programs, whose descriptor does not block."""
    try:
        opened = Serial(port, SPEED, exclusive=True)
    except (SerialException, OSError) as e:
        raise remote.Failure(no_access(port, known)) from e
    os.set_blocking(opened.fileno(), False)
    return opened
