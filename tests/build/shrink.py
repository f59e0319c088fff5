# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What tools/shrink.py makes of a package: the names that others know remain, others do not.

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = ["tests", "tools"]

from check import case, end, eq, true  # noqa: E402
from runner.install import tree  # noqa: E402
from runner.targets import TARGETS  # noqa: E402

MPY_DIR = tree(TARGETS[0])

BASE = """
import sys
try:
    from micropython import const
except ImportError:
    def const(value):
        return value
_ONE = const(1)
_shared = 5
class Base:
    def _open(self, number):
        self._number = number
        self._last = 2
    def _both(self):
        return self._number + self._last + _ONE
"""
MAIN = """
import sys
from .base import Base, const
_ONE = const(1)
_TWO = const(2)
class Main(Base):
    def __init__(self, first, *, second=4, third=5):
        self._open(first)
        self._shared = second
        self._hidden = 1
        self.third = third
        if sys.implementation.name == "cpython":
            self.where = "cpython"
        else:
            self.where = "board"
    def get(self, what, default=None):
        return [getattr(self, "_hidden"), self._both(), self._shared, self.third, what, _TWO]
    def _each(self, values, number):
        return [value for value in values if (lambda x: x > number)(value)]
    def each(self):
        return self._each([1, 2, 3], 1)
class Remote:
    def __init__(self, client):
        self._client = client
    def __getattr__(self, name):
        return name
def read(main):
    return main._number, main._last
"""
PROGRAM = """
from package.main import Main, Remote, read
class Sub(Main):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.last = self.number = self.get_it = 0
main = Sub(7, third=6, second=3)
print(main.get(what=1), main.where, main.each(), read(main))
remote = Remote(main)
print(remote._client is main, remote.to_bytes, remote.KeyError)
print(sorted(n for n in main.__dict__ if n.startswith("_")), sorted(Remote(0).__dict__))
"""


def shrunk(folder, main=MAIN):
    package = Path(folder, "source")
    package.mkdir()
    for name, text in (
        ("__init__.py", ""),
        ("base.py", BASE),
        ("main.py", main),
    ):
        (package / name).write_text(text)
    out = Path(folder, "package")
    code = (
        "import shrink\nshrink.BUNDLES = {'main': ['base']}\nshrink.WHOLE = set()\nshrink.main()\n"
    )
    command = [sys.executable, "-c", code, MPY_DIR, package, out]
    result = subprocess.run(command, cwd="tools", capture_output=True, text=True)
    return out, result.stderr


@case
def names():
    with tempfile.TemporaryDirectory() as folder:
        out, error = shrunk(folder)
        eq(error, "")
        text = (out / "main.py").read_text().replace("import sys\n", "", 1)
        # Its compiler knows const.
        text = "const = int\n" + text.replace("del __module__, __qualname__", "pass")
        (out / "main.py").write_text(text)
        for name in (
            "_number",
            "_last",
            "_both",
            "_open",
            "_each",
            "micropython",
            "cpython",
            "Base",
        ):
            true(name not in text)
        program = Path(folder, "program.py")
        program.write_text(PROGRAM)
        result = subprocess.run([sys.executable, program], capture_output=True, text=True)
        eq(result.stderr, "")
        rows = result.stdout.splitlines()
        eq(rows[0], "[1, 10, 3, 6, 1, 2] board [2, 3] (7, 2)")
        eq(rows[1], "True to_bytes KeyError")
        eq(rows[2], "['_hidden', '_shared'] ['_client']")


@case
def constants_that_differ():
    with tempfile.TemporaryDirectory() as folder:
        _, error = shrunk(folder, MAIN.replace("_ONE = const(1)", "_ONE = const(3)"))
        true("_ONE of main.py has another value" in error)


end()
