# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The tables about installing in docs/: every error in them is brought about here, or shown to be
# in the source that raises it.

import os
import re
import shutil
import subprocess
import tempfile
import threading
import tty
from types import SimpleNamespace

from _release import MODULES, MPY_DIR, TOP, board, install, mpremote, own_mip, release, served
from _release import unix
from check import case, end, eq, true

import firmware
import mpyinfo
import natmods

PAGES = ("boards", "esp8266", "troubleshooting")
TEXT = "\n".join((TOP / f"docs/{page}.md").read_text() for page in PAGES)


def table(heading):
    """The rows of the table that begins with the heading, as lists of cells."""
    lines = TEXT[TEXT.index(heading) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


# The texts of the table, each until it has been seen.
unseen = [text for row in table("| it says |") for text in re.findall(r"`(.*?)`", row[0])]
unseen.remove("mip.install")


def seen(text, output):
    """Fail unless a text of the table is in an output."""
    pattern = re.escape(text).replace("…", ".*")
    true(text in unseen or print("not in docs/:", text))
    true(re.search(pattern, output) or print(output))
    unseen.remove(text)


def imported(data, module="msgpack"):
    """What importing a file of these bytes prints."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, f"{module}.mpy"), "wb") as f:
            f.write(data)
        return unix(f"import {module}", folder)[1]


@case
def files_that_do_not_load():
    good = (release() / "x64/msgpack.mpy").read_bytes()
    eq(imported(good), "")
    older = good[:2] + bytes([good[2] & ~1]) + good[3:]
    text = "ValueError: incompatible .mpy file"
    true(text in imported(older))
    seen(text, imported(b"<!DOCTYPE html>"))
    # tests/build/layouts.py brings it about.
    layout = "msgpack: this firmware has another layout of "
    true(layout.encode() in good)
    seen(f"ImportError: {layout}…", f"ImportError: {layout}str")
    seen(
        "ValueError: incompatible .mpy arch",
        imported((release() / "armv7m/msgpack.mpy").read_bytes()),
    )


def small_alone():
    """A folder with the small flavour of msgpack, and nothing beside it."""
    folder = tempfile.mkdtemp(dir=release().parent)
    shutil.copy(release() / "x64/small/msgpack.mpy", folder)
    return folder


@case
def modules_that_are_not_there():
    seen("ImportError: no module named 'msgpack'", unix("import msgpack")[1])
    source = "import msgpack; msgpack.Packer"
    seen("ImportError: no module named 'msgpack_full'", unix(source, small_alone())[1])
    output = unix("import json as msgpack; msgpack.packb")[1]
    seen("AttributeError: 'module' object has no attribute 'packb'", output)
    source = "import sys\nclass V: pass\nsys.modules['vfs'] = sys.modules['os'] = V\n"
    output = unix(source + "import finaliserproxy", release() / "x64")[1]
    seen("ImportError: needs VfsFat, VfsLfs2 or VfsLfs1", output)
    source = "import sys\nclass I: StringIO = object\nsys.modules['io'] = I\n"
    output = unix(source + "import ioctl", release() / "x64")[1]
    seen("ImportError: needs the firmware's io.StringIO", output)


def source_has(text, file, words):
    """A text that only a port that cannot be emulated shows: its source has the words."""
    with open(os.path.join(MPY_DIR, file)) as f:
        true(words in f.read() or print(words, "is not in", file))
    seen(text, text)


@case
def errors_of_other_firmware():
    text = "native code in .mpy unsupported"
    source_has(f"ValueError: {text}", "py/persistentcode.c", f'MP_ERROR_TEXT("{text}")')
    esp = "ports/esp8266/modesp.c"
    text = "memory allocation failed, allocating %u bytes for native code"
    source_has(f"MemoryError: {text}".replace("%u", "…"), esp, f'MP_ERROR_TEXT("{text}")')
    text = "flash location must be below 1MByte"
    source_has(f"ValueError: {text}", esp, f'MP_ERROR_TEXT("{text}")')
    source_has("OSError: [Errno 5] EIO", esp, "MP_ETIMEDOUT : MP_EIO")


def answer(fd):
    """Say what no MicroPython says, whatever comes."""
    try:
        while os.read(fd, 100):
            os.write(fd, b"login: ")
    except OSError:
        pass


def not_a_board(output):
    """Add to `output` what mpremote says when something else is at the port."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    threading.Thread(target=answer, args=(ours,), daemon=True).start()
    output.append(mpremote(SimpleNamespace(pty=os.ttyname(theirs)), "exec", "1")[1])
    os.close(theirs)
    os.close(ours)


# It takes its time.
login = []
waiting = threading.Thread(target=not_a_board, args=(login,))
waiting.start()


@case
def on_a_board():
    with served(release()) as url, board("mps2-an385/armv7m") as b:
        file = f"{url}/armv7m/finaliserproxy.mpy"
        eq(mpremote(b, "mip", "install", file)[0], 0)
        seen("mpremote: mkdir: lib: File exists.", mpremote(b, "mkdir", ":lib")[1])

        source = "import gc; b = bytearray(gc.mem_free() - 3000); import finaliserproxy"
        output = mpremote(b, "exec", source)[1]
        seen("MemoryError: memory allocation failed, allocating … bytes", output)

        seen("ImportError: no module named 'mip'", mpremote(b, "exec", "import mip")[1])

        package = f"{url}/armv7m/msgpack.json"
        output = mpremote(b, "mip", "install", package)[1]
        seen("ValueError: unknown url type: 'msgpack.mpy'", output)
        output = mpremote(b, "mip", "install", f"{url}/pdp11/msgpack.mpy")[1]
        seen("mpremote: File not found: …", output)
        output = mpremote(b, "mip", "install", f"{url}/pdp11/msgpack.json")[1]
        seen("mpremote: Package not found: …", output)

        # Where there is no lib folder on the path.
        forget = "import sys, os; sys.path.remove('/lib'); os.remove('/lib/finaliserproxy.mpy')"
        output = mpremote(b, "resume", "exec", forget, "mip", "install", file)[1]
        seen("Unable to find lib dir in sys.path", output)
        use = "import finaliserproxy as f; print(f.__file__)"
        words = ["resume", "mip", "install", "--target=.", file, "+", "exec", use]
        true("finaliserproxy.mpy" in mpremote(b, *words)[1].splitlines())

        fill = """
f = open('/big', 'wb')
while True:
    f.write(bytes(4096))
    f.flush()
"""
        b.enter()
        seen("OSError: 28", b.run(fill, 60)[1])


# Gives `data` for the flash that a board does not have, and says what the import raises.
IN_FLASH = """
import os, sys
def write(name, data):
    with open(name, "wb") as f:
        f.write(data)
class rp2:
    @staticmethod
    def Flash():
        return flash
block = bytearray(open("/lib/msgpack.blk", "rb").read())
sys.path.insert(0, "/lib")
def says(nonce, places):
    global flash
    block[:8] = nonce or bytes(8)
    flash = bytearray(bytes(block + bytes(4096 - len(block))) * places)
    try:
        if nonce:
            write("/lib/msgpack.blk", block)
        else:
            os.remove("/lib/msgpack.blk")
        return __import__("msgpack")
    except ImportError as e:
        print("ImportError:", e)
print()
"""


@case
def in_flash():
    files = natmods.built(TOP / "build", "armv7m", "msgpack", natmods.IN_PLACE)
    with board("mps2-an385/armv7m") as b:
        b.run("import os; os.mkdir('/lib')", 60)
        for file in (files, natmods.block(files)):
            install.put(b, file, f"/lib/{file.name}")

        def said(source):
            output, traceback = b.run(source, 60)
            return output + traceback

        eq(said(IN_FLASH), "\n")
        says = "ImportError: msgpack.blk is "
        seen(f"{says}of no use to this firmware…", said("says(b'12345678', 1)"))
        eq(said("sys.modules['rp2'] = rp2"), "")
        seen(f"{says}without a nonce…", said("says(bytes(8), 1)"))
        seen(f"{says}not in one place…", said("says(b'12345678', 2)"))
        seen(f"{says}damaged…", said("block[2000] ^= 1; says(b'12345678', 1); block[2000] ^= 1"))
        seen(
            f"{says}not of this .mpy file…",
            said("block[16] ^= 1; says(b'12345678', 1); block[16] ^= 1"),
        )
        seen(f"{says}not found…", said("says(b'', 1)"))
        eq(said("m = says(b'87654321', 1); print(m.packb(1))"), "b'\\x01'\n")
        seen("RuntimeError: block", said("flash[0] ^= 1; m.packb(1)"))


@case
def mip_on_the_board():
    mip = own_mip()
    with served(release()) as url, tempfile.TemporaryDirectory() as folder:
        package = f"import mip; mip.install('{url}/x64/msgpack.json', target='{folder}')"
        output = unix(package, *mip)[1]
        seen("ValueError: need more than 1 values to unpack", output)
        absent = f"import mip; mip.install('{url}/pdp11/msgpack.mpy', target='{folder}')"
        seen("Error 404 requesting …", unix(absent, *mip)[1])


@case
def mpremote_without_a_board():
    # Whatever is connected to this machine.
    path = f"{MPY_DIR}/tools/mpremote"
    source = "import serial.tools.list_ports as l; l.comports = lambda: []\n"
    source += "from mpremote.main import main; main()"
    command = ["/usr/bin/python3", "-c", source, "exec", "1"]
    result = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True)
    seen("mpremote: no device found", result.stderr)
    output = mpremote(SimpleNamespace(pty="/dev/ttyNONE"), "exec", "1")[1]
    seen("mpremote: failed to access … (it may be in use by another program)", output)
    waiting.join()
    seen("could not enter raw repl", login[0])


@case
def every_error_of_the_table():
    eq(unseen, [])


@case
def versions_of_mpy_files():
    with open(os.path.join(MPY_DIR, "docs/reference/mpyfiles.rst")) as f:
        rows = re.findall(r"^(v1\.\S.*?)  +(\d\S*)$", f.read(), re.M)
    ours = [(versions, number) for versions, number, _ in table("| MicroPython | .mpy version |")]
    eq(ours, rows[: len(ours)])
    eq(
        [number for versions, number, said in table("| MicroPython |") if "too old" not in said],
        ["6.3"],
    )
    eq(firmware.ABI, "6.3")


def end_of_firmware(name):
    """Where the firmware's part of an ESP8266's flash ends, by a linker script of the port."""
    with open(os.path.join(MPY_DIR, f"ports/esp8266/boards/esp8266_{name}.ld")) as f:
        found = re.search(r"irom0_0_seg :.*org = (\S+), len = (.*)$", f.read(), re.M)
    units = re.sub(
        r"(\d+)([KM])", lambda m: str(int(m[1]) << (10 if m[2] == "K" else 20)), found[2]
    )
    numbers = [int(n) for n in units.split(" - ")]
    return int(found[1], 0) - 0x40200000 + numbers[0] - sum(numbers[1:])


@case
def lines_for_the_esp8266():
    lines = dict(table("| firmware for |"))
    line = firmware.native_code_line(end_of_firmware("2MiB"))
    eq(lines["2 MiB of flash and more: the usual one"], f"`{line}`")
    start, length = firmware.ESP8266_FREE
    # Below 1 MiB, and in the upper part of a ROMFS, whose beginning is the part that is used.
    eq(start + length, end_of_firmware("2MiB"))
    eq(start - end_of_firmware("2MiB_ROMFS"), 256 * 1024)
    eq((start % firmware.SECTOR, length % firmware.SECTOR), (0, 0))
    # The file system begins a sector behind the firmware's part.
    eq(end_of_firmware("1MiB") + firmware.SECTOR, 0x99000)
    true("0x99000 - START" in lines["1 MiB"])
    eq(firmware.native_code_line(end_of_firmware("1MiB")), None)
    # A sector is too little for some of the modules, and the range has room for all.
    code = [mpyinfo.read(release() / f"xtensa/{module}.mpy").text for module in MODULES]
    true(max(code) > firmware.SECTOR and sum(code) <= length)
    source = "start_sec += 1  # Reserve space for native code"
    with open(os.path.join(MPY_DIR, "ports/esp8266/modules/flashbdev.py")) as f:
        true(source in f.read())


end()
