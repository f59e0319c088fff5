# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# tools/deploy.py --role: which files a board gets to be a side of the co-processor, and what is
# said of boards that cannot. deploy_role_pico.py does it on an emulated board.

import re
from types import SimpleNamespace

import _direct
import _fake
from _release import TOP, refused, release
from check import case, end, eq, true

import roles

NONE, ARMV6M, XTENSAWIN = 0, 4, 10
README = (TOP / "coprocessor/README.md").read_text()
OWN = {"/main.py": b"main", "/boot.py": b"boot"}
DROP_IN = sorted(path.name for path in TOP.glob("coprocessor/drop-in/*.py"))


def module(name):
    return SimpleNamespace(__file__=f"/lib/{name.replace('.', '/')}.mpy", __version__="0.1.0")


def fake(*has, arch=ARMV6M, version=(1, 25, 0, ""), mpy=None, lacks=(), **options):
    """A board with a UART, whose firmware has some modules, and with files of its user's."""
    mpy = 6 | 3 << 8 | arch << 10 if mpy is None else mpy
    parts = "link socket client netserver server".split()
    names = ["msgpack", "finaliserproxy", *(f"coprocessor.{part}" for part in parts)]
    modules = {name: module(name) for name in names}
    modules["machine"] = SimpleNamespace(UART=None)
    modules.update({name: SimpleNamespace() for name in has})
    for name in lacks:
        del modules[name]
    board = _fake.Board(_fake.implementation(version, mpy), **{"free": 1000, **options}, **modules)
    board.files.update(OWN)
    return board


def with_network(*has, **options):
    return fake("network", "socket", "ssl", *has, arch=XTENSAWIN, **options)


def tried(board, role, *options):
    return _direct.deploy(board, "--from", str(release()), "--role", role, *options, "")


def deployed(board, role, *options):
    """What is printed; fail unless it has worked."""
    status, output = tried(board, role, *options)
    eq(status, 0 if status == 0 else output)
    return output


def files(board):
    """The names of the files that are not the user's, in :lib."""
    eq({name: board.files[name] for name in OWN}, OWN)
    return sorted(name.removeprefix("/lib/") for name in board.files if name not in OWN)


def expected(role, *others):
    """Those of the package, and others."""
    names, _ = roles.needs(TOP / "build", role)
    return sorted([f"coprocessor/{name}.mpy" for name in names] + list(others))


NATIVE = "msgpack.mpy", "finaliserproxy.mpy"


@case
def native_modules():
    for role in roles.ROLES:
        eq(roles.needs(TOP / "build", role)[1], sorted(roles.ROLES[role].native))


@case
def a_client():
    board = fake()
    output = deployed(board, "client")
    eq(files(board), expected("client", *NATIVE, *DROP_IN))
    for name in ("coprocessor/link.mpy", "armv6m/msgpack.mpy", "coprocessor/drop-in/socket.py"):
        place = "/lib/" + re.sub("armv6m/|coprocessor/drop-in/", "", name)
        eq(board.files[place], (release() / name).read_bytes())
    size = sum(len(data) for name, data in board.files.items() if "coprocessor/" in name)
    count = len(expected("client"))
    for words in (
        "msgpack: the full flavour, as 195 KB of RAM are free; SMALL=1 takes the small one\n",
        f"coprocessor: copied {count} files to :/lib/coprocessor, {size} bytes\n",
        "socket: copied to :/lib/socket.py",
        "coprocessor: link, socket, client work, and take 300 bytes of RAM\n",
        "For the other board: make deploy ROLE=server PORT=...",
    ):
        true(words in output or print(output))
    # With little RAM, the small flavour.
    board = fake(ram=50_000)
    deployed(board, "client")
    small = (release() / "armv6m/small/msgpack.mpy").read_bytes()
    eq(board.files["/lib/msgpack.mpy"], small)


@case
def once_more():
    board = fake()
    deployed(board, "client")
    before = dict(board.files)
    output = deployed(board, "client")
    eq((board.files, "copied" in output), (before, False))
    for words in ("coprocessor: is in :/lib/coprocessor", "socket: is at :/lib/socket.py"):
        true(f"{words} already\n" in output or print(output))
    # A file by which programs find the client is no network of the board's own.
    refused(tried(board, "server"), "no network and no socket")

    # Another version of one file.
    board.files["/lib/coprocessor/link.mpy"] = b"M"
    refused(
        tried(board, "client"), ":/lib/coprocessor/link.mpy on the board is another", "FORCE=1"
    )
    eq(board.files["/lib/coprocessor/link.mpy"], b"M")
    output = deployed(board, "client", "--force")
    size = len(before["/lib/coprocessor/link.mpy"])
    true(f"coprocessor: copied 1 file to :/lib/coprocessor, {size} bytes\n" in output)
    eq(board.files, before)

    # A file of the user's own.
    board.files["/lib/socket.py"] = b"import mine"
    refused(tried(board, "client"), ":/lib/socket.py on the board is another file", "FORCE=1")


@case
def a_client_that_has_modules_of_its_own():
    board = fake("network", "socket", *(name.removesuffix(".py") for name in DROP_IN))
    deployed(board, "client")
    eq(files(board), expected("client", *NATIVE))
    # Those that it has not.
    board = fake("network", "socket")
    deployed(board, "client")
    eq(files(board), expected("client", *NATIVE, *set(DROP_IN) - {"network.py", "socket.py"}))


@case
def a_client_without_native_code():
    board = fake(arch=NONE, lacks=["msgpack", "finaliserproxy"])
    output = deployed(board, "client")
    eq(files(board), expected("client", *DROP_IN))
    for words in ("no network and no rpc", "coprocessor: link, socket work, and take 200 bytes"):
        true(words in output or print(output))


@case
def a_server():
    board = with_network(lacks=["finaliserproxy", "coprocessor.socket", "coprocessor.link"])
    output = deployed(board, "server")
    eq(files(board), expected("server", "msgpack.mpy"))
    eq(board.files["/lib/msgpack.mpy"], (release() / "xtensawin/msgpack.mpy").read_bytes())
    for words in (
        "coprocessor: netserver, server work, and take 200 bytes of RAM\n",
        "For the other board: make deploy ROLE=client PORT=...",
    ):
        true(words in output or print(output))


@case
def a_program_to_paste():
    for role, board in (("client", fake()), ("server", with_network())):
        output = deployed(board, role)
        program = output[output.index("as they were:") :].split("\n", 1)[1]
        program = program[: program.index("For the other")].strip("\n")
        program = "".join(line[4:] + "\n" for line in program.splitlines())
        eq(f"```python\n{program}```" in README, True)


@case
def firmware_that_cannot():
    for role in roles.ROLES:

        def cannot(board, *words):
            refused(tried(board, role), *words)
            eq(files(board), [])

        cannot(with_network(version=(1, 24, 1, "")), "v1.24.1", "v1.25 or later", "update it")
        cannot(with_network(mpy=0), "loads no .mpy files")
        cannot(with_network(mpy=7 | XTENSAWIN << 10), "version 7", "have 6:", "newer release")
        cannot(with_network(mpy=6 | 2 << 8 | XTENSAWIN << 10), "version 6.2", "have 6.3")
        cannot(with_network(lacks=["machine"]), "no machine.UART", "take a board")
        board = with_network()
        board.modules["machine"] = SimpleNamespace()
        cannot(board, "no machine.UART")
        cannot(with_network(path=[""]), "no lib folder")
        cannot(with_network(free=None), "no file system")
        cannot(with_network(free=20), "no space: ", "coprocessor", "mpremote rm")


@case
def boards_that_cannot_be_a_server():
    for has, words in (
        ((), "no network and no socket:"),
        (("network",), "no socket:"),
        (("socket",), "no network:"),
    ):
        board = fake(*has)
        refused(tried(board, "server"), words, "such as an ESP32", "make deploy ROLE=client")
        eq(files(board), [])
    board = with_network(mpy=6)
    refused(tried(board, "server"), "loads no native code")
    eq(files(board), [])


@case
def files_that_hide_others():
    def hidden(board, role, name, *words):
        board.files[name] = b""
        refused(tried(board, role), f":{name} on the board hides", f"mpremote rm :{name}", *words)
        del board.files[name]
        eq(files(board), [])

    hidden(fake(), "client", "coprocessor.py", ":/lib/coprocessor;")
    hidden(fake(), "client", "coprocessor/link.mpy", ":/lib/coprocessor/link.mpy;")
    hidden(fake(), "client", "/lib/coprocessor/link.py", ":/lib/coprocessor/link.mpy;")
    hidden(fake(), "client", "msgpack.py", ":/lib/msgpack.mpy;")
    hidden(fake(), "client", "socket.py", ":/lib/socket.py;")
    # What a board has that was a client before, and a file with the name of a module of it.
    hidden(with_network(), "server", "/lib/socket.py", "the firmware's socket")
    board = with_network()
    board.files["/lib/ssl.py"] = (TOP / "coprocessor/drop-in/ssl.py").read_bytes()
    refused(tried(board, "server"), ":/lib/ssl.py on the board hides the firmware's ssl")
    board.files["/lib/ssl.py"] = b"from tls import *"
    deployed(board, "server")


@case
def imports_that_fail():
    board = fake()
    board.modules["coprocessor.client"] = MemoryError("memory allocation failed")
    refused(tried(board, "client"), "import coprocessor.client says", "SMALL=1", "bytes are free")
    board = with_network()
    board.modules["coprocessor.server"] = ImportError("no module named 'select'")
    refused(tried(board, "server"), "ImportError: no module named 'select'", "troubleshooting.md")
    board = fake()
    board.modules["coprocessor.link"] = SimpleNamespace(__file__="coprocessor/link.py")
    words = "imports coprocessor.link from coprocessor/link.py, not :/lib/coprocessor/link.mpy"
    refused(tried(board, "client"), words)


@case
def arguments():
    status, output = _direct.deploy(fake(), "--role", "client", "", "msgpack")
    eq((status, "the client has its own modules; leave out msgpack" in output), (2, True))
    status, output = _direct.deploy(fake(), "--role", "both", "")
    eq((status, "'client', 'server'" in output), (2, True))
    status, output = _direct.deploy(fake(), "--from", "/nowhere", "--role", "client", "")
    refused((status, output), "/nowhere/armv6m/")


end()
