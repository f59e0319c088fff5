# SPDX-License-Identifier: MIT
"""What makes a board a side of the co-processor, for deploy.py; roles.py says what a side has."""

import firmware
import mpyinfo
import natmods
import questions
import roles
from placing import File, digests
from remote import Failure, command, option

# Runs on the board, after a line that sets `modules`: which of them the firmware itself has.
LOOK = """
import sys
path = list(sys.path)
sys.path.clear()
sys.path.append('.frozen')
d = []
for m in modules:
    sys.modules.pop(m, None)
    try:
        __import__(m)
        d.append(m)
    except Exception:
        pass
sys.path.clear()
sys.path.extend(path)
try:
    from machine import UART
    d.append('machine.UART')
except Exception:
    pass
print('@deploy', repr(d))
"""
HAS = [str]

# What the server's programs import from the firmware.
NETWORK = "network", "socket"

# What is imported to see that it works: first without native modules, then with them.
PARTS = {"client": (["link", "socket"], ["client"]), "server": ([], ["netserver", "server"])}

# README.md has the same.
PROGRAMS = {
    "client": """\
from machine import UART
import coprocessor

coprocessor.start(UART(1, 921600, rxbuf=4096), rx=4096)

import network, socket

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("name", "password")
""",
    "server": """\
from machine import UART
from coprocessor.netserver import serve

serve(UART(1, 921600, tx=17, rx=16, rxbuf=4096), rx=4096)
""",
}
OTHER = {"client": "server", "server": "client"}


def names():
    """What questions.ASK has to look for on the board."""
    own = [f"{roles.PACKAGE}/{name}" for name in roles.OWN]
    return [roles.PACKAGE, *own, *roles.DROP_IN]


def drop_in_digests():
    """{name: digests} of the files by which programs find a client's modules."""
    if natmods.RELEASE:
        return natmods.RELEASE["drop_in"]
    return {name: digests(roles.TOP / roles.drop_in(name)) for name in roles.DROP_IN}


def check_bytecode(board, what):
    """Fail if the firmware cannot load what is written in Python."""
    version = board["version"]
    oldest = firmware.shown(roles.OLDEST)
    if version < roles.OLDEST:
        raise Failure(
            f"the firmware is MicroPython {firmware.shown(version)}; {what} needs "
            f"{oldest} or later: update it"
        )
    if not board["mpy"]:
        raise Failure("the firmware loads no .mpy files: take firmware that does")
    if str(board["mpy"] & 0xFF) != roles.ABI:
        raise Failure(
            f"the firmware takes .mpy files of version {board['mpy'] & 0xFF}, and these have "
            f"{roles.ABI}: look for a newer release"
        )


def check(mpremote, board, role):
    """What the firmware has of its own, if the board can be this side."""
    check_bytecode(board, roles.PACKAGE)
    wanted = dict.fromkeys([*NETWORK, *roles.DROP_IN])
    has = mpremote.evaluate(questions.about(wanted, LOOK), HAS)
    if "machine.UART" not in has:
        raise Failure(
            "the firmware has no machine.UART for the line to the other board: take a board and "
            "firmware that have one"
        )
    lacking = [name for name in NETWORK if name not in has]
    if role == "server" and lacking:
        raise Failure(
            f"the firmware has no {' and no '.join(lacking)}: the server is the board with the "
            f"network, such as an ESP32; this one can be the client: {command('client')}"
        )
    if role == "server":
        check_drop_in(board)
    return has


def check_drop_in(board):
    """Files of a client must not hide the firmware's modules from a server."""
    ours = drop_in_digests()
    for name, _, digest, _ in board["found"]:
        module, _, extension = name.rpartition("/")[2].rpartition(".")
        if extension and (module in NETWORK or digest in ours.get(module, ())):
            raise Failure(
                f":{name} on the board hides the firmware's {module}, which a server needs; "
                f"remove it: mpremote rm :{name}"
            )


def native_modules(board, role):
    """Those that the role needs; a client has sockets without any."""
    if role == "client" and firmware.arch_of(board["mpy"]) == "none":
        print(
            "The firmware loads no native code, so there is no network and no rpc; socket and ssl "
            "need none."
        )
        return []
    return list(roles.ROLES[role].native)


def bytecode(source, name, lib, package=""):
    """The File of a module that is written in Python."""
    path = source.bytecode(name)
    try:
        info = mpyinfo.load(path)
    except mpyinfo.FormatError as e:
        raise Failure(str(e)) from None
    return File(name, natmods.FULL, path, f"{lib}/{name}.mpy", info, package=package)


def find_files(source, role, has, lib):
    """The package's Files, and a client's by which programs find what the firmware lacks."""
    names = [f"{roles.PACKAGE}/{name}" for name in source.parts(role)]
    files = [bytecode(source, name, lib, roles.PACKAGE) for name in names]
    if role == "client":
        for name in roles.DROP_IN:
            if name not in has:
                path = source.drop_in(name)
                files.append(File(name, natmods.FULL, path, f"{lib}/{name}.py"))
    return files


def use(mpremote, board, role, modules):
    """Import the package on the board, and report."""
    plain, others = PARTS[role]
    shown = plain + (others if modules else [])
    parts = [f"{roles.PACKAGE}.{part}" for part in shown]
    # The modules first, as programs should: their code needs the largest free pieces of the heap.
    wanted = [*modules, *parts]
    results = mpremote.evaluate(*questions.importing(wanted))
    for name in wanted:
        result = results[name]
        if "error" in result:
            kind, text = result["error"]
            said = f"import {name} says {f'{kind}: {text}' if text else kind!r}"
            if kind == "MemoryError":
                raise Failure(
                    f"{said}, and {result['free']} bytes are free; the small flavour of msgpack "
                    f"takes less: {option('small', 'force')}"
                )
            raise Failure(f"{said}; docs/troubleshooting.md tells what it means")
        place = f"{board['lib']}/{name.replace('.', '/')}.mpy"
        if name in parts and result["file"] != place:
            raise Failure(f"the board imports {name} from {result['file']}, not :{place}")
    ram = sum(results[name]["growth"] for name in parts)
    print(f"{roles.PACKAGE}: {', '.join(shown)} work, and take {ram} bytes of RAM")


def explain(role):
    """What to do next."""
    print(f"\nThe {role}'s program begins with this; main.py and boot.py are as they were:\n")
    for line in PROGRAMS[role].splitlines():
        print(f"    {line}".rstrip())
    print(f"\nFor the other board: {command(OTHER[role], port=True)}")
