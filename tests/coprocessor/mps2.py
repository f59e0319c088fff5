# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# A client on the emulated Cortex-M3, by its second UART: link and rpc, as its firmware has neither
# select nor socket nor asyncio. The server is CPython's.

import sys

sys.path[:0] = ["tests", "."]

from _service import exposed  # noqa: E402
from check import case, end, eq, skip  # noqa: E402
from runner import install, targets  # noqa: E402
from runner.board import Board  # noqa: E402

from coprocessor.link import Link  # noqa: E402
from coprocessor.server import Server  # noqa: E402

TARGET = targets.select(["mps2-an385-small/armv7m"])[0]
MODULES = "__init__", "client", "framing", "line", "link", "proxy", "rpc"

CLIENT = """
import gc, sys
from uart2 import UART
from coprocessor.client import Client, RemoteError
from coprocessor.link import Link

client = Client(Link(UART(), rx=1024, timeout=60000))
remote = client.remote
print(remote.add(1, 2), remote.echo(1, "a", x=[2.5, None]))
box = remote.Box(1, 2)
print(list(box), len(box), 2 in box, str(box), box[0])
data = bytes(range(250)) * 12
print(box.write(data) == len(data), box.read(3000) == bytes(i & 255 for i in range(3000)))
box.number = 2000
buffer = bytearray(2500)
print(box.readinto(buffer), buffer[1999] == 1999 & 255)
for name in "ValueError", "OSError", "Unknown":
    try:
        box.fail(name, 5)
    except (ValueError, OSError, RemoteError) as e:
        print(type(e).__name__, e.args)
print([n for n in remote.generate(3)], remote.apply(remote.add, 1, 2))
box = entered = None
for _ in range(20):
    gc.collect()
    if not remote.left():
        break
    remote.echo(1, [2], a=3)
print(remote.left(), client.link.session, "select" in sys.modules, "msgpack_full" in sys.modules)
"""

EXPECTED = """\
3 [[1, 'a'], {'x': [2.5, None]}]
[1, 2] 2 True box of 2 1
True True
2000 True
ValueError (5,)
OSError (5,)
RemoteError ('Unknown', 5)
[0, 1, 2] 3
0 1 False False
"""


def serve(stream):
    """At the other end of the UART, until the board is stopped."""
    link = Link(stream, rx=4096)
    names = exposed()
    server = Server(link, names)
    server._expose["left"] = lambda: len(server._registry)
    try:
        server.serve()
    except OSError:
        stream.close()


@case
def calls():
    if not TARGET.interpreter.exists():
        skip("there is no build/mps2-an385: run make interpreter TARGET=mps2-an385")
    board = Board(TARGET, uart2=serve)
    try:
        board.start()
        board.run("import os\nos.mkdir('/lib')\nos.mkdir('/lib/coprocessor')\n", 60)
        files = install.module_files(TARGET, ["msgpack", "finaliserproxy"])
        for file in [*files, install.SUPPORT / "uart2.py"]:
            install.put(board, file, f"/lib/{file.name}")
        for file in install.package_files(["coprocessor"])["coprocessor"]:
            if file.stem in MODULES:
                install.put(board, file, f"/lib/coprocessor/{file.name}")
        eq(board.run(CLIENT, 200), (EXPECTED, ""))
    finally:
        board.stop()


end()
