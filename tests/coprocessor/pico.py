# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# long: host
#
# A link over the emulated Pico's own machine.UART, with CPython at the other end.

import contextlib
import os
import socket
import sys
import tempfile
import threading
from pathlib import Path

sys.path[:0] = ["tests", "tests/harness", "."]

import _peer  # noqa: E402
from check import case, end, eq, note, true  # noqa: E402
from lib import pico  # noqa: E402
from runner import install  # noqa: E402

BEGIN = """
import time
from machine import UART
from coprocessor.link import Link
from coprocessor.mailbox import Mailbox
ECHO, TAKE, SEND = 1, 2, 3
BAUD = 921600
link = Link(UART(0, BAUD, rxbuf=4096), rx=4096, timeout=30000)
boxes = {channel: Mailbox(link, channel, 8192) for channel in (ECHO, TAKE, SEND)}
link.connect()
"""

ECHOES = """
for size in 0, 1, 255, 256, 257, 5000:
    data = bytes(range(251)) * 20
    data = data[:size]
    link.send(ECHO, data)
    assert boxes[ECHO].recv() == data, size
print("echoes", link.session)
"""

# The program is busy: the scheduled function of the UART's interrupt serves the link.
BUSY = """
link.send(ECHO, b"not asked for")
began = time.ticks_ms()
while not boxes[ECHO].any() and time.ticks_diff(time.ticks_ms(), began) < 20000:
    pass
print("busy", boxes[ECHO].any())
link.close()
"""

# How much a program's heap grows.
RAM = """
import gc, time
from machine import UART
uart = UART(0, 921600)

def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()

used()
before = used()
from coprocessor.link import Link
code = used()
link = Link(uart)
print(code - before, used() - code)
"""

COUNT = 20
RATES = """
block = bytes(1024)
count = %d

def percent(took):
    return count * 1024 * 10 * 100 * 1000000 // (BAUD * took)

begin = time.ticks_us()
for _ in range(count):
    link.send(TAKE, block)
link.send(TAKE, b"")
taken = int(boxes[TAKE].recv())
out = percent(time.ticks_diff(time.ticks_us(), begin))
begin = time.ticks_us()
link.send(SEND, b"1024 %d" % count)
for _ in range(count):
    assert len(boxes[SEND].recv()) == 1024
back = percent(time.ticks_diff(time.ticks_us(), begin))
begin = time.ticks_us()
for _ in range(20):
    link.send(ECHO, b"x" * 20)
    boxes[ECHO].recv()
trip = time.ticks_diff(time.ticks_us(), begin) // 20
print(taken, link.session, out, back, trip)
""".replace(
    "%d", str(COUNT), 1
)


def install_package(device):
    device.run("import os\nos.mkdir('/lib')\nos.mkdir('/lib/coprocessor')\n", 60)
    for files in install.package_files(["coprocessor"]).values():
        for file in files:
            install.put(device, file, f"/lib/coprocessor/{file.name}")


@contextlib.contextmanager
def started(*options):
    """A board that has the package."""
    device = pico.board(*options)
    try:
        device.start()
        install_package(device)
        yield device
    finally:
        device.stop()


def with_process(source):
    """(output, error) of a program on a board whose UART 0 leads to a peer in this process."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "uart0")
        done = threading.Event()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            listener.settimeout(60)

            def serve():
                with listener.accept()[0] as stream:
                    _peer.serve(stream, done.is_set, rx=4096)

            thread = threading.Thread(target=serve)
            thread.start()
            with contextlib.ExitStack() as at_end:
                at_end.callback(thread.join)
                device = at_end.enter_context(started("--uart0", path))
                at_end.callback(done.set)
                return device.run(source, 300)


SERVER = """
from machine import UART
import _peer
_peer.serve(UART(0, 921600, rxbuf=4096), bool, rx=4096)
"""


def with_board(source):
    """(output, error) of a program on a board whose UART 0 leads to that of another board."""
    with tempfile.TemporaryDirectory() as folder:
        flash = os.path.join(folder, "flash")
        with started("--flash", flash) as device:
            install.put(device, Path("tests/coprocessor/_peer.py"), "/lib/_peer.py")
            device.run(f"with open('main.py', 'w') as f:\n    f.write({SERVER!r})\n", 60)
        with started("--second", flash) as device:
            return device.run(source, 300)


@case
def with_a_process():
    eq(with_process(BEGIN + ECHOES + BUSY), ("echoes 1\nbusy 1\n", ""))


@case
def memory():
    output, error = with_process(RAM)
    eq(error, "")
    code, link = map(int, output.split())
    note(f"{code} bytes of the Pico's heap for bytecode, {link} for a link")
    true(code < 6400 and link < 1700)


@case
def with_another_board():
    output, error = with_board(BEGIN + RATES)
    eq(error, "")
    taken, session, out, back, trip = map(int, output.split())
    eq((taken, session), (COUNT * 1024, 1))
    note(f"{out} % of the line rate out, {back} % in, {trip} us for a message and its echo")
    true(out >= 75 and back >= 75)


end()
