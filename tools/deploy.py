#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copy the modules' files for a board's architecture into its lib folder.

usage: deploy.py [--from FOLDER] [--force] [--small] [--full] [--in-place] [--dry-run]
                 [PORT [MODULE...]]
       deploy.py --role client|server ... [PORT]
       deploy.py --list [--role client|server] [PORT [MODULE...]]
       deploy.py --remove [--role client|server] [--dry-run] PORT [MODULE...]

PORT is the board's serial port, such as /dev/ttyACM0; without one mpremote looks for a board.
FOLDER/ARCH/MODULE.mpy are the files to take: those of a release, for instance. Without a folder
make builds them. A file on the board that differs is replaced with --force only; the former file
stays until the new one is complete.

Of a module with a small flavour, that flavour is taken which is on the board. If none is, a board
with less than 64 KB of free RAM gets the small one. --small and --full say which to take; both
together mean the small one, and beside it the full one under the name by which the small one
imports it. --in-place installs the small flavour to be executed in flash (docs/in-place.md); with
--small or --full it gets that beside it, by the name by which it imports it.

--role makes the board a side of the co-processor: it gets that package with the modules that it
needs.
"""

import argparse
import re
import sys

import deploy_role
import firmware
import in_place
import listing
import mpyinfo
import natmods
import placing
import printing
import roles
from placing import FLAVOURS, File, installed
from questions import ASK, BOARD, about, importing
from remote import Failure, Mpremote, option
from supply import Folder, Tree

# A board with less free RAM gets the small flavour of modules that have one.
LITTLE_RAM = 64 * 1024
# What __version__ ends with.
ENDS = {natmods.SMALL: "+small", natmods.IN_PLACE: "+inplace"}


def check_kind(board):
    """Fail for firmware that is derived from MicroPython. Its versions mean something else."""
    name = board["name"]
    if name == "micropython":
        return
    own = ""
    if name == "circuitpython":
        name = "CircuitPython"
        own = f"; {name} has a msgpack of its own, see docs/migrating.md"
    raise Failure(
        f"the firmware is {name}, which loads other .mpy files than MicroPython: install "
        f"MicroPython on the board{own}"
    )


def check_firmware(board, modules):
    """The board's ARCH, if the firmware can load the modules."""
    version = board["version"]
    shown = firmware.shown(version)
    if version < firmware.OLDEST:
        raise Failure(
            f"the firmware is MicroPython {shown}; {firmware.shown(firmware.OLDEST)} or later is "
            "needed: update it"
        )
    arch = firmware.arch_of(board["mpy"])
    if arch == "none":
        raise Failure(
            f"the firmware loads no native code: {board['machine']} has no architecture for it"
        )
    if firmware.abi_of(board["mpy"]) != firmware.ABI:
        raise Failure(
            f"the firmware takes .mpy files of version {firmware.abi_of(board['mpy'])}, and these "
            f"have {firmware.ABI}: look for a newer release of the modules"
        )
    for module in modules:
        oldest = firmware.oldest(module, arch)
        if version < oldest:
            raise Failure(
                f"{module} for {arch} needs MicroPython {firmware.shown(oldest)} or later, and "
                f"the firmware is {shown}: update it"
            )
    return arch


def check_place(board):
    if not board["lib"]:
        raise Failure("the board's sys.path has no lib folder to put the modules in")
    if not board["block"]:
        raise Failure("the board has no file system to put the modules in")


def choose(board, module, args):
    """(the flavour to take, why)"""
    if args.in_place:
        return natmods.IN_PLACE, "as asked for"
    if args.small:
        return natmods.SMALL, "as asked for"
    if args.full:
        return natmods.FULL, "as asked for"
    flavour = installed(board, module)
    other = natmods.SMALL if flavour == natmods.FULL else natmods.FULL
    if flavour:
        return flavour, f"as the one on the board; {option(other, 'force')} replaces it"
    ram = f"{board['ram'] // 1024} KB of RAM are free"
    if board["ram"] < LITTLE_RAM:
        return natmods.SMALL, f"as {ram}; {option('full')} takes the full one"
    return natmods.FULL, f"as {ram}; {option('small')} takes the small one"


def choose_flavours(board, args):
    """{module: flavour}, and a (module, flavour, name) for each that is to be beside these."""
    flavours, beside = dict.fromkeys(args.modules, natmods.FULL), []

    def need(module, flavour, name, asked):
        # One that is there must have the version of the module.
        there = any(found == f"{board['lib']}/{name}.mpy" for found, *_ in board["found"])
        if asked or there:
            beside.append((module, flavour, name))

    for module in args.modules:
        if module in natmods.WITH_SMALL:
            flavours[module], why = choose(board, module, args)
            print(f"{module}: {FLAVOURS[flavours[module]]}, {why}", flush=True)
            if flavours[module] != natmods.FULL:
                need(module, natmods.FULL, natmods.full_name(module), args.full)
            if flavours[module] == natmods.IN_PLACE:
                need(module, natmods.SMALL, natmods.small_name(module), args.small)
    return flavours, beside


def find_files(source, arch, flavours, beside, place):
    """The File of each native module. place(name) is where it goes."""

    def find(module, flavour, name):
        path = source.native(arch, module, flavour)
        try:
            info = mpyinfo.load(path)
        except mpyinfo.FormatError as e:
            raise Failure(str(e)) from None
        if (info.arch, info.version) != (arch, firmware.ABI):
            raise Failure(f"{path} is for {info.arch}, .mpy version {info.version}")
        file = File(name, flavour, path, place(name), info)
        if flavour == natmods.IN_PLACE:
            file.block = in_place.Block(natmods.block(path), in_place.block_place(file.place))
        return file

    files = [find(module, flavour, module) for module, flavour in flavours.items()]
    files += [find(*one) for one in beside]
    # The largest first, as its code needs the largest free piece of the heap; but what is executed
    # in flash before that which it may import instead.
    return sorted(files, key=lambda file: (not file.block, -file.info.text))


def check_flash(mpremote, board, arch, flavours):
    """What in_place.look() sees, if a module is to be executed in flash."""
    modules = [m for m, flavour in flavours.items() if flavour == natmods.IN_PLACE]
    if not modules:
        return None
    for module in modules:
        place = placing.place_of(board, module)
        if place != f"{board['lib']}/{module}.mpy":
            raise Failure(
                f"{module} is a folder on the board, and what is executed in flash is none: "
                f"remove it first (tools/deploy.py --remove PORT {module})"
            )
    seen = in_place.look(
        mpremote, [in_place.block_place(f"{board['lib']}/{m}.mpy") for m in modules]
    )
    why = in_place.why_not(board, arch, seen)
    if why:
        raise Failure(
            f"{' '.join(modules)} cannot be executed in flash there, and nothing was installed: "
            f"{why}. docs/in-place.md says which boards can; {option('small')} takes the flavour "
            "in RAM"
        )
    return seen


def blocks_to_copy(files, seen):
    """The files whose block is not on the board yet, or not executable."""
    wanted = [file for file in files if file.block]
    return [file for file in wanted if not in_place.is_there(file.block, seen)]


def explain_import(file, board, result):
    """The message for an exception of the import."""
    name, text = result["error"]
    full = f"{name}: {text}" if text else name
    if name == "MemoryError" and board["esp8266"] is not None and "native code" in text:
        line = firmware.native_code_line(board["esp8266"])
        if line:
            return (
                f"import {file.module} says {full!r}: put this line into the board's boot.py, and "
                f"deploy again:\n    {line}\nIt names a range of flash that is free. Each import "
                "erases and writes it, which wears it: do not import in a loop of resets"
            )
        return (
            f"import {file.module} says {full!r}: this ESP8266 firmware keeps one sector of flash "
            "for native code, too little for the modules; docs/esp8266.md tells how to find more"
        )
    if name == "MemoryError":
        has_small = file.module in natmods.WITH_SMALL and file.flavour == natmods.FULL
        smaller = f" or its small flavour ({option('small', 'force')})" if has_small else ""
        return (
            f"import {file.module} says {full!r}: it needs {file.info.text} bytes in one piece "
            f"for its code, and {result['free']} are free in all; import it before anything else, "
            f"or take one module only{smaller}"
        )
    lacking = re.search(r"no module named '(\w+)'", text)
    if lacking and lacking[1] in natmods.NAMES:
        return f"import {file.module} says {full!r}: install {lacking[1]}, too"
    if lacking and file.module in natmods.LIBRARY:
        return f"import {file.module} says {full!r}: the firmware has no {lacking[1]}"
    return f"import {file.module} says {full!r}; docs/troubleshooting.md tells what it means"


def use(mpremote, board, files):
    """Import the modules on the board, and report."""
    # A full flavour beside a small one comes last, as it changes what that says of itself.
    beside = {natmods.full_name(f.module) for f in files}
    order = sorted(files, key=lambda f: f.module in beside)
    results = mpremote.evaluate(*importing([f.module for f in order]))
    for file in order:
        result = results[file.module]
        if "error" in result:
            raise Failure(explain_import(file, board, result))
        # Only the full flavour says where it is.
        end = ENDS.get(file.flavour)
        known = end and not result["file"] and result["version"].endswith(end)
        if file.block and not known and result["version"].endswith(ENDS[natmods.SMALL]):
            small = natmods.small_name(file.module)
            raise Failure(f"the board imports {small} instead of the {file.module} in flash")
        if result["file"] != file.place and not known:
            where = "built in" if not result["file"] else f"at {result['file']}"
            raise Failure(f"the board imports a {file.module} that is {where}, not :{file.place}")
        ram = result["growth"] if file.block else firmware.ram(result["growth"], file.info)
        version = f"version {result['version']} " if result["version"] else ""
        print(f"{file.module}: {version}works, and takes {ram} bytes of RAM")
        if file.block:
            print(
                f"{file.module}: executing in flash is experimental. While another thread uses "
                f"it, do not delete or replace :{file.block.place}: see docs/in-place.md"
            )
    if board["esp8266"] is not None:
        code = sum(f.info.text for f in files)
        print(f"Each import writes {code} bytes of native code to flash, which wears it.")


INTERRUPTED = "interrupted; run this again, as what is not complete yet has replaced nothing"


def add_options(parser):
    """Those that install.py has, too."""
    parser.add_argument("--role", choices=list(roles.ROLES), help="a side of the co-processor")
    parser.add_argument("--force", action="store_true", help="replace files that differ")
    parser.add_argument("--small", action="store_true", help="take the small flavour")
    parser.add_argument("--full", action="store_true", help="take the full flavour")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--list", action="store_true", help="list the modules on the board")
    either.add_argument("--remove", action="store_true", help="remove modules from the board")
    parser.add_argument(
        "--timeout", type=float, default=120, help="seconds for each thing the board does (120)"
    )


def complete(parser, args):
    """Check what the words say together, and find the modules that they mean."""
    args.modules = list(dict.fromkeys(args.modules))
    known = (*natmods.NAMES, *natmods.LIBRARY)
    unknown = set(args.modules) - set(known)
    if unknown:
        parser.error(f"unknown module {' '.join(unknown)}; known are: {' '.join(known)}")
    if args.role and args.modules:
        parser.error(f"the {args.role} has its own modules; leave out {' '.join(args.modules)}")
    if args.remove and not (args.role or args.modules):
        parser.error("name the modules to remove")
    args.everything = args.list and not (args.role or args.modules)
    if args.everything:
        args.modules = known
    elif not args.role:
        args.modules = args.modules or natmods.NAMES


def arguments(argv):
    summary, _, *more = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(prog="deploy.py", description=summary, epilog=" ".join(more))
    parser.add_argument("--from", dest="folder", metavar="FOLDER", help="a release, for instance")
    parser.add_argument("--in-place", action="store_true", help="execute the small one in flash")
    add_options(parser)
    parser.add_argument("port", nargs="?", default="", metavar="PORT")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    args = parser.parse_args(argv)
    complete(parser, args)
    args.source = Folder(args.folder) if args.folder else Tree()
    modules = roles.ROLES[args.role].native if args.role else args.modules
    if args.in_place and not set(modules) & set(natmods.WITH_SMALL):
        parser.error(f"of {' '.join(modules)}, nothing can be executed in flash")
    return args


def asked_about(args):
    """What to ask the board about: the modules, and what goes with them."""
    modules = [*args.modules, *(roles.ROLES[args.role].native if args.role else ())]
    small = [m for m in modules if m in natmods.WITH_SMALL]
    names = modules + [f(m) for m in small for f in (natmods.full_name, natmods.small_name)]
    names += map(placing.init_of, modules)
    return names + (deploy_role.names() if args.role else [])


def deploy(args, mpremote):
    if args.list or args.remove:
        listing.show_or_remove(mpremote, args)
        return
    board = mpremote.evaluate(about(asked_about(args), ASK), BOARD)
    check_kind(board)
    library = [module for module in args.modules if module in natmods.LIBRARY]
    if args.role:
        has = deploy_role.check(mpremote, board, args.role)
        args.modules = deploy_role.native_modules(board, args.role)
    for module in library:
        deploy_role.check_bytecode(board, module)
    args.modules = [module for module in args.modules if module not in library]
    arch = check_firmware(board, args.modules) if args.modules else "none"
    check_place(board)
    if args.role:
        placing.check_hidden(board, roles.PACKAGE, f"{board['lib']}/{roles.PACKAGE}")
    print(
        f"{board['machine']}, MicroPython {firmware.shown(board['version'])}: {arch}", flush=True
    )
    flavours, beside = choose_flavours(board, args)
    seen = check_flash(mpremote, board, arch, flavours)
    args.source.get(arch, bool(flavours), bool(args.role or library))
    modules = find_files(
        args.source, arch, flavours, beside, lambda name: placing.place_of(board, name)
    )
    modules += [deploy_role.bytecode(args.source, name, board["lib"]) for name in library]
    files = list(modules)
    if args.role:
        files += deploy_role.find_files(args.source, args.role, has, board["lib"])
    copies = placing.to_copy(board, files, args.force)
    blocks = blocks_to_copy(files, seen)
    placing.check_space(board, copies, blocks)
    if args.dry_run:
        placing.show_plan(board, files, copies, blocks)
        return
    placing.remove_unfinished(mpremote, board)
    placing.copy(mpremote, board, copies, blocks)
    placing.remove_blocks(mpremote, board, files)
    if modules:
        use(mpremote, board, modules)
    if args.role:
        deploy_role.use(mpremote, board, args.role, args.modules)
        deploy_role.explain(args.role)


def main(argv):
    try:
        args = arguments(argv)
        deploy(args, Mpremote(args.port, args.timeout))
    except Failure as e:
        sys.stdout.flush()
        sys.exit(f"deploy: {e}")
    except KeyboardInterrupt:
        sys.exit(f"deploy: {INTERRUPTED}")


if __name__ == "__main__":
    printing.protect()
    main(sys.argv[1:])
