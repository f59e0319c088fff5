# SPDX-License-Identifier: MIT
"""The files that deploy.py puts on a board: which are there, whether they fit, and the copying."""

import hashlib
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import in_place
import mpyinfo
import natmods
from remote import Failure, Words, option

FLAVOURS = {
    natmods.FULL: "the full flavour",
    natmods.SMALL: "the small flavour",
    natmods.IN_PLACE: "the small flavour in flash",
}


@dataclass(eq=False)
class File:
    """A module's file here, and its place on the board."""

    module: str  # The name to import, with / after the name of a package.
    flavour: str
    path: Path
    place: str
    info: mpyinfo.Info = None  # None: it is no .mpy file.
    block: in_place.Block = None
    package: str = ""

    def __post_init__(self):
        self.digests = digests(self.path)

    @property
    def size(self):
        return self.path.stat().st_size


def installed(board, module):
    """The flavour of the module in the board's lib folder, or None."""
    for name, _, _, flavour in board["found"]:
        if name == f"{board['lib']}/{module}.mpy":
            return flavour
    return None


def digests(path):
    """The digests of the file; the board computes one of them, depending on its firmware."""
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), f"{zlib.adler32(data):08x}"


def how_to_force():
    if Words.as_flags:
        return f"{option('force')} replaces it"
    return f"to replace it: make deploy {option('force')} (tools/deploy.py --force)"


def its_flavour(board, file):
    """Words about the file on the board, if that is of another flavour."""
    flavour = installed(board, file.module)
    return "" if flavour in (None, file.flavour) else f", {FLAVOURS[flavour]},"


def check_hidden(board, module, place):
    """Fail if the board would import something else than what is or will be at the place."""
    stems = [f"{folder}/{module}" if folder else module for folder in board["path"]]
    for name, *_ in board["found"]:
        if name == place:
            return
        # Its folder or name comes first.
        if re.sub(r"\.m?py$", "", name) in stems:
            raise Failure(
                f":{name} on the board hides :{place}; remove it, as in: mpremote rm :{name}"
            )


def to_copy(board, files, force):
    """The files that are not on the board yet."""
    found = {name: digest for name, _, digest, _ in board["found"]}
    copies = []
    for file in files:
        check_hidden(board, file.module, file.place)
        if file.place not in found:
            copies.append(file)
        elif found[file.place] not in file.digests:
            if not force:
                raise Failure(
                    f":{file.place} on the board{its_flavour(board, file)} is another file than "
                    f"{file.path}; " + how_to_force()
                )
            copies.append(file)
        elif not file.package:
            print(f"{file.module}: is at :{file.place} already")
    parts = [file for file in files if file.package]
    if parts and not set(parts) & set(copies):
        print(f"{parts[0].package}: is in :{folder_of(parts[0])} already")
    return copies


def folder_of(file):
    return file.place.rpartition("/")[0]


def check_space(board, copies, blocks):
    """Fail if the files do not fit, before anything is written."""

    def taken(size):
        return -(-size // board["block"]) * board["block"]

    # The former file stays until the one that is executed in flash has its name.
    places = [f.place for f in copies if not f.block]
    replaced = sum(taken(size) for name, size, *_ in board["found"] if name in places)
    sizes = [f.size for f in copies] + [f.block.size for f in blocks]
    # A file takes one more block for its directory entry; a package's folder is a directory.
    entries = sum(not f.package for f in copies) + len(blocks)
    entries += 2 * any(f.package for f in copies)
    wanted = sum(map(taken, sizes)) + entries * board["block"]
    free = board["free"] + replaced
    if wanted > free:
        names = ", ".join(dict.fromkeys(f.package or f.module for f in copies + blocks))
        raise Failure(
            f"no space: {names} take {wanted} bytes of the board's file system, and {free} are "
            "free; remove files that are not needed (mpremote ls, mpremote rm :NAME)"
        )


def copy(mpremote, board, copies, blocks):
    if not board["has_lib"] and copies:
        mpremote.do("mkdir", f":{board['lib']}")
    copy_package(mpremote, board, [file for file in copies if file.package])
    for file in dict.fromkeys(copies + blocks):
        if file.package:
            continue
        written = [(file.place, file.size)] if file in copies else []
        if file.block:
            block = file.block if file in blocks else None
            in_place.install(mpremote, block, file.path if written else None, file.place)
            written += [(block.place, block.size)] if block else []
        else:
            mpremote.put(file.path, file.place)
        for place, size in written:
            print(f"{file.module}: copied to :{place}, {size} bytes")


def copy_package(mpremote, board, files):
    """Copy a package's files, with one connection to the board."""
    if not files:
        return
    folder = folder_of(files[0])
    if folder not in [name for name, *_ in board["found"]]:
        mpremote.do("mkdir", f":{folder}")
    mpremote.put_all([file.path for file in files], folder)
    size = sum(file.size for file in files)
    count = f"{len(files)} files" if len(files) > 1 else "1 file"
    print(f"{files[0].package}: copied {count} to :{folder}, {size} bytes")
