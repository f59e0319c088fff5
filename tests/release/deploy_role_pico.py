# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# long: host
# timeout: 900
#
# `make deploy ROLE=client` on the emulated Pico. Then the program that it prints connects to a
# server of the unix port, which has the package of the other side, and fetches a page.

import contextlib
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from _release import TOP, board, mpremote, on_board, present, release, served
from check import case, end, eq, true
from runner import children

import deploy_role
import roles

INTERPRETER = TOP / "build/unix-x64/micropython"
# There is no radio.
SERVER = """
import sys
from coprocessor.netserver import serve

class WLAN:
    def __init__(self, interface):
        self.known = interface == 0

    def active(self, on):
        self.on = on

    def connect(self, name, password):
        self.name = name

    def isconnected(self):
        return self.known and self.on and self.name == "name"

class Network:
    STA_IF = 0
    WLAN = WLAN

serve(open(int(sys.argv[1]), "r+b"), rx=4096, expose={"network": Network()})
"""
PAGE = """
print(wlan.isconnected())
s = socket.socket()
s.connect(socket.getaddrinfo("localhost", PORT)[0][-1])
s.write(b"GET /index.json HTTP/1.0\\r\\n\\r\\n")
while s.readline() != b"\\r\\n":
    pass
n = 0
while True:
    data = s.read(1024)
    if not data:
        break
    n += len(data)
s.close()
print(n, socket.__file__)
"""
# What a program gets that imports socket first.
EARLY = "import socket; print(socket.__file__, socket.SOCK_STREAM)"


def make(*words):
    """(status, output) of `make deploy`."""
    result = subprocess.run(
        ["make", "-C", TOP, "deploy", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return result.returncode, result.stdout


def start_server(at_end, folder, wire):
    lib = Path(folder, "lib")
    lib.mkdir()
    shutil.copy(release() / "x64/msgpack.mpy", lib)
    for name in roles.needs(TOP / "build", "server")[0]:
        Path(lib, roles.file(name)).parent.mkdir(exist_ok=True)
        shutil.copy(release() / roles.file(name), lib / roles.file(name))
    wire.setblocking(False)
    process = children.start(
        [INTERPRETER, "-c", SERVER, wire.fileno()],
        env={"MICROPYPATH": str(lib)},
        pass_fds=[wire.fileno()],
    )
    at_end.callback(children.stop, process)


@case
def a_client():
    present(INTERPRETER, "unix-x64")
    with contextlib.ExitStack() as at_end:
        folder = at_end.enter_context(tempfile.TemporaryDirectory())
        url = at_end.enter_context(served(release()))
        listener = at_end.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(f"{folder}/uart0")
        listener.listen()
        b = at_end.enter_context(board("rpi-pico", "--uart0", f"{folder}/uart0"))
        start_server(at_end, folder, at_end.enter_context(listener.accept()[0]))
        on_board(b, "f = open('/main.py', 'w'); f.write('x = 1'); f.close()")

        status, output = make("ROLE=client", "SMALL=1", f"PORT={b.pty}")
        eq(status, 0 if status == 0 else output)
        true("coprocessor: link, socket, client work, and take" in output or print(output))
        status, output = make("ROLE=client", f"PORT={b.pty}")
        eq((status, "copied" in output), (0, False) if status == 0 else output)
        status, output = make("ROLE=server", f"PORT={b.pty}")
        true(status != 0 and "no network and no socket" in output or print(output))
        listed = "import os; print(sorted(os.listdir('/lib')), open('/main.py').read())"
        drop_in = [f"{name}.py" for name in roles.DROP_IN]
        names = sorted(["coprocessor", "finaliserproxy.mpy", "msgpack.mpy", *drop_in])
        eq(on_board(b, listed), f"{names} x = 1\n")

        program = deploy_role.PROGRAMS["client"].replace("UART(1,", "UART(0,")
        source = f"PORT = {url.rpartition(':')[2]}\n{program}{PAGE}"
        b.enter()
        b.soft_reset()
        output, error = b.run(source, 300)
        eq(error, "")
        size = (release() / "index.json").stat().st_size
        eq(output, f"True\n{size} /lib/coprocessor/socket.mpy\n")
        eq(mpremote(b, "exec", EARLY), (0, "/lib/socket.py 1\n"))


end()
