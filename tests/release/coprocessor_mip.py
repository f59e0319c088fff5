# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The packages of coprocessor/ are installed by mip, from a server on this machine: by
# MicroPython's own for the unix port, where programs of both sides then run from what was
# installed, and, in make test-long, by mpremote onto an emulated board.

import os
import socket
import subprocess
import tempfile
from pathlib import Path

import check
from _release import TOP, at_its_url, board, mpremote, on_board, own_mip, present, release
from _release import served, unix
from check import case, end, eq
from runner import children

INTERPRETER = TOP / "build/unix-x64/micropython"
PACKAGES = {
    # In the one, the small flavour of msgpack.
    "client": ["coprocessor-client", "x64/small/msgpack", "x64/finaliserproxy"],
    "server": ["coprocessor-server", "x64/msgpack"],
}
SERVER = """
import sys
from coprocessor.netserver import serve

class Network:
    def hostname(self):
        return "the server"

serve(open(int(sys.argv[1]), "r+b"), rx=1024, expose={"network": Network()})
"""
CLIENT = """
import sys
import coprocessor
coprocessor.start(open(int(sys.argv[1]), "r+b"), rx=1024, timeout=60000)
import network, socket
print(network.hostname())
s = socket.socket()
s.connect(socket.getaddrinfo("localhost", int(sys.argv[2]))[0][-1])
s.write(b"GET /SHA256SUMS HTTP/1.0\\r\\n\\r\\n")
while s.readline() != b"\\r\\n":
    pass
print(len(s.read()))
print([sys.modules[name].__file__ for name in ("coprocessor", "socket", "finaliserproxy")])
"""


def install(mip, url, packages, lib):
    source = "import mip\n" + "".join(f"mip.install('{url}/{p}.json')\n" for p in packages)
    status, output = unix(source, lib, *mip)
    eq((status, output.count("Done\n")), (0, len(packages)) if status == 0 else output)


def run(folder, *words):
    """What the client prints, with a server at the other end of its stream."""
    ends = socket.socketpair()
    processes = []
    try:
        for stream, (side, source) in zip(ends, [("client", CLIENT), ("server", SERVER)]):
            program = Path(folder, f"{side}.py")
            program.write_text(source)
            stream.setblocking(False)
            processes.append(
                children.start(
                    [INTERPRETER, program, stream.fileno(), *words],
                    env={"MICROPYPATH": f"{folder}/{side}/lib"},
                    pass_fds=[stream.fileno()],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            )
        return processes[0].communicate(timeout=120)[0].decode()
    finally:
        for process in processes:
            children.stop(process)
            process.stdout.close()
        for stream in ends:
            stream.close()


@case
def both_sides_by_micropython_s_own_mip():
    present(INTERPRETER, "unix-x64")
    mip = own_mip()
    with tempfile.TemporaryDirectory() as folder, at_its_url("x64") as url:
        for side, packages in PACKAGES.items():
            install(mip, url, packages, f"{folder}/{side}/lib")
            native = [f"{package.split('/')[-1]}.mpy" for package in packages[1:]]
            eq(sorted(os.listdir(f"{folder}/{side}/lib")), sorted(["coprocessor", *native]))
        size = (release(url, ("x64",)) / "SHA256SUMS").stat().st_size
        lib = f"{folder}/client/lib"
        files = ["coprocessor/__init__.mpy", "coprocessor/socket.mpy", "finaliserproxy.mpy"]
        expected = ["the server", str(size), str([f"{lib}/{file}" for file in files])]
        eq(run(folder, url.rpartition(":")[2]).splitlines(), expected)
        # The files for programs that import socket first.
        install(mip, url, ["coprocessor-drop-in"], lib)
        source = "import network, socket, ssl; print(socket.__file__, socket.SOCK_DGRAM)"
        eq(unix(source, lib), (0, f"{lib}/socket.py 2\n"))


if check.long:

    @case
    def by_mpremote_onto_a_board():
        names = sorted(p.name for p in (release() / "coprocessor").glob("*.mpy"))
        listed = "import os; print(sorted(os.listdir('/lib/coprocessor')))"
        with served(release()) as url, board("mps2-an385/armv7m") as b:
            packages = [f"{url}/coprocessor-{side}.json" for side in PACKAGES]
            module = f"{url}/armv7m/small/msgpack.mpy"
            status, output = mpremote(b, "mip", "install", *packages, module, version="tree")
            eq((status, output.count("Done")), (0, 3) if status == 0 else output)
            eq(eval(on_board(b, listed)), names)
            source = "from coprocessor import link, server; print(link.__file__)"
            eq(on_board(b, source), "/lib/coprocessor/link.mpy\n")
        # The mpremote of Debian 13 wants whole addresses.
        with at_its_url("armv7m") as url, board("mps2-an385/armv7m") as b:
            status, output = mpremote(b, "mip", "install", f"{url}/coprocessor-server.json")
            eq((status, output.count("Done")), (0, 1) if status == 0 else output)


end()
