# SPDX-License-Identifier: MIT
"""An emulated Pico whose UART leads to a co-processor, which is a process of the unix port."""

import os
import socket
from pathlib import Path

from . import children, install, targets
from .board import Board
from .paths import shown

PICO, UNIX = (targets.select([name])[0] for name in ("rpi-pico", "unix-x64"))
CLIENT = "__init__", "link", "socket"  # Files of the package, and no others are needed.
SERVE = """
import sys
from coprocessor.netserver import serve
serve(open(int(sys.argv[1]), "r+b"), rx=4096)
"""


def board(at_end, folder, *options):
    """The Pico, and the end of its UART's line."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/uart0")
        listener.listen()
        made = Board(PICO, options=("--uart0", f"{folder}/uart0", *options))
        at_end.callback(made.stop)
        made.start()
        return made, at_end.enter_context(listener.accept()[0])


def co_processor(at_end, folder, wire, target=UNIX):
    """Start one."""
    wire.setblocking(False)
    lib = install.into_folder(target, ["coprocessor"], Path(folder, "lib"))
    env = dict(os.environ, MICROPYPATH=str(lib))
    command = [target.interpreter, "-c", SERVE, wire.fileno()]
    process = children.start(command, env=env, pass_fds=[wire.fileno()])
    at_end.callback(children.stop, process)


def library(name):
    """The file of a module of micropython-lib, which the fetched tree has."""
    folder = {"requests": "micropython", "mip": "python-ecosys"}[name]
    file = install.tree(PICO) / f"lib/micropython-lib/{folder}/{name}/{name}/__init__.py"
    if not file.exists():
        raise install.Missing(f"{shown(file)} is missing: run make without MPY_DIR")
    return file


def install_on(board, *names, more=()):
    """Put the client's part of the package onto the board, with more files of it, and modules of
    micropython-lib."""
    install.do(board, "import os; os.mkdir('/lib'); os.mkdir('/lib/coprocessor')", ":lib")
    for files in install.package_files(["coprocessor"]).values():
        for file in files:
            if file.stem in (*CLIENT, *more):
                install.put(board, file, f"/lib/coprocessor/{file.name}")
    for name in names:
        install.put(board, library(name), f"/lib/{name}.py")
