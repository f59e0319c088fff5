#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Copy the modules' files for a board's architecture into its lib folder.

usage: deploy.py [--from FOLDER] [--force] [PORT [MODULE...]]

PORT is the board's serial port, such as /dev/ttyACM0; without one mpremote looks for a board.
FOLDER/ARCH/MODULE.mpy are the files to take: those of a release, for instance. Without a folder
make builds them. A file on the board that differs is replaced with --force only.
"""

import argparse
import ast
import hashlib
import os
import re
import subprocess
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import firmware
import mpyinfo
import natmods

TOP = Path(__file__).resolve().parents[1]

# The board prints this before its answers.
MARK = "@deploy "

# Runs on a board with any firmware version, after a line that sets `modules`.
ASK = """
import os, sys

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
    with open(f, 'rb') as o:
        b = o.read(512)
        while b:
            s.update(b)
            b = o.read(512)
    return ''.join('%02x' % c for c in s.digest())

i = sys.implementation
libs = [p for p in sys.path if p.endswith('/lib')]
lib = libs[0] if libs else ''
d = {'version': tuple(i[1])[:3], 'mpy': getattr(i, '_mpy', 0), 'lib': lib, 'has_lib': True}
d['machine'] = getattr(i, '_machine', sys.platform)
d['found'] = []
for p in sys.path:
    for m in modules:
        for e in ('', '.py', '.mpy'):
            f = (p + '/' if p else '') + m + e
            try:
                d['found'].append((f, os.stat(f)[6], digest(f) if e else ''))
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


# mpremote's output when the file system is full; not every firmware has names for error numbers.
NO_SPACE = re.compile(r"OSError: (\[Errno )?28\b")


class Failure(Exception):
    """The message says what is wrong and what to do about it."""


@dataclass
class File:
    """A module's file here, and its place on the board."""

    module: str
    path: Path
    place: str
    info: mpyinfo.Info
    digests: tuple


def about(modules, source):
    """One of the programs above, for the modules."""
    return f"modules = {tuple(modules)!r}\n{source}"


def said(output):
    """What a program has printed after the mark; None if it has not."""
    for line in output.splitlines():
        if line.startswith(MARK):
            return ast.literal_eval(line[len(MARK) :])
    return None


class Mpremote:
    """Talks through mpremote to the board at a port."""

    def __init__(self, port, timeout):
        self.port = port
        self.timeout = timeout
        found = subprocess.run([TOP / "tools/find-mpremote.sh"], capture_output=True, text=True)
        if found.returncode:
            raise Failure(found.stderr.strip())
        self.command = found.stdout.split()

    def run(self, *words):
        """(status, output) of mpremote commands, with "+" between them; the status None means
        that the board has not answered in time."""
        connect = ["connect", self.port] if self.port else []
        try:
            result = subprocess.run(
                [*self.command, *connect, *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self.timeout,
            )
        except subprocess.TimeoutExpired:
            return None, ""
        except OSError as e:
            raise Failure(f"{self.command[0]} does not run: {e.strerror}") from None
        return result.returncode, result.stdout.decode(errors="replace").replace("\r\n", "\n")

    def evaluate(self, source, modules):
        """Run a program on the board; return what it prints after the mark."""
        status, output = self.run("exec", about(modules, source))
        answer = said(output) if status == 0 else None
        if answer is None:
            raise Failure(self.explain(status, output))
        return answer

    def explain(self, status, output):
        """What an error of mpremote's means."""
        where = self.port or "the port that mpremote found"
        if "no device found" in output:
            return "no board found: connect one by USB, or name its port, as in PORT=/dev/ttyACM0"
        if "failed to access" in output:
            return no_access(self.port, self.ports)
        if status is None or "could not enter raw repl" in output:
            return no_answer(where)
        return f"mpremote failed at {where}:\n{output.strip()}"

    def ports(self):
        listed = subprocess.run([*self.command, "connect", "list"], capture_output=True, text=True)
        names = [line.split()[0] for line in listed.stdout.splitlines() if line.strip()]
        return "there are: " + " ".join(names) if names else "there is none at all"


def no_access(port, ports):
    """Why a port cannot be opened; ports() tells which there are."""
    if not os.path.exists(port):
        return f"no board at {port}: there is no such port ({ports()})"
    if not os.access(port, os.R_OK | os.W_OK):
        return f"no permission for {port}; run: sudo usermod -aG dialout $USER, log in anew"
    return f"{port} is in use by another program; end that first"


def no_answer(port):
    return (
        f"the board at {port} does not answer: is MicroPython on it? "
        "Press its reset button and try again"
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


def find_files(folder, arch, modules, lib):
    """The File of each module. Without a folder, make builds the modules."""
    if not folder:
        folder = TOP / "build"
        command = ["make", "--no-print-directory", "-C", TOP, f"ARCH={arch}"]
        if subprocess.run(command).returncode:
            raise Failure(f"make ARCH={arch} failed")
    files = []
    for module in modules:
        path = Path(folder, arch, f"{module}.mpy")
        try:
            info = mpyinfo.load(path)
        except mpyinfo.FormatError as e:
            raise Failure(str(e)) from None
        if (info.arch, info.version) != (arch, firmware.ABI):
            raise Failure(f"{path} is for {info.arch}, .mpy version {info.version}")
        files.append(File(module, path, f"{lib}/{path.name}", info, digests(path)))
    # The largest first, as its code needs the largest free piece of the heap.
    return sorted(files, key=lambda file: -file.info.text)


def digests(path):
    """The digests of the file; the board computes one of them, depending on its firmware."""
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), f"{zlib.adler32(data):08x}"


def to_copy(board, files, force):
    """The files that are not on the board yet."""
    copies = []
    for file in files:
        state = "absent"
        for name, _, digest in board["found"]:
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
                f":{file.place} on the board is another file than {file.path}; "
                "to replace it: make deploy FORCE=1 (tools/deploy.py --force)"
            )
        if state == "same":
            print(f"{file.module}: is at :{file.place} already")
        else:
            copies.append(file)
    return copies


def check_space(board, copies):
    """Fail if the files do not fit, before anything is written."""

    def blocks(size):
        return -(-size // board["block"]) * board["block"]

    replaced = sum(
        blocks(size) for name, size, _ in board["found"] if name in [f.place for f in copies]
    )
    # Each file takes one more block for its directory entry.
    wanted = sum(blocks(f.info.size) + board["block"] for f in copies)
    free = board["free"] + replaced
    if wanted > free:
        names = ", ".join(f.module for f in copies)
        raise Failure(
            f"no space: {names} take {wanted} bytes of the board's file system, and {free} are "
            "free; remove files that are not needed (mpremote ls, mpremote rm :NAME)"
        )


def copy(mpremote, board, copies):
    if not copies:
        return
    if not board["has_lib"]:
        status, output = mpremote.run("mkdir", f":{board['lib']}")
        if status != 0:
            raise Failure(mpremote.explain(status, output))
    for file in copies:
        status, output = mpremote.run("cp", file.path, f":{file.place}")
        if status != 0:
            # Remove the partial file, which an import would load.
            mpremote.run("rm", f":{file.place}")
            if NO_SPACE.search(output):
                raise Failure(f"no space on the board for {file.module}; remove files from it")
            raise Failure(mpremote.explain(status, output))
        print(f"{file.module}: copied to :{file.place}, {file.info.size} bytes")


def explain_import(file, board, result):
    """The message for an exception of the import."""
    name, text = result["error"]
    said = f"{name}: {text}" if text else name
    if name == "MemoryError" and board["esp8266"] is not None and "native code" in text:
        line = firmware.native_code_line(board["esp8266"])
        if line:
            return (
                f"import {file.module} says {said!r}: put this line into the board's boot.py, and "
                f"deploy again:\n    {line}\nIt names a range of flash that is free. Each import "
                "erases and writes it, which wears it: do not import in a loop of resets"
            )
        return (
            f"import {file.module} says {said!r}: this ESP8266 firmware keeps one sector of flash "
            "for native code, too little for the modules; docs/esp8266.md tells how to find more"
        )
    if name == "MemoryError":
        return (
            f"import {file.module} says {said!r}: it needs {file.info.text} bytes in one piece "
            f"for its code, and {result['free']} are free in all; import it before anything else, "
            "or take one module only"
        )
    return f"import {file.module} says {said!r}; docs/troubleshooting.md tells what it means"


def use(mpremote, board, files):
    """Import the modules on the board, and report."""
    results = mpremote.evaluate(IMPORT, [f.module for f in files])
    for file in files:
        result = results[file.module]
        if "error" in result:
            raise Failure(explain_import(file, board, result))
        if result["file"] != file.place:
            where = "built in" if not result["file"] else f"at {result['file']}"
            raise Failure(f"the board imports a {file.module} that is {where}, not :{file.place}")
        ram = firmware.ram(result["growth"], file.info)
        print(f"{file.module}: version {result['version']} works, and takes {ram} bytes of RAM")
    if board["esp8266"] is not None:
        code = sum(f.info.text for f in files)
        print(f"Each import writes {code} bytes of native code to flash, which wears it.")


def arguments(argv):
    summary, usage, text = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(prog="deploy.py", description=summary, epilog=text)
    parser.add_argument("--from", dest="folder", metavar="FOLDER", help="a release, for instance")
    parser.add_argument("--force", action="store_true", help="replace files that differ")
    parser.add_argument(
        "--timeout", type=float, default=120, help="seconds for each thing the board does (120)"
    )
    parser.add_argument("port", nargs="?", default="", metavar="PORT")
    parser.add_argument("modules", nargs="*", default=natmods.NAMES, metavar="MODULE")
    args = parser.parse_args(argv)
    unknown = set(args.modules) - set(natmods.NAMES)
    if unknown:
        parser.error(f"unknown module {' '.join(unknown)}; known are: {' '.join(natmods.NAMES)}")
    return args


def deploy(args):
    mpremote = Mpremote(args.port, args.timeout)
    board = mpremote.evaluate(ASK, args.modules)
    arch = check_firmware(board, args.modules)
    check_place(board)
    print(
        f"{board['machine']}, MicroPython {firmware.shown(board['version'])}: {arch}", flush=True
    )
    files = find_files(args.folder, arch, args.modules, board["lib"])
    copies = to_copy(board, files, args.force)
    check_space(board, copies)
    copy(mpremote, board, copies)
    use(mpremote, board, files)


def main(argv):
    try:
        deploy(arguments(argv))
    except Failure as e:
        sys.stdout.flush()
        sys.exit(f"deploy: {e}")


if __name__ == "__main__":
    main(sys.argv[1:])
