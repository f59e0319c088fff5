"""The targets: what the tests can run on."""

import os
from dataclasses import dataclass, replace
from fnmatch import fnmatch

from .paths import BUILD


# What a script may want of a firmware, and the words for it.
FEATURES = {
    "floats": "floats",
    "big-ints": "integers of more than 64 bits",
    "long-ints": "integers of more than 31 bits",
}


class UnknownTarget(Exception):
    pass


@dataclass(frozen=True)
class Target:
    board: str
    kind: str  # "qemu", "unix" or "cpython"
    arch: str = ""  # of the module files
    machine: str = ""  # QEMU's name for the board, in user mode for the CPU
    qemu: str = "qemu-system-arm"
    has_uart2: bool = False
    optional: bool = False  # where the newer MicroPython cannot be had it is skipped
    subset: bool = False  # runs only scripts that ask for it
    long: bool = False  # runs when it is named, or TEST_LONG is set
    lacks: tuple = ()  # of FEATURES, those that its firmware has not
    qualified: bool = False  # the name needs the architecture

    @property
    def name(self):
        return f"{self.board}/{self.arch}" if self.qualified else self.board

    @property
    def interpreter(self):
        file = "micropython" if self.kind == "unix" else "firmware.elf"
        # build/xtensa holds the modules for that architecture.
        folder = f"qemu-{self.board}" if self.is_user_mode else self.board
        return BUILD / folder / file

    @property
    def is_user_mode(self):
        """Is the board a process of QEMU's user mode, which has no devices?"""
        return self.qemu == "qemu-xtensa"

    def matches(self, pattern):
        """Patterns of "# targets:" lines see next-X as they see X."""
        if self.subset:
            return pattern == self.board
        names = (self.name, self.board, self.board.removeprefix("next-"))
        return any(fnmatch(name, pattern) for name in names)


def _mps2(board, machine, arch, **more):
    return Target(board, "qemu", arch, machine, has_uart2=True, **more)


TARGETS = (
    _mps2("mps2-an385", "mps2-an385", "armv7m", qualified=True),
    _mps2("mps2-an385", "mps2-an385", "armv6m", qualified=True),
    _mps2("mps2-an386", "mps2-an386", "armv7emsp"),
    _mps2("mps2-an500", "mps2-an500", "armv7emdp"),
    Target("virt-rv32", "qemu", "rv32imc", "virt", "qemu-system-riscv32"),
    Target("xtensawin", "qemu", "xtensawin", "dc233c", "qemu-xtensa"),
    Target("xtensa", "qemu", "xtensa", "lx106", "qemu-xtensa"),
    _mps2("mps2-an385-notime", "mps2-an385", "armv7m", subset=True),
    _mps2("mps2-an385-samd21", "mps2-an385", "armv6m"),
    Target("unix-x64", "unix", "x64"),
    Target("unix-x86", "unix", "x86"),
    # Other configurations of the firmware; see tests/boards/unix.
    Target("unix-x64-gil", "unix", "x64"),
    Target("unix-x86-reprc", "unix", "x86", long=True),
    Target("unix-x64-nofloat", "unix", "x64", long=True, lacks=("floats",)),
    Target("unix-x64-nounicode", "unix", "x64", long=True),
    Target("unix-x64-pystack", "unix", "x64", long=True),
    Target("unix-x64-stackless", "unix", "x64", long=True),
    Target("unix-x86-longlong", "unix", "x86", long=True, lacks=("big-ints",)),
    Target("unix-x86-smallint", "unix", "x86", long=True, lacks=("big-ints", "long-ints")),
    Target("unix-x86-nanbox", "unix", "x86", long=True, subset=True),
    # CPython with the distribution's msgpack keeps our expectations honest.
    Target("cpython", "cpython", subset=True),
    # CPython as the host of tests of the runner and of the build.
    Target("host", "cpython", subset=True),
    # The newer MicroPython.
    Target("next-unix-x64", "unix", "x64", optional=True),
    Target("next-unix-x86-reprc", "unix", "x86", optional=True),
    _mps2("next-mps2-an385", "mps2-an385", "armv7m", optional=True),
)


def select(names):
    """The targets of a list of names: targets, boards or patterns; without any, all of the day."""
    if not names:
        return [t for t in TARGETS if not t.long or os.environ.get("TEST_LONG")]
    chosen = []
    for name in names:
        found = [t for t in TARGETS if fnmatch(t.name, name) or fnmatch(t.board, name)]
        if not found:
            known = ", ".join(t.name for t in TARGETS)
            raise UnknownTarget(f"unknown TARGET {name}; known are: {known}")
        chosen += [t for t in found if t not in chosen]
    return chosen


def with_arch(target, arch):
    """The target with module files of another architecture."""
    return replace(target, arch=arch, qualified=True)
