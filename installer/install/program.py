# SPDX-License-Identifier: MIT
"""Install modules of a release on a board, through mpremote.

usage: install.py [--port PORT] [--small] [--full] [--force] [--dry-run] [MODULE...]
       install.py --role client|server [--port PORT] [--force] [--dry-run]
       install.py --list|--remove [--port PORT] [--dry-run] [MODULE...]

The release is the folder of this file, or that at --url, or that which the release was made for.
Each file is compared with SHA256SUMS. Without a PORT, mpremote looks for a board. --role makes the
board a side of the co-processor: it gets that package with the modules that it needs.

A file on the board that differs is replaced with --force only. Of msgpack, that flavour is taken
which is on the board. If none is, a board with less than 64 KB of free RAM gets the small one.
"""

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

import natmods
import ports
import printing
from release import SUMS, Release
from remote import Failure, Mpremote, Words, get_mpremote

import deploy


def mpremote_command():
    given = os.environ.get("MPREMOTE")
    if given:
        return [given] if os.path.exists(given) else given.split()
    found = shutil.which("mpremote")
    if found:
        return [found]
    if importlib.util.find_spec("mpremote"):
        return [sys.executable, "-m", "mpremote"]
    raise Failure(f"mpremote is missing; this installs it: {get_mpremote()}")


def arguments(argv):
    summary, usage, *more = __doc__.split("\n\n")
    parser = argparse.ArgumentParser(prog="install.py", description=summary, epilog=" ".join(more))
    parser.add_argument("--port", default="", help=f"the board's, such as {ports.example()}")
    parser.add_argument("--url", help="the folder or the address of a release")
    deploy.add_options(parser)
    parser.add_argument("--version", action="version", version=natmods.RELEASE["version"])
    names = f"{', '.join(natmods.NAMES)} (all of these), {', '.join(natmods.LIBRARY)}"
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=names)
    args = parser.parse_args(argv)
    for word in args.modules:
        if "/" in word or word.upper().startswith("COM"):
            parser.error(f"{word} is no module; a port is named like this: --port {word}")
    deploy.complete(parser, args)
    # What make deploy has besides.
    args.in_place = False
    return args


def place_of_release(args, here):
    if args.url:
        return args.url
    if (here / SUMS).exists():
        return str(here)
    if natmods.RELEASE["url"]:
        return natmods.RELEASE["url"]
    raise Failure(
        f"there is no {SUMS}, and so no release, beside install.py in {here}: say where it is "
        "with --url"
    )


def main(argv):
    Words.as_flags = True
    printing.protect()
    args = arguments(argv)
    try:
        with tempfile.TemporaryDirectory() as folder:
            if not (args.list or args.remove):
                here = Path(sys.argv[0]).resolve().parent
                args.source = Release(place_of_release(args, here), folder)
            deploy.deploy(args, Mpremote(args.port, args.timeout, mpremote_command()))
    except Failure as e:
        sys.stdout.flush()
        sys.exit(f"install: {e}")
    except KeyboardInterrupt:
        sys.exit(f"install: {deploy.INTERRUPTED}")
