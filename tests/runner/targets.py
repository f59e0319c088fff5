"""The targets: what the tests can run on."""

from dataclasses import dataclass, replace
from fnmatch import fnmatch

from .paths import BUILD


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
    Target("unix-x64", "unix", "x64"),
    Target("unix-x86", "unix", "x86"),
    # CPython with the distribution's msgpack keeps our expectations honest.
    Target("cpython", "cpython", subset=True),
    # CPython as the host of tests of the runner and of the build.
    Target("host", "cpython", subset=True),
    # The newer MicroPython.
    Target("next-unix-x64", "unix", "x64", optional=True),
    _mps2("next-mps2-an385", "mps2-an385", "armv7m", optional=True),
)


def select(names):
    """The targets of a list of names: targets, boards or patterns; all if there are none."""
    chosen = []
    for name in names or ["*"]:
        found = [t for t in TARGETS if fnmatch(t.name, name) or fnmatch(t.board, name)]
        if not found:
            known = ", ".join(t.name for t in TARGETS)
            raise UnknownTarget(f"unknown TARGET {name}; known are: {known}")
        chosen += [t for t in found if t not in chosen]
    return chosen


def with_arch(target, arch):
    """The target with module files of another architecture."""
    return replace(target, arch=arch, qualified=True)
