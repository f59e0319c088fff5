# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# long: host
# timeout: 900
#
# What else the page of a release does that page.py is about: other boards, and what goes wrong.

import os
import shutil
import tempfile
import time
from pathlib import Path

from _bridge import ARCH, NAME, browser, mpy_of, page, release, rows, sha256, start_folder
from _fake import Board as Fake, implementation
from _release import board, on_board, sha256_on_board
from check import case, end, eq, true

import deploy_role
import firmware


@case
def the_small_flavour_and_packages():
    with board("rpi-pico") as b, page(b.pty) as p:
        p.connect()
        p.click("small")
        p.tick("coprocessor-client")
        p.click("install")
        p.wait(lambda: p.warning or p.element("again").is_displayed(), "the end", 400)
        eq(p.warning, "")
        p.picture("9-client")
        names = [row[0] for row in rows("installed")]
        parts = [f"coprocessor.{part}" for part in ("link", "socket", "client")]
        eq(names, ["msgpack", "finaliserproxy", *parts])
        eq(sha256_on_board(b, "/lib/msgpack.mpy"), sha256("armv6m/small/msgpack.mpy"))
        eq(sha256_on_board(b, "/lib/coprocessor/link.mpy"), sha256("coprocessor/link.mpy"))
        eq(sha256_on_board(b, "/lib/socket.py"), sha256("coprocessor/drop-in/socket.py"))
        # What the page shows is how a program begins.
        program = browser().find_element("css selector", "#serial-program pre").text
        eq(program.splitlines(), deploy_role.PROGRAMS["client"].strip().splitlines())
        # The stock firmware of a Pico has none of its own.
        names = on_board(b, "import os; print(sorted(os.listdir('/lib')))")
        eq(
            names,
            "['coprocessor', 'finaliserproxy.mpy', 'msgpack.mpy', 'network.py', 'socket.py', "
            "'ssl.py', 'tls.py']\n",
        )


@case
def a_board_without_hashlib():
    with board("mps2-an385-samd21") as b, page(b.pty) as p:
        p.connect()
        p.click("small")
        p.tick("msgpack")
        p.click("install")
        p.wait_for("again")
        file = (release() / "armv6m/small/msgpack.mpy").read_bytes()
        eq(on_board(b, "print(len(open('/lib/msgpack.mpy', 'rb').read()))"), f"{len(file)}\n")
        eq(rows("installed")[-1][:2], ["msgpack", "/lib/msgpack.mpy"])


@case
def another_module_comes_first():
    with board(NAME) as b, page(b.pty) as p:
        for file, flavour in ("/msgpack.py", "full"), ("/msgpack.py", "small"):
            on_board(b, f"open({file!r}, 'w').write('__version__ = 1')")
            p.open()
            p.connect()
            p.click(flavour)
            p.tick("msgpack")
            p.click("install")
            words = p.refused()
            true("msgpack.py on the board hides" in words or print(words))
            eq("lib" in on_board(b, "import os; print(os.listdir('/'))"), False)
        on_board(b, "import os\nos.remove('/msgpack.py')\nos.mkdir('/msgpack')")
        p.open()
        p.connect()
        p.tick("msgpack")
        p.click("install")
        true("hides" in p.refused() or print(p.warning))


@case
def a_program_that_ends_early():
    # The board refuses the rest of what is pasted, and says why.
    run = """
        const [source, done] = arguments;
        (async () => {
            const board = new SerialBoard(await navigator.serial.requestPort());
            await board.open();
            await board.enter();
            const refused = await board.run(source).catch(error => error.message);
            const then = await board.run("print(1)");
            await board.close();
            return [refused, then];
        })().then(done, error => done([`${error}`]));
    """
    with board(NAME) as b, page(b.pty):
        browser().set_script_timeout(120)
        found = browser().execute_async_script(run, "a b\n" + "# more\n" * 2000)
    eq(found, ["The board says: SyntaxError: invalid syntax", "1\r\n"])


@case
def a_busy_board():
    with board(NAME) as b, page(b.pty) as p:
        program = b"import time\r\nwhile True: print('busy'); time.sleep_ms(1)\r\n\r\n"
        b.write(b"\x02\r\n" + program)
        time.sleep(0.5)
        p.connect()
        p.click("cancel")
        p.wait(p.element("connect").is_displayed, "the end")
        eq(on_board(b, "print(1)"), "1\n")


@case
def a_cable_that_is_pulled():
    with board(NAME) as b, page(b.pty) as p:
        on_board(b, "import os\nos.mkdir('/lib')\nopen('/lib/ioctl.mpy', 'w').write('mine')")
        for after in 10, 3000, 4500, 7000:
            p.open()
            p.wire.cut_after, p.wire.sent = after, 0
            p.click("connect")
            p.wait(lambda: p.warning or p.element("install").is_displayed(), "connected")
            if not p.warning:
                p.tick("ioctl")
                p.click("install")
                p.wait(lambda: p.warning or p.element("replace").is_displayed(), "asked")
                if not p.warning:
                    p.click("replace")
            true("connection to the board has ended" in p.refused())
            p.picture("5-pulled")
            p.wire.close()
            p.wire.cut_after = None
            eq(on_board(b, "print(open('/lib/ioctl.mpy').read())"), "mine\n")
        p.connect()
        p.tick("ioctl")
        p.click("install")
        p.wait_for("replace")
        p.click("replace")
        p.wait_for("again")
        eq(on_board(b, "import os; print(os.listdir('/lib'))"), "['ioctl.mpy']\n")


@case
def a_full_file_system():
    fill = """
import os
v = os.statvfs("/")
with open("/fill", "wb") as f:
    for i in range(v[3] - 20):
        f.write(bytes(v[0]))
"""
    with board(NAME) as b, page(b.pty) as p:
        on_board(b, fill)
        p.connect()
        p.tick("msgpack")
        p.click("install")
        p.wait(lambda: p.warning, "a warning")
        p.picture("6-full")
        words = p.refused()
        true("bytes of the board's file system" in words or print(words))
        eq(on_board(b, "import os; print(os.listdir('/'))"), "['fill']\n")


@case
def little_memory():
    for ram, flavour in (60_000, "small"), (70_000, "full"):
        with Fake(implementation((1, 25, 0, ""), mpy_of("armv6m")), ram=ram) as fake:
            with page(fake.pty) as p:
                p.connect()
                eq((ram, p.element(flavour).is_selected()), (ram, True))


@case
def too_old_for_a_module():
    arch = "xtensawin"
    eq(firmware.oldest("finaliserproxy", arch), (1, 24))
    with Fake(implementation((1, 23, 0, ""), mpy_of(arch))) as fake, page(fake.pty) as p:
        p.connect()
        p.tick("finaliserproxy")
        p.click("install")
        true("finaliserproxy needs MicroPython v1.24 or later" in p.refused())


@case
def ports_that_do_not_answer():
    with page(None) as p:
        p.click("connect")
        true("in use by another program" in p.refused())

    ours, theirs = os.openpty()
    with page(os.ttyname(theirs)) as p:
        p.click("connect")
        true("does not answer" in p.refused())
    os.close(theirs)
    os.close(ours)


@case
def a_file_that_is_not_of_the_release():
    with tempfile.TemporaryDirectory() as folder, board(NAME) as b:
        shutil.copytree(release(), folder, dirs_exist_ok=True)
        for name, change in (
            ("ioctl", lambda file: file.write_bytes(b"M" + file.read_bytes()[1:-1] + b"?")),
            ("finaliserproxy", lambda file: file.unlink()),
        ):
            change(Path(folder, ARCH, f"{name}.mpy"))
            with page(b.pty, folder) as p:
                p.connect()
                p.tick(name)
                p.click("install")
                words = "checksum differs" if name == "ioctl" else "server does not have"
                true(words in p.refused() or print(p.warning))
        eq(on_board(b, "import os; print(os.listdir('/'))"), "[]\n")


@case
def from_a_folder():
    with tempfile.TemporaryDirectory() as folder, board(NAME) as b, page(b.pty) as p:
        shutil.copytree(release(), f"{folder}/dist")
        p.open(start_folder(f"{folder}/dist"))
        p.click("connect")
        true("Pick the folder first" in p.refused())
        p.element("folder").send_keys(f"{folder}/dist")
        p.connect()
        p.tick("ioctl")
        p.click("install")
        p.wait_for("again")
        eq(sha256_on_board(b, "/lib/ioctl.mpy"), sha256(f"{ARCH}/ioctl.mpy"))


end()
