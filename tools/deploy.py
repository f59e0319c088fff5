#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copy the modules' files for a board's architecture into its lib folder.

usage: deploy.py [--from FOLDER] [--force] [--small] [--full] [--in-place] [PORT [MODULE...]]

PORT is the board's serial port, such as /dev/ttyACM0; without one mpremote looks for a board.
FOLDER/ARCH/MODULE.mpy are the files to take: those of a release, for instance. Without a folder
make builds them. A file on the board that differs is replaced with --force only.

Of a module with a small flavour, that flavour is taken which is on the board. If none is, a board
with less than 64 KB of free RAM gets the small one. --small and --full say which to take; both
together mean the small one, and beside it the full one under the name by which the small one
imports it. --in-place installs the small flavour to be executed in flash (docs/in-place.md); with
--small or --full it gets that beside it, by the name by which it imports it.
"""

import argparse
import hashlib
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import firmware
import in_place
import mpyinfo
import natmods
from remote import Failure, Mpremote

TOP = Path(__file__).resolve().parents[1]

FLAVOURS = {
    natmods.FULL: "the full flavour",
    natmods.SMALL: "the small flavour",
    natmods.IN_PLACE: "the small flavour in flash",
}
# A board with less free RAM gets the small flavour of modules that have one.
LITTLE_RAM = 64 * 1024
# What __version__ ends with, and what is in the file of a flavour and in that of no other.
ENDS = {natmods.SMALL: "+small", natmods.IN_PLACE: "+inplace"}
MARKS = {natmods.SMALL: b"+small", natmods.IN_PLACE: b".blk is "}

# Runs on a board with any firmware version, after a line that sets `modules`.
ASK = """
import gc, os, sys
gc.collect()
ram = gc.mem_free()

class Adler32:
    # For firmware without hashlib, as SAMD21 boards have it.
    def __init__(self):
        self.a, self.b = 1, 0
    def update(self, data):
        for c in data:
            self.a = (self.a + c) % 65521
            self.b = (self.b + self.a) % 65521
    def digest(self):
        return bytes((self.b >> 8, self.b & 255, self.a >> 8, self.a & 255))

def digest(f):
    try:
        from hashlib import sha256 as Hash
    except ImportError:
        Hash = Adler32
    s = Hash()
    end = b''
    flavour = 'full'
    with open(f, 'rb') as o:
        b = o.read(512)
        while b:
            s.update(b)
            for n in marks:
                if marks[n] in end + b:
                    flavour = n
            end = b[-8:]
            b = o.read(512)
    return ''.join('%02x' % c for c in s.digest()), flavour

i = sys.implementation
libs = [p for p in sys.path if p.endswith('/lib')]
lib = libs[0] if libs else ''
d = {'version': tuple(i[1])[:3], 'mpy': getattr(i, '_mpy', 0), 'lib': lib, 'has_lib': True}
d['ram'] = ram
d['machine'] = getattr(i, '_machine', sys.platform)
d['found'] = []
for p in sys.path:
    for m in modules:
        for e in ('', '.py', '.mpy'):
            f = (p + '/' if p else '') + m + e
            try:
                d['found'].append((f, os.stat(f)[6]) + (digest(f) if e else ('', '')))
            except Exception:
                pass
d['leftovers'] = []
for f in leftovers:
    try:
        os.stat(f % lib)
        d['leftovers'].append(f % lib)
    except Exception:
        pass
try:
    os.stat(lib)
except Exception:
    d['has_lib'] = False
try:
    v = os.statvfs(lib if d['has_lib'] else lib[:-4] or '/')
    d['block'], d['free'] = v[0], v[0] * v[3]
except Exception:
    d['block'] = 0
d['esp8266'] = None
try:
    import esp
    if hasattr(esp, 'set_native_code_location'):
        d['esp8266'] = esp.flash_user_start()
except Exception:
    pass
print('@deploy', repr(d))
"""

# Runs on the board, after a line that sets `modules`: measures how much each import grows the
# heap.
IMPORT = """
import gc, sys
d = {}
for m in modules:
    gc.collect()
    n = gc.mem_alloc()
    try:
        __import__(m)
    except BaseException as e:
        d[m] = {'error': (type(e).__name__, str(e)), 'free': gc.mem_free()}
        break
    gc.collect()
    i = sys.modules[m]
    d[m] = {'growth': gc.mem_alloc() - n, 'file': getattr(i, '__file__', '')}
    d[m]['version'] = getattr(i, '__version__', '')
print('@deploy', repr(d))
"""


@dataclass(eq=False)
class File:
    """A module's file here, and its place on the board."""

    module: str  # The name to import.
    flavour: str
    path: Path
    place: str
    info: mpyinfo.Info
    digests: tuple
    block: in_place.Block = None


def about(modules, source):
    """One of the programs above, for the modules."""
    small = [m for m in modules if m in natmods.WITH_SMALL]
    leftovers = [name for m in small for name in in_place.leftovers(f"%s/{m}.mpy")]
    names = {"modules": tuple(modules), "marks": MARKS, "leftovers": leftovers}
    return "".join(f"{name} = {value!r}\n" for name, value in names.items()) + source


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


def installed(board, module):
    """The flavour of the module in the board's lib folder, or None."""
    for name, _, _, flavour in board["found"]:
        if name == f"{board['lib']}/{module}.mpy":
            return flavour
    return None


def choose(board, module, args):
    """(the flavour to take, why)"""
    if args.in_place:
        return natmods.IN_PLACE, "as asked for"
    if args.small:
        return natmods.SMALL, "as asked for"
    if args.full:
        return natmods.FULL, "as asked for"
    flavour = installed(board, module)
    other = "SMALL=1 FORCE=1" if flavour == natmods.FULL else "FULL=1 FORCE=1"
    if flavour:
        return flavour, f"as the one on the board; {other} replaces it"
    ram = f"{board['ram'] // 1024} KB of RAM are free"
    if board["ram"] < LITTLE_RAM:
        return natmods.SMALL, f"as {ram}; FULL=1 takes the full one"
    return natmods.FULL, f"as {ram}; SMALL=1 takes the small one"


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


def find_files(folder, arch, flavours, beside, lib):
    """The File of each module. Without a folder, make builds the modules."""
    if not folder:
        command = ["make", "--no-print-directory", "-C", TOP, f"ARCH={arch}"]
        if subprocess.run(command).returncode:
            raise Failure(f"make ARCH={arch} failed")

    def find(module, flavour, name):
        path = natmods.built(folder or TOP / "build", arch, module, flavour)
        if folder and flavour != natmods.FULL:
            path = Path(folder, arch, flavour, path.name)
        if folder and flavour == natmods.IN_PLACE and not path.exists():
            raise Failure(
                f"{folder} has no files to execute in flash: take make deploy IN_PLACE=1"
            )
        try:
            info = mpyinfo.load(path)
        except mpyinfo.FormatError as e:
            raise Failure(str(e)) from None
        if (info.arch, info.version) != (arch, firmware.ABI):
            raise Failure(f"{path} is for {info.arch}, .mpy version {info.version}")
        file = File(name, flavour, path, f"{lib}/{name}.mpy", info, digests(path))
        if flavour == natmods.IN_PLACE:
            file.block = in_place.Block(natmods.block(path), in_place.block_place(file.place))
        return file

    files = [find(module, flavour, module) for module, flavour in flavours.items()]
    files += [find(*one) for one in beside]
    # The largest first, as its code needs the largest free piece of the heap; but what is executed
    # in flash before that which it may import instead.
    return sorted(files, key=lambda file: (not file.block, -file.info.text))


def digests(path):
    """The digests of the file; the board computes one of them, depending on its firmware."""
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), f"{zlib.adler32(data):08x}"


def its_flavour(board, file):
    """Words about the file on the board, if that is of another flavour."""
    flavour = installed(board, file.module)
    return "" if flavour == file.flavour else f", {FLAVOURS[flavour]},"


def to_copy(board, files, force):
    """The files that are not on the board yet."""
    copies = []
    for file in files:
        state = "absent"
        for name, _, digest, _ in board["found"]:
            if name == file.place:
                state = "same" if digest in file.digests else "other"
                break
            # The import would load this file instead, as its folder or name comes first.
            if name.split("/")[-1].split(".")[0] == file.module:
                raise Failure(
                    f":{name} on the board hides :{file.place}; remove it, as in: "
                    f"mpremote rm :{name}"
                )
        if state == "other" and not force:
            raise Failure(
                f":{file.place} on the board{its_flavour(board, file)} is another file than "
                f"{file.path}; "
                "to replace it: make deploy FORCE=1 (tools/deploy.py --force)"
            )
        if state == "same":
            print(f"{file.module}: is at :{file.place} already")
        else:
            copies.append(file)
    return copies


def check_flash(mpremote, board, arch, flavours):
    """What in_place.look() sees, if a module is to be executed in flash."""
    modules = [m for m, flavour in flavours.items() if flavour == natmods.IN_PLACE]
    if not modules:
        return None
    seen = in_place.look(
        mpremote, [in_place.block_place(f"{board['lib']}/{m}.mpy") for m in modules]
    )
    why = in_place.why_not(board, arch, seen)
    if why:
        raise Failure(
            f"{' '.join(modules)} cannot be executed in flash there, and nothing was installed: "
            f"{why}. docs/in-place.md says which boards can; SMALL=1 takes the flavour in RAM"
        )
    return seen


def blocks_to_copy(files, seen):
    """The files whose block is not on the board yet, or not executable."""
    wanted = [file for file in files if file.block]
    return [file for file in wanted if not in_place.is_there(file.block, seen)]


def check_space(board, copies, blocks):
    """Fail if the files do not fit, before anything is written."""

    def taken(size):
        return -(-size // board["block"]) * board["block"]

    # The former file stays until the one that is executed in flash has its name.
    places = [f.place for f in copies if not f.block]
    replaced = sum(taken(size) for name, size, *_ in board["found"] if name in places)
    sizes = [f.info.size for f in copies] + [f.block.size for f in blocks]
    # Each file takes one more block for its directory entry.
    wanted = sum(taken(size) + board["block"] for size in sizes)
    free = board["free"] + replaced
    if wanted > free:
        names = ", ".join(dict.fromkeys(f.module for f in copies + blocks))
        raise Failure(
            f"no space: {names} take {wanted} bytes of the board's file system, and {free} are "
            "free; remove files that are not needed (mpremote ls, mpremote rm :NAME)"
        )


def copy(mpremote, board, copies, blocks):
    if not board["has_lib"] and copies:
        mpremote.do("mkdir", f":{board['lib']}")
    for file in dict.fromkeys(copies + blocks):
        written = [(file.place, file.info.size)] if file in copies else []
        if file.block:
            block = file.block if file in blocks else None
            in_place.install(mpremote, block, file.path if written else None, file.place)
            written += [(block.place, block.size)] if block else []
        else:
            mpremote.put(file.path, file.place)
        for place, size in written:
            print(f"{file.module}: copied to :{place}, {size} bytes")


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
        smaller = " or its small flavour (SMALL=1 FORCE=1)" if has_small else ""
        return (
            f"import {file.module} says {full!r}: it needs {file.info.text} bytes in one piece "
            f"for its code, and {result['free']} are free in all; import it before anything else, "
            f"or take one module only{smaller}"
        )
    return f"import {file.module} says {full!r}; docs/troubleshooting.md tells what it means"


def use(mpremote, board, files):
    """Import the modules on the board, and report."""
    # A full flavour beside a small one comes last, as it changes what that says of itself.
    beside = {natmods.full_name(f.module) for f in files}
    order = sorted(files, key=lambda f: f.module in beside)
    results = mpremote.evaluate(about([f.module for f in order], IMPORT))
    for file in files:
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
        print(f"{file.module}: version {result['version']} works, and takes {ram} bytes of RAM")
    if board["esp8266"] is not None:
        code = sum(f.info.text for f in files)
        print(f"Each import writes {code} bytes of native code to flash, which wears it.")


def arguments(argv):
    summary, _, text, more = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(
        prog="deploy.py", description=summary, epilog=f"{text} {more}"
    )
    parser.add_argument("--from", dest="folder", metavar="FOLDER", help="a release, for instance")
    parser.add_argument("--force", action="store_true", help="replace files that differ")
    parser.add_argument("--small", action="store_true", help="take the small flavour")
    parser.add_argument("--full", action="store_true", help="take the full flavour")
    parser.add_argument("--in-place", action="store_true", help="execute the small one in flash")
    parser.add_argument(
        "--timeout", type=float, default=120, help="seconds for each thing the board does (120)"
    )
    parser.add_argument("port", nargs="?", default="", metavar="PORT")
    parser.add_argument("modules", nargs="*", default=natmods.NAMES, metavar="MODULE")
    args = parser.parse_args(argv)
    unknown = set(args.modules) - set(natmods.NAMES)
    if unknown:
        parser.error(f"unknown module {' '.join(unknown)}; known are: {' '.join(natmods.NAMES)}")
    if args.in_place and not set(args.modules) & set(natmods.WITH_SMALL):
        parser.error(f"of {' '.join(args.modules)}, nothing can be executed in flash")
    return args


def deploy(args, mpremote):
    small = [m for m in args.modules if m in natmods.WITH_SMALL]
    names = [f(m) for m in small for f in (natmods.full_name, natmods.small_name)]
    board = mpremote.evaluate(about([*args.modules, *names], ASK))
    arch = check_firmware(board, args.modules)
    check_place(board)
    print(
        f"{board['machine']}, MicroPython {firmware.shown(board['version'])}: {arch}", flush=True
    )
    flavours, beside = choose_flavours(board, args)
    seen = check_flash(mpremote, board, arch, flavours)
    files = find_files(args.folder, arch, flavours, beside, board["lib"])
    copies = to_copy(board, files, args.force)
    blocks = blocks_to_copy(files, seen)
    check_space(board, copies, blocks)
    copy(mpremote, board, copies, blocks)
    in_place.remove(mpremote, board["leftovers"], [f.block.place for f in files if f.block])
    use(mpremote, board, files)


def main(argv):
    try:
        args = arguments(argv)
        deploy(args, Mpremote(args.port, args.timeout))
    except Failure as e:
        sys.stdout.flush()
        sys.exit(f"deploy: {e}")


if __name__ == "__main__":
    main(sys.argv[1:])
