# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# A release is installed by mip, from a server on this machine: by mpremote onto an emulated board,
# and by MicroPython's own mip.

import hashlib
import os
import tempfile

from _release import MODULES, at_its_url, board, mpremote, on_board, own_mip, release, served
from _release import sha256_on_board, unix
from _sandbox import MPY_DIR as TREE
from check import case, end, eq, true

BOARD, ARCH = "mps2-an385/armv7m", "armv7m"
FORGET = "import os\nfor f in os.listdir('/lib'):\n    os.remove('/lib/' + f)\n"
USE = """
import msgpack
print(msgpack.__file__, msgpack.unpackb(msgpack.packb({1: [2]})))
"""


USE_BOTH = """
import msgpack
print(msgpack.__version__[-6:], msgpack.Packer().pack(1)[0] == 1)
"""


# What code for CPython may import.
AS_PACKAGE = """
import msgpack.exceptions
from msgpack.exceptions import BufferFull, ExtraData, OutOfData
from msgpack.ext import ExtType, Timestamp
import msgpack, msgpack_aio
print(msgpack.__file__, msgpack.exceptions.FormatError is msgpack.FormatError)
print(msgpack.unpackb(msgpack.packb(ExtType(1, b"a"))) == ExtType(1, b"a"))
"""


def sha256(module, arch=ARCH, folder=""):
    file = release() / arch / folder / f"{module}.mpy"
    return hashlib.sha256(file.read_bytes()).hexdigest()


def installed(board, folder=""):
    """The modules on the board, each checked to be that of the release; then they are removed."""
    names = on_board(board, "import os; print(*os.listdir('/lib'))").split()
    for name in names:
        eq(
            sha256_on_board(board, f"/lib/{name}"),
            sha256(name.removesuffix(".mpy"), folder=folder),
        )
    on_board(board, FORGET)
    return sorted(names)


@case
def by_mpremote_onto_a_board():
    both = [f"{module}.mpy" for module in MODULES]
    with served(release()) as url, board(BOARD) as b:
        status, output = mpremote(
            b, "mip", "install", f"{url}/{ARCH}/msgpack.json", version="tree"
        )
        eq((status, output.splitlines()[-1]), (0, "Done"))
        eq(on_board(b, USE), "/lib/msgpack.mpy {1: [2]}\n")
        eq(installed(b), ["msgpack.mpy"])

        # The folder's package is both.
        eq(mpremote(b, "mip", "install", f"{url}/{ARCH}", version="tree")[0], 0)
        eq(installed(b), both)

        # The small flavour, and the full one beside it.
        for name in ("msgpack", "msgpack_full"):
            package = f"{url}/{ARCH}/small/{name}.json"
            eq(mpremote(b, "mip", "install", package, version="tree")[0], 0)
        eq(on_board(b, USE_BOTH), "+small True\n")
        eq(installed(b, "small"), ["msgpack.mpy", "msgpack_full.mpy"])

        # The mpremote of Debian 13 knows no relative addresses, but takes the files themselves.
        address = f"{url}/{ARCH}/finaliserproxy.mpy"
        eq(mpremote(b, "mip", "install", address)[0], 0)
        eq(installed(b), ["finaliserproxy.mpy"])
        status, output = mpremote(b, "mip", "install", f"{url}/{ARCH}/msgpack.json")
        eq(status, 1)
        true("ValueError: unknown url type: 'msgpack.mpy'" in output or print(output))


@case
def by_micropython_s_own_mip():
    mip = own_mip()
    with served(release()) as url, tempfile.TemporaryDirectory() as folder:
        lib = os.path.join(folder, "lib")
        source = f"import mip; mip.install('{url}/x64/msgpack.mpy')"
        eq(unix(source, lib, *mip)[0], 0)
        with open(os.path.join(lib, "msgpack.mpy"), "rb") as f:
            eq(hashlib.sha256(f.read()).hexdigest(), sha256("msgpack", "x64"))
        eq(unix(USE, lib), (0, f"{lib}/msgpack.mpy {{1: [2]}}\n"))


@case
def msgpack_as_a_package():
    mip = own_mip()
    with at_its_url("x64") as url, tempfile.TemporaryDirectory() as folder:
        lib = os.path.join(folder, "lib")
        for package in "x64/msgpack-package.json", "msgpack_aio.json":
            status, output = unix(f"import mip; mip.install('{url}/{package}')", lib, *mip)
            eq(status, 0 if status == 0 else output)
        aio = os.path.join(TREE, "extmod")
        eq(unix(AS_PACKAGE, lib, aio), (0, f"{lib}/msgpack/__init__.mpy True\nTrue\n"))


end()
