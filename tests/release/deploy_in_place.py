# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# tools/deploy.py --in-place on the emulated Pico, on firmware that cannot, and with power cuts.

from types import SimpleNamespace

import _direct
import _fake
import check
from _in_place import ARCH, Pico, Recorded, deploy, deployed, released
from _release import install, refused
from check import case, eq, true

FOLDER = released()
STUB, BLOCK = (FOLDER / ARCH / f"in_place/msgpack.{e}" for e in ("mpy", "blk"))
SMALL = FOLDER / ARCH / "small/msgpack.mpy"
FILES = [(path.name, path.stat().st_size) for path in (BLOCK, STUB)]


def in_place(board, *options):
    return deployed(board, FOLDER, "--in-place", *options)


recorded = []


@case
def on_the_pico():
    with Pico() as b:
        b.run("import os; os.mkdir('/lib')")
        install.put(b.board, SMALL, "/lib/msgpack.mpy")
        output = []
        recorded.append(Recorded(b, lambda: output.append(in_place(b, "--force"))))
        (output,) = output
        for words in (
            "msgpack: the small flavour in flash, as asked for\n",
            f"msgpack: copied to :/lib/msgpack.blk, {BLOCK.stat().st_size} bytes\n",
            f"msgpack: copied to :/lib/msgpack.mpy, {STUB.stat().st_size} bytes\n",
        ):
            true(words in output or print(output))
        ram = int(output.split("+inplace works, and takes ")[1].split()[0])
        true(ram < 2048 or print(output))
        said, files, _ = b.state()
        eq((said[-8:], files), ("+inplace", FILES))
        nonce = "print(open('/lib/msgpack.blk', 'rb').read(8))"
        before = b.run(nonce)
        true(eval(before) != bytes(8))

        # Once more, nothing is written.
        size = b.written
        output = deployed(b, FOLDER)
        words = "msgpack: the small flavour in flash, as the one on the board; FULL=1 FORCE=1"
        true(words in output or print(output))
        eq(b.written, size)

        # A copy has the same nonce, so the import takes neither. A new one needs no FORCE=1.
        b.run("f = open('/copy', 'wb'); f.write(open('/lib/msgpack.blk', 'rb').read()); f.close()")
        eq(b.state()[0], "msgpack.blk is not in one place: see docs/in-place.md")
        output = deployed(b, FOLDER)
        true("copied to :/lib/msgpack.blk" in output or print(output))
        true("copied to :/lib/msgpack.mpy" not in output or print(output))
        true(b.run(nonce) != before)

        # Back to RAM.
        words = ":/lib/msgpack.mpy on the board, the small flavour in flash, is another file than"
        refused(deploy(b, FOLDER, "--small"), words, "FORCE=1")
        deployed(b, FOLDER, "--small", "--force")
        said, files, _ = b.state()
        eq((said[-6:], files), ("+small", [("msgpack.mpy", SMALL.stat().st_size)]))


@case
def failing_power():
    (power,) = recorded
    small = ("msgpack.mpy", SMALL.stat().st_size)
    states = []
    # In the first write, in both that rename a file, and after the last.
    for number in (0, *power.commits[-2:], len(power.done)):
        with Pico(power.cut(number)) as b:
            states.append(b.state()[:2])
            if number == power.commits[-1]:
                in_place(b, "--force")
                said, files, _ = b.state()
                eq((said[-8:], files), ("+inplace", FILES))
    new = [(f"{name}.new", size) for name, size in FILES]
    eq([said[-6:] for said, _ in states[:-1]], ["+small"] * 3)
    # The block is there before the .mpy file that needs it.
    eq(
        [files for _, files in states[:-1]],
        [[small], [new[0], small, new[1]], [FILES[0], small, new[1]]],
    )
    eq((states[-1][0][-8:], states[-1][1]), ("+inplace", FILES))


class Flash:
    """In place of rp2's: each file lies in as many places as the next of the numbers."""

    def __init__(self, fake, *numbers):
        self.fake = fake
        self.numbers = iter(numbers)

    def __call__(self):
        data = [bytes(8) + b"littlefs"]
        data += list(self.fake.files.values()) * next(self.numbers, 1)
        return b"".join(one + b"\xff" * (-len(one) % 4096) for one in data)


ARMV6M, RV32IMC = 4, 11
VERSION = "0.1.0+inplace"


def fake(*numbers, arch=ARMV6M, version=VERSION, block=4096, **modules):
    """A board on which the code can be executed in flash, unless an argument says otherwise."""
    implementation = _fake.implementation((1, 25, 0, ""), 6 | 3 << 8 | arch << 10)
    board = _fake.Board(implementation, block=block, **modules)
    board.modules.setdefault("msgpack", SimpleNamespace(__version__=version))
    board.modules.setdefault("rp2", SimpleNamespace(Flash=Flash(board, *numbers)))
    return board


def tried(board, *options, modules=("msgpack",)):
    """(status, output) of deploying to a fake."""
    return _direct.deploy(board, "--from", str(FOLDER), *options, "", *modules)


PLACES = "/lib/msgpack.blk", "/lib/msgpack.mpy"


@case
def a_fake_that_is_fine():
    board = fake()
    status, output = tried(board, "--in-place")
    words = "experimental. While another thread uses it, do not delete or replace :/lib/msgpack"
    true(words in output or print(output))
    eq(status, 0 if status == 0 else output)
    eq(sorted(board.files), list(PLACES))
    eq([board.files[place][8:] for place in PLACES], [p.read_bytes()[8:] for p in (BLOCK, STUB)])


@case
def boards_that_cannot():
    def cannot(board, *words):
        board.files["/lib/msgpack.mpy"] = before = SMALL.read_bytes()
        words += ("cannot be executed in flash there, and nothing was installed", "SMALL=1")
        refused(tried(board, "--in-place", "--force"), *words)
        eq(board.files, {"/lib/msgpack.mpy": before})

    absent = ImportError("no module named 'rp2'")
    cannot(fake(rp2=absent), "the firmware has no rp2.Flash that gives the address of its flash")
    # As before v1.25.
    older = SimpleNamespace(Flash=object)
    cannot(fake(rp2=older), "the firmware has no rp2.Flash that gives the address of its flash")
    other = SimpleNamespace(Flash=lambda: bytes(8192))
    cannot(fake(rp2=other), "its file system is no LittleFS with blocks of 4096 bytes")
    cannot(fake(block=512), "its file system is no LittleFS with blocks of 4096 bytes")
    cannot(fake(arch=RV32IMC), "the code for that is for ARM, not rv32imc")


@case
def not_in_one_place():
    # Before, and at each nonce.
    board = fake(1, 2, 0, 2, 1)
    eq(tried(board, "--in-place")[0], 0)
    eq(sorted(board.files), list(PLACES))
    true(board.files[PLACES[0]][:8] != bytes(8))

    board = fake(1, 2, 2, 2, 2)
    board.files["/lib/msgpack.mpy"] = before = SMALL.read_bytes()
    words = "has put msgpack.blk in 2 places of the flash, not one, each of 4 times", "SMALL=1"
    refused(tried(board, "--in-place", "--force"), *words)
    eq(board.files, {"/lib/msgpack.mpy": before})


@case
def a_bad_cable():
    class Files(dict):
        def __setitem__(self, name, data):
            super().__setitem__(name, data.replace(b"mpyb", b"mpyc"))

    board = fake()
    board.files = Files()
    refused(tried(board, "--in-place"), ":/lib/msgpack.blk.new is not what was written to it")
    true("/lib/msgpack.mpy" not in board.files)

    # It loses a byte of the other file.
    board = fake()
    whole = board.write
    board.write = lambda name, data: whole(name, data[:-1] if ".mpy" in name else data)
    refused(tried(board, "--in-place"), ":/lib/msgpack.mpy.new is not what was written to it")
    eq([name for name in PLACES if name in board.files], [])


@case
def what_is_replaced():
    for file in SMALL, FOLDER / ARCH / "msgpack.mpy":
        board = fake()
        board.files["/lib/msgpack.mpy"] = before = file.read_bytes()
        refused(tried(board, "--in-place"), "is another file than", "FORCE=1")
        eq(board.files, {"/lib/msgpack.mpy": before})
    # What a power cut leaves, and a block without a nonce.
    board = fake()
    stub = STUB.read_bytes()
    new = "/lib/msgpack.blk.new", "/lib/msgpack.mpy.new"
    board.files = {PLACES[0]: BLOCK.read_bytes(), PLACES[1]: stub, new[0]: b"", new[1]: b""}
    output = tried(board)[1]
    true("copied to :/lib/msgpack.blk" in output and "msgpack.mpy is at" not in output)
    eq(sorted(board.files), list(PLACES))


@case
def what_it_would_do():
    sizes = [path.stat().st_size for path in (BLOCK, STUB)]
    board = fake()
    board.files["/lib/msgpack.mpy"] = before = SMALL.read_bytes()
    output = tried(board, "--in-place", "--force", "--dry-run")[1]
    for words in (
        f"would copy msgpack.mpy to :/lib/msgpack.mpy, {sizes[1]} bytes, in place of the file",
        f"would copy msgpack.blk to :/lib/msgpack.blk, {sizes[0]} bytes\n",
    ):
        true(words in output or print(output))
    eq(board.files, {"/lib/msgpack.mpy": before})
    # Back to RAM.
    eq(tried(board, "--in-place", "--force")[0], 0)
    before = dict(board.files)
    output = tried(board, "--small", "--force", "--dry-run")[1]
    true("would remove :/lib/msgpack.blk, which is not needed" in output or print(output))
    eq(board.files, before)


@case
def with_others_beside():
    full, small = (FOLDER / ARCH / name for name in ("msgpack.mpy", "small/msgpack.mpy"))
    board = fake(
        msgpack_full=SimpleNamespace(__file__="/lib/msgpack_full.mpy", __version__="0.1.0")
    )
    board.modules["msgpack_small"] = SimpleNamespace(__version__="0.1.0+small")
    status, output = tried(board, "--in-place", "--small", "--full")
    eq(status, 0 if status == 0 else output)
    eq(sorted(board.files), [*PLACES, "/lib/msgpack_full.mpy", "/lib/msgpack_small.mpy"])
    eq(board.files["/lib/msgpack_full.mpy"], full.read_bytes())
    eq(board.files["/lib/msgpack_small.mpy"], small.read_bytes())

    # The import falls back.
    board = fake(version="0.1.0+small")
    refused(tried(board, "--in-place"), "imports msgpack_small instead of the msgpack in flash")


@case
def nothing_to_execute_in_flash():
    status, output = tried(fake(), "--in-place", modules=("finaliserproxy",))
    eq(status, 2)
    true("of finaliserproxy, nothing can be executed in flash" in output or print(output))


check.end()
