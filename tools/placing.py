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
from remote import Failure, Words, option, removing
from writing import NEW, write

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


def folder_of(place):
    return place.rpartition("/")[0]


def init_of(module):
    """The module's file where it is installed as a folder, as a name to ask the board about."""
    return f"{module}/__init__"


def place_of(board, module):
    """The module's place in the lib folder: in its own folder, if that is installed."""
    init = f"{board['lib']}/{init_of(module)}.mpy"
    if any(name == init for name, *_ in board["found"]):
        return init
    return f"{board['lib']}/{module}.mpy"


def installed(board, module):
    """The flavour of the module in the board's lib folder, or None."""
    for name, _, _, flavour in board["found"]:
        if name == place_of(board, module):
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


def hidden_by(board, module, place):
    """The file or folder that the board would import instead of the one at the place, or None."""
    stems = [f"{folder}/{module}" if folder else module for folder in board["path"]]
    # They come in the order in which an import looks for them, a folder before a file.
    for name, *_ in board["found"]:
        if name == place:
            return None
        if re.sub(r"\.m?py$", "", name) in stems:
            return name
    return None


def named(name):
    """A file's or a folder's name, for messages."""
    return f":{name}" if re.search(r"\.m?py$", name) else f"the folder :{name}"


def check_hidden(board, module, place):
    """Fail if the board would import something else than what is or will be at the place."""
    name = hidden_by(board, module, place)
    if not name:
        return
    remedy = f"remove it, as in: mpremote rm :{name}"
    if named(name) != f":{name}":
        rename = f"import os; os.rename('{name}', '{name}-old')"
        remedy = f'remove it, or rename it: mpremote exec "{rename}"'
    if name.startswith("/rom/"):
        remedy = "make the ROMFS without it: mpremote romfs build, mpremote romfs deploy"
    raise Failure(f"{named(name)} on the board hides :{place}; {remedy}")


def check_file_hidden(board, file):
    """The same for a file, which may be that of a module's folder."""
    if file.place != f"{board['lib']}/{init_of(file.module)}.mpy":
        check_hidden(board, file.module, file.place)
        return
    check_hidden(board, file.module, folder_of(file.place))
    check_hidden(board, init_of(file.module), file.place)
    beside = f"{board['lib']}/{file.module}.mpy"
    if any(name == beside for name, *_ in board["found"]):
        print(
            f"{file.module}: the folder :{folder_of(file.place)} hides :{beside}, which nothing "
            f"imports; remove one of them, as in: mpremote rm :{beside}"
        )


def to_copy(board, files, force):
    """The files that are not on the board yet."""
    found = {name: digest for name, _, digest, _ in board["found"]}
    copies = []
    for file in files:
        check_file_hidden(board, file)
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
        print(f"{parts[0].package}: is in :{folder_of(parts[0].place)} already")
    return copies


def unfinished(board):
    """{name: size} of files that installations have left which broke."""
    return {name: size for name, size in board["leftovers"] if name.endswith(NEW)}


def steps(copies, blocks):
    """The files in the order in which they are copied, with those together that become valid in
    one step."""
    parts = [file for file in copies if file.package]
    others = dict.fromkeys(copies + blocks)
    return ([parts] if parts else []) + [[file] for file in others if not file.package]


def check_space(board, copies, blocks):
    """Fail if the files do not fit, before anything is written."""

    def taken(size):
        return -(-size // board["block"]) * board["block"]

    def names(files):
        return ", ".join(dict.fromkeys(file.package or file.module for file in files))

    remedy = "remove files that are not needed (mpremote ls, mpremote rm :NAME)"
    found = {name: size for name, size, *_ in board["found"]}
    # What is left of broken installations goes first.
    free = board["free"] + sum(map(taken, unfinished(board).values()))
    at_once, in_all, freed, former = None, 0, 0, []
    for step in steps(copies, blocks):
        sizes = [file.size for file in step if file in copies]
        sizes += [file.block.size for file in step if file in blocks]
        # A file takes one more block for its directory entry; a package's folder is a directory.
        entries = 2 if step[0].package else len(sizes)
        in_all += sum(map(taken, sizes)) + entries * board["block"]
        # The former files stay until the new ones are complete.
        if in_all - freed > free and not at_once:
            at_once = step, in_all - freed, free
        replaced = [f.place for f in step if f in copies and not f.block and f.place in found]
        former += replaced
        freed += sum(taken(found[place]) for place in replaced)
    if in_all - freed > free:
        raise Failure(
            f"no space: {names(copies + blocks)} take {in_all} bytes of the board's file system, "
            f"and {free + freed} are free; {remedy}"
        )
    if at_once:
        step, wanted, free = at_once
        places = " ".join(f":{place}" for place in former)
        raise Failure(
            f"no space for the former and the new {names(step)} at once: a former file stays "
            f"until the new one is complete. {wanted} bytes are needed, and {free} are free; "
            f"{remedy}, or the former first, and then install again: mpremote rm {places}"
        )


def remove_unfinished(mpremote, board):
    names = list(unfinished(board))
    if names:
        mpremote.do("exec", removing(names))


def unneeded_blocks(board, files):
    """What was executed in flash, and no longer will be."""
    kept = [*unfinished(board), *(file.block.place for file in files if file.block)]
    return [name for name, _ in board["leftovers"] if name not in kept]


def remove_blocks(mpremote, board, files):
    names = unneeded_blocks(board, files)
    if names:
        mpremote.do("exec", removing(names))


def written(file, copies, blocks):
    """[(name here, place, size)] of what is written of a file: itself, its block, or both."""
    found = [(file.path.name, file.place, file.size)] if file in copies else []
    if file in blocks:
        found.append((file.block.path.name, file.block.place, file.block.size))
    return found


def show_plan(board, files, copies, blocks):
    """What copy() and the others would do."""
    for name in unfinished(board):
        print(f"would remove :{name}, which is left of an installation that broke")
    found = [name for name, *_ in (*board["found"], *board["leftovers"])]
    for step in steps(copies, blocks):
        for name, place, size in (one for file in step for one in written(file, copies, blocks)):
            replaced = ", in place of the file there" if place in found else ""
            print(f"would copy {name} to :{place}, {size} bytes{replaced}")
    for name in unneeded_blocks(board, files):
        print(f"would remove :{name}, which is not needed any more")


def copy(mpremote, board, copies, blocks):
    if not board["has_lib"] and copies:
        mpremote.do("mkdir", f":{board['lib']}")
    for step in steps(copies, blocks):
        if step[0].package:
            copy_package(mpremote, board, step)
            continue
        (file,) = step
        if file.block:
            block = file.block if file in blocks else None
            mpy = file.path if file in copies else None
            in_place.install(mpremote, block, mpy, file.place, file.digests)
        else:
            write(mpremote, [(file.path, file.place, file.digests)])
        for _, place, size in written(file, copies, blocks):
            print(f"{file.module}: copied to :{place}, {size} bytes", flush=True)


def copy_package(mpremote, board, files):
    """Copy a package's files, with one connection to the board."""
    folder = folder_of(files[0].place)
    if folder not in [name for name, *_ in board["found"]]:
        mpremote.do("mkdir", f":{folder}")
    write(mpremote, [(file.path, file.place, file.digests) for file in files])
    size = sum(file.size for file in files)
    count = f"{len(files)} files" if len(files) > 1 else "1 file"
    print(f"{files[0].package}: copied {count} to :{folder}, {size} bytes", flush=True)
