# SPDX-License-Identifier: MIT
"""A board that is none: a terminal behind which CPython answers as a raw REPL does.

For firmware that no emulated board has. Programs that come run here, with modules and files that
are of the fake's own.
"""

import builtins
import contextlib
import io
import os
import threading
import traceback
import tty
from types import SimpleNamespace

BANNER = b"raw REPL; CTRL-B to exit\r\n>"


LIB = "/lib"

# What the program of tools/questions.py finds on a board.
ABOUT = {
    "version": (1, 25, 0),
    "mpy": 6 | 3 << 8 | 5 << 10,  # armv7m
    "lib": LIB,
    "has_lib": True,
    "name": "micropython",
    "ram": 200_000,
    "path": ["", LIB],
    "machine": "a canned board",
    "found": [("/lib/finaliserproxy.mpy", 100, "12", "full"), ("/lib/coprocessor", 0, "", "full")],
    "leftovers": [("/lib/msgpack.mpy.new", 10)],
    "block": 4096,
    "free": 1 << 20,
    "esp8266": None,
}


class Implementation(tuple):
    """A tuple whose fields have names, as sys.implementation is one."""

    def __new__(cls, **fields):
        self = super().__new__(cls, fields.values())
        vars(self).update(fields)
        return self


def implementation(version, mpy, machine="a fake board"):
    return Implementation(name="micropython", version=version, _machine=machine, _mpy=mpy)


class Board:
    """Use it as a context manager; `pty` is the name of its terminal."""

    def __init__(
        self, implementation, path=("", "/lib"), free=100, ram=200_000, block=512, **modules
    ):
        """`free` is blocks of `block` bytes, or None for no file system; `ram` is free bytes of
        the heap. `modules` are what the import gives: an exception is raised, anything else is a
        module."""
        self.files = {}
        self.folders = {"/lib"}
        self.free = free
        self.block = block
        self.heap = 1000
        sys = SimpleNamespace(implementation=implementation, path=list(path), platform="fake")
        sys.modules = {}
        fake_os = SimpleNamespace(
            stat=self._stat,
            statvfs=self._statvfs,
            remove=self._remove,
            rename=self._rename,
            listdir=self._listdir,
            rmdir=self._rmdir,
        )
        gc = SimpleNamespace(collect=lambda: 0, mem_alloc=self._allocate, mem_free=lambda: ram)
        self.sys = sys
        self.modules = {"sys": sys, "os": fake_os, "gc": gc, **modules}

    def _stat(self, path):
        if path in self.folders:
            return (0x4000,) + (0,) * 9
        return (0x8000,) + (0,) * 5 + (len(self._file(path)),) + (0,) * 3

    def _file(self, path):
        if path not in self.files:
            raise OSError("[Errno 2] ENOENT")
        return self.files[path]

    def _statvfs(self, path):
        if self.free is None:
            raise OSError(19)
        return (self.block,) * 3 + (self.free, self.free) + (0,) * 5

    def _remove(self, path):
        self._file(path)
        del self.files[path]

    def _rename(self, path, to):
        self.files[to] = self.files.pop(path)

    def _listdir(self, path):
        inside = [
            p[len(path) + 1 :] for p in (*self.files, *self.folders) if p.startswith(f"{path}/")
        ]
        return sorted({name.split("/")[0] for name in inside})

    def _rmdir(self, path):
        if self._listdir(path):
            raise OSError("[Errno 39] ENOTEMPTY")
        self.folders.remove(path)

    # Whether programs come in raw paste mode.
    is_pasted = False

    # Whether the cable is broken.
    is_cut = False

    def write(self, path, data):
        self.files[path] = data

    def _allocate(self):
        self.heap += 100
        return self.heap

    def _open(self, path, mode="r"):
        if mode == "rb":
            return io.BytesIO(self._file(path))
        self.files[path] = b""

        def write(data):
            self.files[path] += data
            return len(data)

        return SimpleNamespace(write=write, close=lambda: None)

    def _import(self, name, *rest):
        if name in ("hashlib", "binascii"):
            return builtins.__import__(name, *rest)
        if any(f"{folder}/{name}.py" in self.files for folder in self.sys.path):
            return SimpleNamespace()
        if name not in self.modules:
            raise ImportError(f"no module named '{name}'")
        found = self.modules[name]
        if isinstance(found, BaseException):
            raise found
        self.sys.modules[name] = found
        return found

    def _run(self, source):
        """What the REPL answers to a program."""
        names = {"__import__": self._import, "open": self._open}
        self.names["__builtins__"] = {**vars(builtins), **names}
        said, wrong = io.StringIO(), ""
        with contextlib.redirect_stdout(said):
            try:
                exec(source, self.names)
            except BaseException:
                wrong = traceback.format_exc()
        return f"OK{said.getvalue()}\x04{wrong}\x04>".replace("\n", "\r\n").encode()

    def _serve(self):
        source, pastes = b"", False
        self.names = {}
        while True:
            try:
                byte = os.read(self.ours, 1)
            except OSError:
                return
            answer = b""
            if source + byte == b"\x05A\x01":
                source, answer = b"", b"R\x01\xff\xff" if self.is_pasted else b"R\x00"
                pastes = self.is_pasted
            elif byte == b"\x01":
                source, answer = b"", BANNER
            elif byte == b"\x04" and not source:
                self.names = {}
                self.sys.modules.clear()
                answer = b"OK\r\nMPY: soft reboot\r\n" + BANNER
            elif byte == b"\x04":
                source, answer = b"", self._run(source.decode())
                if pastes:
                    answer, pastes = b"\x04" + answer[len("OK") :], False
            elif byte not in b"\r\x02\x03" or source:
                source += byte
            os.write(self.ours, answer)

    def __enter__(self):
        self.ours, self.theirs = os.openpty()
        tty.setraw(self.ours)
        tty.setraw(self.theirs)
        self.pty = os.ttyname(self.theirs)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exception):
        os.close(self.theirs)
        # It ends when it has read all: the next board may get the same number for its terminal.
        self.thread.join(10)
        os.close(self.ours)
