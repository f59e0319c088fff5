# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What the page of a release says of boards, and does with them, that no emulator has.
# page_faults.py is about what goes wrong there.

from types import SimpleNamespace

from _board import Board
from _bridge import TOP, files, install, page, refused, release, said
from check import case, end, eq

import deploy_role
import roles

SERVER = {"arch": "xtensawin", "has": ("network", "socket", "ssl", "tls")}
NATIVE = "finaliserproxy.mpy", "msgpack.mpy"


def parts(role):
    return [f"coprocessor/{name}.mpy" for name in roles.needs(TOP / "build", role)[0]]


def drop_in(name):
    return (TOP / roles.drop_in(name)).read_bytes()


def programs(role):
    return deploy_role.PROGRAMS[role].strip().splitlines()


@case
def a_client():
    with Board() as fake, page(fake.pty) as p:
        p.connect()
        shown = install(p, "coprocessor-client")
        names = [f"{name}.py" for name in roles.DROP_IN]
        eq(files(fake), sorted([*parts("client"), *NATIVE, *names]))
        for name in roles.DROP_IN:
            eq(fake.files[f"/lib/{name}.py"], drop_in(name))
        plain, others = deploy_role.PARTS["client"]
        order = ["msgpack", "finaliserproxy", *(f"coprocessor.{n}" for n in plain + others)]
        eq([row[0] for row in shown], order)
        eq(p.element("program").text.splitlines()[1:-1], programs("client"))

    # What the firmware has of its own gets no file.
    with Board(has=("ssl", "tls")) as fake, page(fake.pty) as p:
        p.connect()
        install(p, "coprocessor-client")
        eq(files(fake), sorted([*parts("client"), *NATIVE, "network.py", "socket.py"]))


@case
def a_client_without_native_code():
    with Board(mpy=6) as fake, page(fake.pty) as p:
        p.connect()
        said("loads no native code", p.element("none").text)
        boxes = p.boxes()
        eq([name for name, box in boxes.items() if box.is_enabled()], ["coprocessor-client"])
        shown = install(p, "coprocessor-client")
        eq([row[0] for row in shown], ["coprocessor.link", "coprocessor.socket"])
        names = [f"{name}.py" for name in roles.DROP_IN]
        eq(files(fake), sorted([*parts("client"), *names]))


@case
def a_server():
    with Board(**SERVER) as fake, page(fake.pty) as p:
        # A file of the user's own that hides nothing which a server needs.
        fake.files["/lib/ssl.py"] = b"from tls import *"
        p.connect()
        shown = install(p, "coprocessor-server")
        eq(files(fake), sorted([*parts("server"), "msgpack.mpy", "ssl.py"]))
        eq([r[0] for r in shown], ["msgpack", "coprocessor.netserver", "coprocessor.server"])
        eq(p.element("program").text.splitlines()[1:-1], programs("server"))


@case
def one_side():
    with Board(**SERVER) as fake, page(fake.pty) as p:
        p.connect()
        p.tick("coprocessor-client")
        p.boxes()["coprocessor-server"].click()
        chosen = [name for name, box in p.boxes().items() if box.is_selected()]
        eq(chosen, ["coprocessor-server"])
        said("Choose what to install", refused(p))
        eq(files(fake), [])


@case
def boards_that_cannot_be_a_side():
    def cannot(words, side, board, **found):
        with board as fake, page(fake.pty) as p:
            fake.files.update(found)
            p.connect()
            said(words, refused(p, f"coprocessor-{side}"))
            eq(fake.files, found)
            if side == "client":
                # Something else can be chosen.
                install(p, "ioctl")

    for side in roles.ROLES:
        board = Board(**SERVER, machine=SimpleNamespace())
        cannot("no machine.UART", side, board)
        cannot(
            f"coprocessor-{side} needs MicroPython v1.25",
            side,
            Board(**SERVER, version=(1, 24, 1)),
        )
    for has, words in (
        ((), "no network and no socket."),
        (("socket",), "no network."),
    ):
        cannot(words, "server", Board(has=has))
    cannot(
        "/lib/socket.py on the board hides the firmware's socket",
        "server",
        Board(**SERVER),
        **{"/lib/socket.py": b"mine"},
    )
    cannot(
        "/lib/ssl.py on the board hides the firmware's ssl",
        "server",
        Board(**SERVER),
        **{"/lib/ssl.py": drop_in("ssl")},
    )
    # Without hashlib, by the other digest.
    cannot(
        "/lib/ssl.py on the board hides the firmware's ssl",
        "server",
        Board(**SERVER, hashlib=ImportError("no module named 'hashlib'")),
        **{"/lib/ssl.py": drop_in("ssl")},
    )


@case
def what_comes_first_in_an_import():
    def hidden(name, words, ticked):
        fake.files[name] = b""
        p.click("again") if p.element("again").is_displayed() else None
        p.connect()
        said(words, refused(p, ticked))
        p.click("cancel")
        del fake.files[name]
        eq(fake.files, {})

    with Board() as fake, page(fake.pty) as p:
        client = "coprocessor-client"
        hidden("msgpack.py", "msgpack.py on the board hides /lib/msgpack.mpy", "msgpack")
        hidden("/lib/ioctl.py", "/lib/ioctl.py on the board hides /lib/ioctl.mpy", "ioctl")
        hidden("msgpack_aio.mpy", "hides /lib/msgpack_aio.mpy", "msgpack_aio")
        hidden("coprocessor.py", "coprocessor.py on the board hides", client)
        hidden("coprocessor/link.mpy", "coprocessor/link.mpy on the board hides", client)
        hidden("/lib/coprocessor/link.py", "hides /lib/coprocessor/link.mpy", client)
        hidden("socket.py", "socket.py on the board hides /lib/socket.py", client)
        # A folder, without a file of ours.
        for folder in "/lib/msgpack", "msgpack":
            fake.folders.add(folder)
            p.connect()
            said(f"The folder {folder} on the board hides /lib/msgpack.mpy", refused(p, "msgpack"))
            p.click("cancel")
            fake.folders.remove(folder)
        # What comes later hides nothing.
        fake.sys.path.append("/other")
        fake.files["/other/msgpack.py"] = b""
        p.connect()
        install(p, "msgpack")
        eq(files(fake), ["/other/msgpack.py", "msgpack.mpy"])

    # In the firmware: frozen, or built in.
    with Board(has=["msgpack"], path=("", ".frozen", "/lib")) as fake, page(fake.pty) as p:
        p.connect()
        said("The firmware has a msgpack of its own", refused(p, "msgpack"))
        eq(files(fake), [])


@case
def a_folder_of_ours():
    # As mip makes it from msgpack-package.json.
    with Board() as fake, page(fake.pty) as p:
        fake.folders.add("/lib/msgpack")
        fake.files["/lib/msgpack/__init__.mpy"] = b"old"
        fake.files["/lib/msgpack/exceptions.py"] = b"from msgpack import *"
        p.connect()
        p.tick("msgpack")
        p.click("install")
        p.wait_for("replace")
        eq(p.element("differ").text, "/lib/msgpack/__init__.mpy")
        p.click("replace")
        p.wait_for("again")
        eq(p.warning, "")
        eq(files(fake), ["msgpack/__init__.mpy", "msgpack/exceptions.py"])
        new = (release() / "armv6m/msgpack.mpy").read_bytes()
        eq(fake.files["/lib/msgpack/__init__.mpy"], new)


@case
def what_installations_have_left():
    left = ["ioctl.mpy.new", "socket.py.new", "coprocessor/link.mpy.new", "msgpack.blk.new"]
    with Board() as fake, page(fake.pty) as p:
        for name in [*left, "msgpack.blk", "mine.mpy.new", "data.new"]:
            fake.files[f"/lib/{name}"] = b"part"
        p.connect()
        install(p, "ioctl")
        # Of msgpack, which may be executed in flash, and of others nothing is removed.
        eq(files(fake), ["data.new", "ioctl.mpy", "mine.mpy.new", "msgpack.blk"])
        p.click("again")
        p.connect()
        install(p, "msgpack")
        eq(files(fake), ["data.new", "ioctl.mpy", "mine.mpy.new", "msgpack.mpy"])


@case
def beside_a_romfs():
    # Nothing can be written to it.
    with Board(path=("", ".frozen", "/rom", "/rom/lib", "/lib")) as fake, page(fake.pty) as p:
        p.connect()
        eq(install(p, "ioctl")[0][1], "/lib/ioctl.mpy")
        eq(files(fake), ["ioctl.mpy"])


@case
def what_is_executed_in_flash():
    with Board() as fake, page(fake.pty) as p:
        fake.files["/lib/msgpack.mpy"] = b"msgpack\0.blk is %s"
        fake.files["/lib/msgpack.blk"] = b"code"
        fake.results["msgpack"] = {"__file__": "", "__version__": "0.1.0+small"}
        p.connect()
        p.tick("msgpack")
        p.click("install")
        p.wait_for("replace")
        in_flash = ", which executes its code in flash; the new one would take it into RAM"
        eq(p.element("differ").text, "/lib/msgpack.mpy" + in_flash)
        p.click("replace")
        p.wait_for("again")
        eq((p.warning, files(fake)), ("", ["msgpack.mpy"]))
        small = (release() / "armv6m/small/msgpack.mpy").read_bytes()
        eq(fake.files["/lib/msgpack.mpy"], small)


@case
def other_firmware():
    with Board(name="circuitpython", version=(9, 2, 0)) as fake, page(fake.pty) as p:
        p.click("connect")
        words = p.refused()
        said("This firmware is circuitpython, ", words)
        said("Install MicroPython on the board.", words)


end()
