# SPDX-License-Identifier: MIT
# One end of a line, in a program: PROGRAM ROLE FD ...

import sys


def stream():
    fd = int(sys.argv[2])
    if sys.implementation.name == "cpython":
        from socket import socket

        return socket(fileno=fd)
    return open(fd, "r+b")


def serve(**options):
    """Be the co-processor, if that is the process's role."""
    if sys.argv[1] == "server":
        from coprocessor.netserver import serve

        serve(stream(), **options)
