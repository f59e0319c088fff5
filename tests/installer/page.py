# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The page of a release installs on emulated boards, in Chromium with a stand-in for
# navigator.serial.

import contextlib
import threading

from _bridge import ARCH, NAME, mpy_of, page, rows, sha256
from _fake import Board as Fake, implementation
from _release import board, on_board, sha256_on_board
from check import case, end, eq, true

FILES = "import os; print(sorted(os.listdir('/')), sorted(os.listdir('/lib')))"


@contextlib.contextmanager
def held(p, at, times):
    """Nothing goes to the board from the time on when these bytes have come so many times, as
    long as the block takes."""
    go_on = threading.Event()
    seen = []

    def to_board(data):
        seen.extend([at] * (at in data))
        if len(seen) == times:
            go_on.wait()
        return data

    p.wire.to_board = to_board
    try:
        yield seen
    finally:
        go_on.set()
        p.wire.to_board = lambda data: data


@case
def installs():
    with board(NAME) as b, page(b.pty) as p:
        on_board(b, "open('main.py', 'w').write('print(1)')\nopen('data', 'w').write('mine')")
        p.picture("1-start")
        p.connect()
        p.picture("2-board")
        about = dict(rows("board"))
        eq((about["architecture"], about["firmware"]), (ARCH, "MicroPython v1.25.0"))
        true(p.element("full").is_selected())
        p.tick("msgpack", "finaliserproxy")
        with held(p, b"w(b", 20) as seen:
            p.click("install")
            bar = p.element("progress")
            p.wait(lambda: len(seen) == 20, "20 pieces")
            true(0 < float(bar.get_attribute("value")) < float(bar.get_attribute("max")))
            eq(p.status, "Copying /lib/msgpack.mpy …")
            eq(p.element("install").is_displayed(), False)
            p.picture("7-copying")
        p.wait_for("again")
        p.picture("3-installed")
        eq(p.status, "Installed. Reset the board to start its program.")
        found = {row[0]: row for row in rows("installed")}
        for module in "msgpack", "finaliserproxy":
            eq(sha256_on_board(b, f"/lib/{module}.mpy"), sha256(f"{ARCH}/{module}.mpy"))
            name, file, growth = found.pop(module)
            eq(file, f"/lib/{module}.mpy")
            true(4000 < int(growth) < 24000)
        eq(found, {})
        # Nothing else is touched.
        eq(
            on_board(b, FILES),
            "['data', 'lib', 'main.py'] ['finaliserproxy.mpy', 'msgpack.mpy']\n",
        )
        eq(p.messages(), [])
        # Once more, there is nothing to copy.
        p.click("again")
        p.connect()
        p.tick("msgpack")
        p.wire.sent = 0
        p.click("install")
        p.wait_for("again")
        true(p.wire.sent < 10000)


@case
def files_that_differ():
    with board(NAME) as b, page(b.pty) as p:
        on_board(b, "import os\nos.mkdir('/lib')\nopen('/lib/ioctl.mpy', 'w').write('mine')")
        for button in "keep", "replace":
            p.connect()
            p.tick("ioctl")
            p.click("install")
            p.wait_for(button)
            p.picture("4-differ")
            eq(p.element("differ").text, "/lib/ioctl.mpy")
            p.click(button)
            p.wait_for("again")
            there = on_board(b, "print(open('/lib/ioctl.mpy', 'rb').read(4))")
            eq(there == "b'mine'\n", button == "keep")
            p.click("again")
        eq(sha256_on_board(b, "/lib/ioctl.mpy"), sha256(f"{ARCH}/ioctl.mpy"))


@case
def boards_that_cannot():
    for version, mpy, options, words in (
        ((1, 22, 2, ""), 6 | 2 << 8 | 5 << 10, {}, "v1.22"),
        ((1, 24, 0, ""), 6, {}, "loads no native code"),
        ((1, 25, 0, ""), 0, {}, "loads no native code"),
        ((1, 25, 0, ""), 7, {}, "loads no native code"),
        ((1, 25, 0, ""), 6 | 1 << 8 | 5 << 10, {}, "version 6.1"),
        ((1, 25, 0, ""), mpy_of("armv6"), {}, "no files for armv6"),
        ((1, 25, 0, ""), mpy_of("armv7m"), {"path": [""]}, "no file system with a lib folder"),
        ((1, 25, 0, ""), mpy_of("armv7m"), {"free": None}, "no file system with a lib folder"),
    ):
        with Fake(implementation(version, mpy), **options) as fake, page(fake.pty) as p:
            p.click("connect")
            found = p.refused()
            true(words in found or print((words, found)))
            eq(p.element("connect").is_displayed(), True)


end()
