# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# tools/deploy.py where msgpack is a folder on the board, as ARCH/msgpack-package.json installs it.

import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import _direct
import _fake
from _release import refused, release, unix
from check import case, end, eq, true

RELEASE = release("", ("armv7m", "x64"))
ARMV7M = 5
FOLDER = "/lib/msgpack"
INIT, BESIDE = f"{FOLDER}/__init__.mpy", f"{FOLDER}.mpy"
FULL, SMALL = (
    (RELEASE / f"armv7m/{name}").read_bytes() for name in ("msgpack.mpy", "small/msgpack.mpy")
)
PYTHON = {
    f"{FOLDER}/{name}.py": (RELEASE / f"armv7m/msgpack/{name}.py").read_bytes()
    for name in ("exceptions", "ext")
}


def fake(files, place=INIT, **options):
    """A board with the files, where the import takes the one at the place."""
    module = SimpleNamespace(__file__=place, __version__="0.1.0")
    implementation = _fake.implementation((1, 25, 0, ""), 6 | 3 << 8 | ARMV7M << 10)
    board = _fake.Board(implementation, **{"free": 1000, **options}, msgpack=module)
    board.files.update(files)
    board.folders.update(name.rpartition("/")[0] for name in files)
    return board


def deploy(board, *options):
    return _direct.deploy(board, "--from", str(RELEASE), *options, "", "msgpack")


def said(result, *words):
    status, output = result
    eq(status, 0 if status == 0 else output)
    for word in words:
        true(word in output or print(output))


@case
def what_an_import_finds():
    with tempfile.TemporaryDirectory() as lib:
        shutil.copy(RELEASE / "x64/msgpack.mpy", lib)
        Path(lib, "msgpack").mkdir()
        source = "import msgpack; print(msgpack)"
        # Even without a module in it.
        eq(unix(source, lib), (0, "<module 'msgpack'>\n"))
        shutil.copy(RELEASE / "x64/small/msgpack.mpy", f"{lib}/msgpack/__init__.mpy")
        eq(unix("import msgpack; print(msgpack.__version__[-6:])", lib), (0, "+small\n"))
        # A file of that name is nothing.
        shutil.rmtree(f"{lib}/msgpack")
        Path(lib, "msgpack").touch()
        file = f"{lib}/msgpack.mpy"
        eq(unix("import msgpack; print(msgpack.__file__)", lib), (0, f"{file}\n"))


@case
def the_file_in_the_folder():
    before = {INIT: FULL, **PYTHON}
    board = fake(before)
    said(deploy(board), f"msgpack: is at :{INIT} already\n", "as the one on the board")
    eq(board.files, before)
    # Another version.
    older = {**before, INIT: FULL.replace(b"msgpack.mpy", b"MSGPACK.mpy", 1)}
    board = fake(older)
    refused(deploy(board), f":{INIT} on the board is another file than", "FORCE=1")
    eq(board.files, older)
    said(deploy(board, "--force"), f"msgpack: copied to :{INIT}, ")
    eq(board.files, before)
    # The other flavour.
    refused(deploy(board, "--small"), f":{INIT} on the board, the full flavour, is another file")
    said(deploy(board, "--small", "--force"), f"copied to :{INIT}")
    eq(board.files, {**before, INIT: SMALL})
    said(deploy(board), "the small flavour, as the one on the board")


@case
def a_file_beside_the_folder():
    board = fake({INIT: FULL, BESIDE: SMALL})
    said(deploy(board), f"the folder :{FOLDER} hides :{BESIDE}", f"mpremote rm :{BESIDE}")
    eq(board.files, {INIT: FULL, BESIDE: SMALL})


@case
def folders_that_hide_the_file():
    def hidden(files, *words):
        board = fake(files)
        refused(deploy(board, "--force"), *words)
        eq(board.files, files)

    words = f"the folder :{FOLDER} on the board hides :{BESIDE}", f"os.rename('{FOLDER}', "
    hidden({f"{FOLDER}/mine.py": b""}, *words)
    hidden({f"{FOLDER}/__init__.py": b"", BESIDE: FULL}, *words)
    words = (
        f":{FOLDER}/__init__.py on the board hides :{INIT}",
        f"mpremote rm :{FOLDER}/__init__.py",
    )
    hidden({f"{FOLDER}/__init__.py": b"", INIT: FULL}, *words)
    words = (
        f"the folder :msgpack on the board hides :{FOLDER}",
        "os.rename('msgpack', 'msgpack-old')",
    )
    hidden({"msgpack/__init__.mpy": FULL, INIT: FULL}, *words)
    hidden({"msgpack.py": b"", INIT: FULL}, f":msgpack.py on the board hides :{FOLDER};")
    # No folder.
    board = fake({FOLDER: b""}, BESIDE)
    said(deploy(board), f"copied to :{BESIDE}")


@case
def nothing_to_execute_in_flash():
    board = fake({INIT: FULL}, block=4096)
    refused(deploy(board, "--in-place", "--force"), "is a folder", "--remove")
    eq(board.files, {INIT: FULL})


def shown(board, *options):
    return _direct.deploy(board, *options, "", "msgpack")


@case
def list_and_remove():
    before = {INIT: SMALL, **PYTHON, BESIDE: FULL, "/lib/other.py": b""}
    board = fake(before)
    lines = (
        f"msgpack: the small flavour, {len(SMALL)} bytes at :{INIT}, with exceptions.py, ext.py\n"
        f"msgpack: the full flavour, {len(FULL)} bytes at :{BESIDE}, which the folder :{FOLDER} "
        "hides\n"
    )
    eq(shown(board, "--list"), (0, lines))
    names = " ".join(f":{name}" for name in (*PYTHON, INIT, BESIDE, FOLDER))
    eq(shown(board, "--remove", "--dry-run"), (0, f"{lines}would remove {names}\n"))
    eq((board.files, FOLDER in board.folders), (before, True))
    # What contradicts itself does nothing.
    status, output = shown(board, "--list", "--remove")
    eq((status, "not allowed with argument" in output), (2, True))
    eq(board.files, before)
    # A module that is named twice is one.
    eq(_direct.deploy(board, "--list", "", "msgpack", "msgpack"), (0, lines))
    eq(shown(board, "--remove"), (0, f"{lines}removed\n"))
    eq((board.files, FOLDER in board.folders), ({"/lib/other.py": b""}, False))


@case
def what_is_hidden():
    for first in "msgpack.py", "msgpack", "msgpack.mpy":
        board = fake({first if "." in first else f"{first}/x.py": b"", BESIDE: FULL, INIT: FULL})
        words = f"which {'' if '.' in first else 'the folder '}:{first} hides\n"
        status, output = shown(board, "--list")
        eq((status, output.count(words)), (0, 2) if status == 0 else output)
    board = fake({BESIDE: FULL, f"{FOLDER}.py": b""})
    said(shown(board, "--list"), f":{BESIDE}, which :{FOLDER}.py hides\n")
    board = fake({BESIDE: FULL})
    eq("hides" in shown(board, "--list")[1], False)


@case
def files_of_others_in_the_folder():
    # One has the name of ours.
    others = {f"{FOLDER}/ext.py": b"mine", f"{FOLDER}/mine.py": b""}
    board = fake({INIT: FULL, f"{FOLDER}/exceptions.py": b"from msgpack import *\n", **others})
    result = shown(board, "--remove")
    eq(result[0], 1)
    true(f":{FOLDER} stays on the board: it has other files: " in result[1] or print(result))
    eq({name: board.files.get(name) for name in others}, others)
    eq(INIT in board.files, False)
    # Of a broken installation by mip.
    board = fake(PYTHON)
    said(
        shown(board, "--list"), f"msgpack: a folder :{FOLDER} that has no module, with exceptions"
    )
    said(shown(board, "--remove"), "removed")
    eq((board.files, FOLDER in board.folders), ({}, False))


@case
def what_is_left_of_broken_installations():
    left = [f"/lib/{name}.new" for name in ("ioctl.mpy", "finaliserproxy.mpy")]
    others = {"/lib/socket.py.new": b"", "/lib/mine.new": b""}
    board = fake(
        {**dict.fromkeys(left, b""), **others, f"{INIT}.new": b"", "/lib/ioctl.mpy": b"M"}
    )
    status, output = _direct.deploy(board, "--list", "")
    for name in left:
        true(f":{name}: " in output or print(output))
    true(f":{INIT}.new: " in output)
    result = _direct.deploy(board, "--remove", "", "ioctl", "finaliserproxy", "msgpack")
    eq((result[0], board.files), (0, others) if result[0] == 0 else result)
    eq(shown(board, "--remove"), (0, "no msgpack in :/lib\n"))


end()
