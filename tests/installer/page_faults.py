# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# long: host
# timeout: 900
#
# What goes wrong between the page of a release and a board: cables, little space, imports that
# fail, and boards that print at any time.

import threading
from types import SimpleNamespace

from _board import Board
from _bridge import files, install, page, release, said
from check import case, end, eq, true


class Deaf:
    """A program that ignores the first Ctrl-C's."""

    def __init__(self, count):
        self.count = count

    def __call__(self, data):
        if self.count <= 0:
            return data
        self.count -= data.count(b"\x03")
        return b""


@case
def with_what_it_needs():
    with Board() as fake, page(fake.pty) as p:
        p.connect()
        install(p, "msgpack_aio")
        eq(files(fake), ["msgpack.mpy", "msgpack_aio.mpy"])

    # A full flavour beside the small one gets its version.
    with Board(ram=50_000) as fake, page(fake.pty) as p:
        fake.files["/lib/msgpack_full.mpy"] = b"old"
        p.connect()
        p.tick("msgpack")
        p.click("install")
        p.wait_for("replace")
        eq(p.element("differ").text, "/lib/msgpack_full.mpy")
        p.click("back")
        p.wait_for("install")
        eq(files(fake), ["msgpack_full.mpy"])
        p.click("install")
        p.wait_for("replace")
        p.click("replace")
        p.wait_for("again")
        for name, file in (("msgpack", "small/msgpack"), ("msgpack_full", "msgpack")):
            data = (release() / f"armv6m/{file}.mpy").read_bytes()
            eq(fake.files[f"/lib/{name}.mpy"], data)


@case
def space():
    size = (release() / "armv6m/ioctl.mpy").stat().st_size
    blocks = -(-size // 512) + 1
    for free, former, left, words in (
        (blocks, b"", b"", ""),
        (blocks - 1, b"", b"", f"take {blocks * 512} bytes"),
        # What is left goes first; the former file stays until the new one is there.
        (blocks - 1, b"", b"1", ""),
        (blocks - 1, bytes(512 * 9), b"", "the former ones stay"),
        (blocks, bytes(512 * 9), b"", ""),
    ):
        with Board(free=free) as fake, page(fake.pty) as p:
            fake.files.update({"/lib/ioctl.mpy": former} if former else {})
            fake.files.update({"/lib/finaliserproxy.mpy.new": left} if left else {})
            p.connect()
            p.tick("ioctl")
            p.click("install")
            if former:
                p.wait_for("replace")
                p.click("replace")
            p.wait(lambda: p.warning or p.element("again").is_displayed(), "the end")
            if words:
                said("bytes of the board's file system", p.warning)
            said(words, p.warning)
            eq(
                (bool(p.warning), len(fake.files["/lib/ioctl.mpy"]) if not words else 0),
                (bool(words), 0 if words else size),
            )


@case
def files_that_cannot_be_written():
    old = {"/lib/ioctl.mpy": b"old"}
    for attribute, value, words in (
        ("wrong", "[Errno 30] EROFS", "file system is read-only"),
        ("wrong", "30", "file system is read-only"),
        ("wrong", "[Errno 5] EIO", "cannot read or write its flash"),
        ("wrong", "[Errno 13] EACCES", "The board says: OSError: [Errno 13] EACCES"),
        ("room", 1000, "no space on the board"),
        ("damaged", True, "What was written is not what is on the board"),
    ):
        with Board() as fake, page(fake.pty) as p:
            fake.files.update(old)
            p.connect()
            setattr(fake, attribute, value)
            p.tick("ioctl", "msgpack_aio")
            p.click("install")
            p.wait_for("replace")
            p.click("replace")
            said(words, p.refused())
            true(p.element("connect").is_displayed())
            eq(fake.files, old)


@case
def unplugged():
    old = {"/lib/ioctl.mpy": b"old"}
    new = {"/lib/ioctl.mpy": (release() / "armv6m/ioctl.mpy").read_bytes()}
    part = b'"/lib/ioctl.mpy.new", "wb")\nw = f.write'
    for at, words, then in (
        (b"\x01", "Nothing was copied", old),
        (b"flash_user_start", "Nothing was copied", old),
        (b"import UART", "Nothing was copied", old),
        (part, "each is the former one or the new one", old),
        (
            b"\x05A\x01w(b",
            "each is the former one or the new one",
            {**old, "/lib/ioctl.mpy.new": None},
        ),
        (
            b"os.rename(n + '.new', n)",
            "each is the former one",
            {**old, "/lib/ioctl.mpy.new": None},
        ),
        (b"gc.mem_alloc() - n", "All files are on the board", new),
    ):
        with Board() as fake, page(fake.pty) as p:
            fake.files.update(old)
            p.wire.cut_at = at
            p.click("connect")
            p.wait(lambda: p.warning or p.element("install").is_displayed(), "connected")
            if not p.warning:
                p.tick("ioctl")
                p.click("install")
                p.wait_for("replace")
                p.click("replace")
            said("The connection to the board has ended. ", p.refused())
            said(words, p.warning)
            eq({n: then[n] and d for n, d in fake.files.items()}, then)
            # Once more, with the cable.
            p.wire.close()
            p.wire.reset()
            p.connect()
            p.tick("ioctl")
            p.click("install")
            if then is not new:
                p.wait_for("replace")
                p.click("replace")
            p.wait_for("again")
            eq(fake.files, new)


@case
def imports_that_fail():
    full = {"__file__": "/lib/msgpack.mpy"}
    esp = SimpleNamespace(set_native_code_location=None, flash_user_start=lambda: 0x100000)
    old = SimpleNamespace(set_native_code_location=None, flash_user_start=lambda: 0x9000)
    little = MemoryError("memory allocation failed, allocating 28440 bytes for native code")
    for options, name, result, words in (
        ({}, "msgpack", MemoryError("memory allocation failed"), "take the small flavour"),
        ({}, "finaliserproxy", MemoryError(), "bytes in one piece for its code"),
        ({}, "msgpack", ValueError("incompatible .mpy file"), "troubleshooting.md tells"),
        (
            {},
            "msgpack",
            {**full, "__file__": "msgpack.py"},
            "imports a msgpack that is msgpack.py",
        ),
        ({}, "msgpack", {**full, "__file__": ""}, "imports a msgpack that is built in"),
        ({}, "finaliserproxy", ImportError("no module named 'msgpack'"), "Install msgpack, too"),
        ({"arch": "xtensa", "esp": esp}, "msgpack", little, "native_code_location(0xf0000"),
        ({"arch": "xtensa", "esp": old}, "msgpack", little, "docs/esp8266.md"),
    ):
        with Board(**options) as fake, page(fake.pty) as p:
            fake.results[name] = result
            p.connect()
            eq(p.element("line").is_displayed(), options.get("esp") is esp)
            p.tick(name)
            p.click("install")
            p.wait(lambda: p.element("again").is_displayed(), "the end")
            said(words, p.warning)
    # The small flavour does not say where it is.
    with Board() as fake, page(fake.pty) as p:
        fake.results["msgpack"] = {"__file__": "", "__version__": "0.1.0+small"}
        p.connect()
        p.click("small")
        eq(install(p, "msgpack")[-1][:2], ["msgpack", "/lib/msgpack.mpy"])


@case
def boards_that_take_nothing():
    for at in b"\r", b"\x05A\x01w(b":
        with Board() as fake, page(fake.pty) as p:
            goes_on = threading.Event()

            def hold(data, at=at, wire=p.wire, goes_on=goes_on):
                return data if at not in wire.heard or goes_on.wait() else b""

            p.wire.to_board = hold
            p.click("connect")
            p.wait(lambda: p.warning or p.element("install").is_displayed(), "connected")
            if not p.warning:
                p.tick("ioctl")
                p.click("install")
            said("The board does not answer", p.refused())
            goes_on.set()
            # Once more, with a board that does.
            p.wire.reset()
            p.connect()
            install(p, "ioctl")


@case
def boards_that_are_noisy_or_busy():
    def noisy(data):
        # In the middle of the boot, and before each answer of the raw REPL.
        data = data.replace(b"soft reboot\r\n", b"soft reboot\r\n\xff\x00>\x04 OK \x80boot.py\r\n")
        for answer in b"OK", b"R\x01":
            data = data.replace(answer, b"I (123) wifi: R@\r\n" + answer)
        return data

    for is_pasted in False, True:
        with Board() as fake, page(fake.pty) as p:
            fake.is_pasted = is_pasted
            p.wire.from_board = noisy
            p.wire.to_board = Deaf(5)
            p.connect()
            install(p, "ioctl")
    # In the raw REPL already, with half a program.
    with Board() as fake, page(fake.pty) as p:
        p.wire.open(b"115200")
        p.wire.write(b"\x01print(1")
        p.wire.close()
        p.connect()
        install(p, "ioctl")


end()
