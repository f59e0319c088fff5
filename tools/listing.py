# SPDX-License-Identifier: MIT
"""What a board has of the modules: --list and --remove of deploy.py and install.py."""

from dataclasses import dataclass, field

import natmods
import roles
from deploy_role import drop_in_digests
from placing import FLAVOURS, digests, hidden_by, init_of, named
from questions import ASK, BOARD, about
from remote import STAY, Failure, removing


@dataclass
class Entry:
    """A module or package in the board's lib folder."""

    name: str
    text: str
    files: list
    folders: list = field(default_factory=list)


def names(modules, with_package):
    """What to ask the board about."""
    found = []
    for module in modules:
        found.append(module)
        if module in natmods.WITH_SMALL:
            found += [natmods.full_name(module), natmods.small_name(module)]
        if module in natmods.NAMES:
            found += [init_of(module), *(f"{module}/{name}" for name in package_digests(module))]
    if with_package:
        found += [roles.PACKAGE, *(f"{roles.PACKAGE}/{name}" for name in roles.OWN)]
        found += roles.DROP_IN
    return found


def package_digests(module):
    """{name: digests} of the Python files that a module has where it is a folder."""
    if natmods.RELEASE:
        return natmods.RELEASE["packages"].get(module, {})
    return {path.stem: digests(path) for path in natmods.PACKAGES.get(module, ())}


def of_module(board, found, module):
    """The Entries of a module. `found` is {name: (size, digest, flavour)}."""
    lib = board["lib"]
    has_flavours = module in natmods.WITH_SMALL
    others = [natmods.full_name(module), natmods.small_name(module)] if has_flavours else []

    def text(place):
        size, _, flavour = found[place]
        what = FLAVOURS[flavour] + ", " if has_flavours else ""
        return f"{what}{size} bytes at :{place}"

    def hidden(name, place):
        first = hidden_by(board, name, place)
        return f", which {named(first)} hides" if first else ""

    folder, init = f"{lib}/{module}", f"{lib}/{init_of(module)}.mpy"
    files = [
        f"{folder}/{name}.py"
        for name, known in package_digests(module).items()
        if found.get(f"{folder}/{name}.py", ("", ""))[1] in known
    ]
    if init in found or files and folder in found:
        what = text(init) if init in found else f"a folder :{folder} that has no module"
        also = ", ".join(file.rpartition("/")[2] for file in files)
        what += (f", with {also}" if files else "") + hidden(module, folder)
        yield Entry(module, what, files + [init] * (init in found), [folder])
    for name in [module, *others]:
        place = f"{lib}/{name}.mpy"
        if place in found:
            yield Entry(name, text(place) + hidden(name, place), [place])


def of_package(lib, found):
    """The Entries of the co-processor's files."""
    places = [f"{lib}/{roles.file(name)}" for name in roles.OWN]
    places = [place for place in places if place in found]
    if places:
        size = sum(found[place][0] for place in places)
        folder = f"{lib}/{roles.PACKAGE}"
        text = f"{len(places)} files, {size} bytes in :{folder}"
        yield Entry(roles.PACKAGE, text, places, [folder])
    for name, known in drop_in_digests().items():
        place = f"{lib}/{name}.py"
        # Another file of the name is not from here.
        if place in found and found[place][1] in known:
            text = f"{found[place][0]} bytes at :{place}, for {roles.PACKAGE}.{name}"
            yield Entry(name, text, [place])


def show_or_remove(mpremote, args):
    modules, with_package = args.modules, args.everything or args.role
    board = mpremote.evaluate(about(names(modules, with_package), ASK), BOARD)
    lib = board["lib"]
    if not lib:
        raise Failure("the board's sys.path has no lib folder")
    found = {name: about_it for name, *about_it in board["found"]}
    entries = [entry for module in modules for entry in of_module(board, found, module)]
    if with_package:
        entries += of_package(lib, found)
    left = [name for name, _ in board["leftovers"]]
    for entry in entries:
        print(f"{entry.name}: {entry.text}")
    for name in left:
        print(f":{name}: belongs to a module, or is left of an installation that broke")
    if not entries and not left:
        asked = [*modules, roles.PACKAGE] if with_package else modules
        print(f"no {' or '.join(asked)} in :{lib}")
    elif args.remove:
        files = [file for entry in entries for file in entry.files] + left
        folders = [folder for entry in entries for folder in entry.folders]
        if args.dry_run:
            print("would remove " + " ".join(f":{name}" for name in files + folders))
            return
        stay = mpremote.evaluate(removing(files, folders), STAY)
        if stay:
            raise Failure("; ".join(f":{name} stays on the board: {why}" for name, why in stay))
        print("removed")
