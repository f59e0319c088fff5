# SPDX-License-Identifier: MIT
"""Install modules of a release on a board, through mpremote.

usage: install.py [--port PORT] [--small] [--full] [--force] [--dry-run] [MODULE...]
       install.py --list|--remove [--port PORT] [--dry-run] [MODULE...]

The release is the folder of this file, or that at --url, or that which the release was made for.
Each file is compared with SHA256SUMS. Without a PORT, mpremote looks for a board.

A file on the board that differs is replaced with --force only. Of msgpack, that flavour is taken
which is on the board. If none is, a board with less than 64 KB of free RAM gets the small one.
"""

import argparse
import contextlib
import hashlib
import http.client
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import urllib.request
from pathlib import Path

import natmods
from remote import Failure, Mpremote, Words

import deploy

SUMS = "SHA256SUMS"


class Release:
    """A release in a folder or at an address, whose files are checked and put into `folder`."""

    def __init__(self, where, folder):
        self.where = where
        self.folder = folder

    def read(self, name):
        if "://" not in self.where:
            try:
                return Path(self.where, name).read_bytes()
            except OSError as e:
                raise Failure(f"{Path(self.where, name)}: {e.strerror}") from None
        url = f"{self.where.rstrip('/')}/{name}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read()
        except (OSError, ValueError, http.client.HTTPException) as e:
            raise Failure(f"{url}: {getattr(e, 'reason', e)}") from None

    def get(self, arch, has_native, role):
        lines = self.read(SUMS).decode(errors="replace").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        # A release from elsewhere must not write elsewhere.
        names = [n for n in sums if re.fullmatch(rf"{arch}/(small/)?\w+\.mpy", n)]
        if not names:
            raise Failure(f"the release has no files for {arch}")
        for name in names:
            data = self.read(name)
            if hashlib.sha256(data).hexdigest() != sums[name]:
                raise Failure(f"{self.where}: {name} is not what {SUMS} says: fetch it again")
            file = Path(self.folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return self.folder


def mpremote_command():
    given = os.environ.get("MPREMOTE")
    if given:
        return given.split()
    if shutil.which("mpremote"):
        return ["mpremote"]
    if importlib.util.find_spec("mpremote"):
        return [sys.executable, "-m", "mpremote"]
    raise Failure("mpremote is missing: pip install mpremote")


def arguments(argv):
    summary, usage, *more = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(prog="install.py", description=summary, epilog=" ".join(more))
    parser.add_argument("--port", default="", help="the board's, such as /dev/ttyACM0 or COM3")
    parser.add_argument("--url", help="where the release is")
    deploy.add_options(parser)
    parser.add_argument("--version", action="version", version=natmods.RELEASE["version"])
    names = ", ".join(natmods.NAMES)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"{names} (all)")
    args = parser.parse_args(argv)
    unknown = set(args.modules) - set(natmods.NAMES)
    if unknown:
        parser.error(f"unknown module {' '.join(unknown)}; known are: {names}")
    if args.remove and not args.modules:
        parser.error("name the modules to remove")
    args.modules = args.modules or natmods.NAMES
    # What make deploy has besides.
    args.role, args.in_place = None, False
    return args


def place_of_release(args, here):
    if args.url:
        return args.url
    if (here / SUMS).exists():
        return str(here)
    if natmods.RELEASE["url"]:
        return natmods.RELEASE["url"]
    raise Failure(f"there is no release beside install.py in {here}: say where it is with --url")


def main(argv):
    Words.as_flags = True
    args = arguments(argv)
    try:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            if not (args.list or args.remove):
                here = Path(sys.argv[0]).resolve().parent
                args.source = Release(place_of_release(args, here), folder)
            deploy.deploy(args, Mpremote(args.port, args.timeout, mpremote_command()))
    except Failure as e:
        sys.stdout.flush()
        sys.exit(f"install: {e}")


if __name__ == "__main__":
    main(sys.argv[1:])
