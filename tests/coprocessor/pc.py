# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# A PC is the server, with pyserial; here a pseudo-terminal is the serial adapter.

import io
import os
import pty
import socket as real
import sys
import threading
import tty

import serial

sys.path[:0] = ["."]

from check import case, end, eq  # noqa: E402

import coprocessor  # noqa: E402
from coprocessor.netserver import serve  # noqa: E402


@case
def by_pyserial():
    near, far = pty.openpty()
    for fd in near, far:
        tty.setraw(fd)
    os.set_blocking(near, False)

    def run():
        # As README.md has it.
        serve(serial.Serial(os.ttyname(far), 921600, timeout=0), rx=4096)

    threading.Thread(target=run, daemon=True).start()
    link = coprocessor.start(io.FileIO(near, "r+"), rx=4096, timeout=30000)
    import socket

    with real.create_server(("127.0.0.1", 0)) as listener:
        sock = socket.socket()
        sock.connect(listener.getsockname())
        peer = listener.accept()[0]
        data = bytes(range(256)) * 40
        threading.Thread(target=peer.sendall, args=(data,)).start()
        eq(sock.read(len(data)), data)
        sock.write(b"hello")
        sock.close()
        # The server goes on by itself.
        eq(peer.recv(5, real.MSG_WAITALL), b"hello")
        peer.close()
    eq(link.session, 1)


end()
