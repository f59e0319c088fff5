# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# long: host
# timeout: 3000
#
# The power fails in each write to the flash while tools/deploy.py installs what is executed there,
# and while it goes back. Then the board starts, and the import gives the former module, the new
# one, or an ImportError that says what to do; and installing again gives the new one.

import shutil
import subprocess

from _in_place import ARCH, Pico, Recorded, deployed, released
from _release import TOP, install
from check import case, end, eq, note, true
from runner.children import side_by_side

NEW = released()
OLD = released()


def build_old():
    """Another version of the files, in OLD."""
    command = ["make", "-C", TOP / "natmod/msgpack/small", "-f", "in_place.mk", f"ARCH={ARCH}"]
    command += [f"BUILD_DIR={OLD}/build", "NATMOD_VERSION=0.0.9"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    shutil.rmtree(OLD / ARCH / "in_place")
    shutil.move(OLD / "build" / ARCH, OLD / ARCH / "in_place")


def cuts(before, options, old, new, refusals=()):
    """Install with these options on a board that before(board) has prepared, and cut each write.

    The import says `old` at first, `new` in the end, and between them one of these or `refusals`.
    """
    with Pico() as b:
        before(b)
        eq(b.state()[0], old)
        power = Recorded(b, lambda: deployed(b, NEW, *options))

    def start_after(cut):
        image = power.cut(*cut)
        with Pico(image) as b:
            said, files, top = b.state()
        true(said in (old, new, *refusals) or print(cut, said, files))
        # The file system is the one that was there.
        true("keep" in top or print(cut, top))
        return (said, tuple(files or ())), image

    all_cuts = [
        (n, part) for n, (_, data) in enumerate(power.done) for part in (16, len(data) // 2)
    ]
    states = dict(side_by_side(start_after, all_cuts))
    with Pico(power.cut(len(power.done))) as b:
        eq(b.state()[0], new)
    for said, files in states:
        with Pico(states[said, files]) as b:
            deployed(b, NEW, *options, "--force")
            state = b.state()
            eq(state[0], new)
            # Nothing else is left.
            eq([name for name, _ in state[1] if name.endswith(".new")], [])
    note(f"{len(power.done)} writes, {len(states)} states")


def keep(board):
    board.run("f = open('/keep', 'w'); f.write('kept' * 500); f.close()")


def with_small(board):
    keep(board)
    board.run("import os; os.mkdir('/lib')")
    install.put(board.board, NEW / ARCH / "small/msgpack.mpy", "/lib/msgpack.mpy")


def with_in_place(board, folder=NEW):
    keep(board)
    deployed(board, folder, "--in-place")


VERSION = (TOP / "VERSION").read_text().strip()
SMALL, IN_PLACE = f"{VERSION}+small", f"{VERSION}+inplace"
OTHER = "msgpack.blk is not of this .mpy file: see docs/in-place.md"


@case
def on_an_empty_board():
    cuts(keep, ["--in-place"], "no module named 'msgpack'", IN_PLACE)


@case
def in_the_place_of_the_small_flavour():
    cuts(with_small, ["--in-place", "--force"], SMALL, IN_PLACE)


@case
def in_the_place_of_another_version():
    build_old()
    refusals = [OTHER]
    cuts(
        lambda board: with_in_place(board, OLD),
        ["--in-place", "--force"],
        "0.0.9+inplace",
        IN_PLACE,
        refusals,
    )


@case
def back_to_the_small_flavour():
    cuts(with_in_place, ["--small", "--force"], IN_PLACE, SMALL)


end()
