# SPDX-License-Identifier: MIT
"""A board that is none, for the page: what is installed there can be imported, and it can fail."""

import sys
from types import SimpleNamespace

sys.path.insert(0, "tests/release")

# This puts the folder of the tools before that, whose files have some of the same names.
import _release  # noqa: E402, F401
import _fake  # noqa: E402

import mpyinfo  # noqa: E402


def mpy_of(arch):
    """What the firmware says for an architecture."""
    return 6 | 3 << 8 | mpyinfo.ARCHS.index(arch) << 10


class Board(_fake.Board):
    """`has` is modules of the firmware's own. What may be changed later: `results`, what imports
    of installed modules give, an exception or attributes; `wrong`, the error of each file that is
    opened for writing; `room`, how many bytes a file can have; `damaged`, whether others are
    written."""

    is_pasted = True

    def __init__(self, arch="armv6m", version=(1, 25, 0, ""), mpy=None, has=(), **options):
        modules = {"machine": SimpleNamespace(UART=None)}
        modules.update({name: SimpleNamespace() for name in has})
        modules.update({n: m for n, m in options.items() if n in ("machine", "hashlib", "esp")})
        options = {n: o for n, o in options.items() if n not in modules}
        self.name = options.pop("name", "micropython")
        implementation = _fake.Implementation(
            name=self.name,
            version=version,
            _machine="a fake board",
            _mpy=mpy_of(arch) if mpy is None else mpy,
        )
        super().__init__(implementation, **{"free": 1000, **options}, **modules)
        self.modules["os"].mkdir = self._mkdir
        self.results = {}
        self.wrong = None
        self.room = None
        self.damaged = False

    def _mkdir(self, path):
        if path in self.folders:
            raise OSError("[Errno 17] EEXIST")
        if self.wrong:
            raise OSError(self.wrong)
        self.folders.add(path)

    def _open(self, path, mode="r"):
        if mode == "rb":
            return super()._open(path, mode)
        if self.wrong:
            raise OSError(self.wrong)
        file = super()._open(path, mode)
        write = file.write

        def limited(data):
            if self.room is not None and len(self.files[path]) + len(data) > self.room:
                raise OSError("[Errno 28] ENOSPC")
            return write(data[:-1] + b"?" if self.damaged else data)

        file.write = limited
        return file

    def _import(self, name, *rest):
        if name not in self.modules:
            # A folder's own file, or a file, as the package of a module is not looked for.
            for end in "/__init__.mpy", ".mpy":
                place = f"/lib/{name.replace('.', '/')}{end}"
                if "/lib" in self.sys.path and place in self.files:
                    return self._installed(name, place)
        elif isinstance(self.modules[name], BaseException):
            raise self.modules[name]
        return super()._import(name, *rest)

    def _installed(self, name, place):
        result = self.results.get(name, {})
        if isinstance(result, BaseException):
            raise result
        attributes = {"__file__": place, "__version__": "0.1.0", **result}
        self.sys.modules[name] = SimpleNamespace(**attributes)
        return self.sys.modules[name]
