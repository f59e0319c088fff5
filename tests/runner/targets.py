# SPDX-License-Identifier: MIT
"""The targets that tests can run on, with the facts that make, the build of interpreters and the
documents need."""

import os
from dataclasses import dataclass, replace
from fnmatch import fnmatch

from .paths import BUILD


# Features that a script may need from a firmware, and the words for them.
FEATURES = {
    "floats": "floats",
    "big-ints": "integers of more than 64 bits",
    "long-ints": "integers of more than 31 bits",
    "threads": "threads",
    "full": "the full flavour of msgpack",
    "one-flavour": "a single flavour of msgpack",
}


# What a target with another flavour of msgpack than the full one has.
FLAVOURS = {
    "small": "the small flavour of msgpack",
    "both": "the small flavour of msgpack, and the full one as `msgpack_full`",
    "in-place": "the small flavour of msgpack, executed in flash",
}
# How the names of these targets end.
FLAVOUR_ENDS = tuple(f"-{flavour}" for flavour in FLAVOURS)


# The parts of make test-long, of at most an hour each.
PARTS = {
    "host": "the tests on this machine, without those of the next two parts",
    "release": "the tests of releases and installers on this machine",
    "coprocessor": "the tests of the co-processor on this machine",
    "boards": "the emulated boards",
    "pico": "the emulated Pico, with its many seeds",
    "unix": "the unix port and CPython",
    "configurations": "the unix port in other configurations",
    "builtin": "firmware that has the modules built in",
    "small": "the small flavour of msgpack",
    "pico-small": "the small flavour of msgpack on the emulated Pico",
    "next": "the newest MicroPython in Debian's archive",
}
# The folders of host's scripts that are parts of their own.
HOST_FOLDERS = {"installer": "release", "release": "release", "coprocessor": "coprocessor"}


# In "# long:" lines, the targets that differ from another in little.
REPEATS = "repeats"


class UnknownTarget(Exception):
    pass


@dataclass(frozen=True)
class Target:
    board: str
    kind: str  # "qemu", "pico", "unix", "cpython" or, of a real board, "connected"
    arch: str = ""  # of the module files
    machine: str = ""  # QEMU's name for the board, in user mode for the CPU
    qemu: str = "qemu-system-arm"
    has_uart2: bool = False
    needs: tuple = ()  # groups of tools/setup.sh
    about: str = ""  # for tests/README.md
    config: str = ""  # CONFIG_... of tests/boards/unix
    variant: bool = False  # another configuration of a board or port that is a target too
    optional: bool = False  # skipped if the newer MicroPython is unavailable
    subset: bool = False  # runs only scripts that ask for it
    long: bool = False  # runs when it is named, or TEST_LONG is set
    lacks: tuple = ()  # the FEATURES that its firmware lacks
    slowness: int = 1  # factor by which it is slower than others
    repeats: bool = False  # differs from another target in little
    has_seeds: bool = False  # a seed chooses how its cores interleave
    qualified: bool = False  # the name includes the architecture
    builtin: bool = False  # the firmware has the modules built in
    like: tuple = ()  # patterns of these names mean it, too
    flavour: str = ""  # of msgpack, one of FLAVOURS
    own: bool = False  # In make test it runs only the scripts whose "targets" line has its name.
    plain: "Target" = None  # the same with the full flavour, if this has another

    @property
    def name(self):
        return f"{self.board}/{self.arch}" if self.qualified else self.board

    @property
    def interpreter(self):
        if self.plain:
            return self.plain.interpreter
        file = {"unix": "micropython", "pico": "firmware.bin"}.get(self.kind, "firmware.elf")
        # build/xtensa holds the modules for that architecture.
        folder = f"qemu-{self.board}" if self.is_user_mode else self.board
        return BUILD / folder / file

    @property
    def is_user_mode(self):
        """Is the board a process of QEMU's user mode, which has no devices?"""
        return self.qemu == "qemu-xtensa"

    @property
    def is_small(self):
        """Has it the small flavour, without the full one?"""
        return self.flavour in ("small", "in-place")

    @property
    def needs_rom(self):
        """Do scripts mount a ROMFS, where code is executed in place?"""
        return self.flavour == "in-place" and self.kind == "qemu"

    @property
    def part(self):
        """The part of PARTS that the target belongs to."""
        if self.flavour:
            return "pico-small" if self.kind == "pico" else "small"
        if self.optional:
            return "next"
        if self.builtin:
            return "builtin"
        if self.name == "host":
            return "host"
        if self.long and self.kind == "unix":
            return "configurations"
        return {"qemu": "boards", "cpython": "unix"}.get(self.kind, self.kind)

    def matches(self, pattern):
        """Patterns of "# targets:" lines see next-X, X-builtin and X-small as they see X."""
        if pattern == REPEATS:
            return self.repeats
        if self.plain:
            if pattern.endswith(FLAVOUR_ENDS):
                return fnmatch(self.board, pattern)
            return self.subset == self.plain.subset and self.plain.matches(pattern)
        if self.subset:
            return pattern == self.board
        if self.builtin:
            pattern = pattern.partition("/")[0]
        plain = self.board.removeprefix("next-").removesuffix("-builtin")
        names = (self.name, self.board, plain, *self.like)
        return any(fnmatch(name, pattern) for name in names)


# The groups of tools/setup.sh that targets need.
_BOARD = ("test-python", "mpremote")
_ARM = ("arm", "qemu-arm", *_BOARD)
_RISCV = ("riscv", "qemu-riscv", *_BOARD)
_XTENSA = ("xtensa", "qemu-user", *_BOARD)
_PICO = ("arm", "x64", "cmake", "javascript", "pico", "rp2040js", *_BOARD)
_HOST = ("javascript", "browser", "valgrind", "servers")  # And those of all targets of the day.


def _mps2(board, machine, arch, about, **more):
    return Target(board, "qemu", arch, machine, needs=_ARM, about=about, has_uart2=True, **more)


def _virt(board, arch, about):
    return Target(board, "qemu", arch, "virt", "qemu-system-riscv32", needs=_RISCV, about=about)


def _xtensa(board, cpu, about):
    # Its modules are named for the architecture, and so is the board.
    return Target(board, "qemu", board, cpu, "qemu-xtensa", needs=_XTENSA, about=about)


def _pico(board, about, **more):
    return Target(
        board,
        "pico",
        "armv6m",
        qemu="node",
        needs=_PICO,
        about=about,
        slowness=10,
        has_seeds=True,
        **more,
    )


def _unix(board, arch, about, **more):
    more.setdefault("needs", UNIX_NEEDS[arch])
    return Target(board, "unix", arch, about=about, **more)


def _config(board, arch, config, about, **more):
    """The unix port in another configuration, which tests/boards/unix describes."""
    return _unix(board, arch, about, config=config, variant=True, **more)


def _long(*args, **more):
    return _config(*args, long=True, **more)


def _builtin(target, about):
    """The same with the modules built into the firmware."""
    return replace(
        target,
        board=f"{target.board}-builtin",
        arch="",
        about=f"{about} with the modules built in",
        qualified=False,
        variant=True,
        long=True,
        builtin=True,
    )


# The targets with another flavour that make test runs, and those that have both.
_DAILY = (
    "unix-x64-small",
    "virt-rv32-small",
    "rpi-pico-small",
    "rpi-pico-in-place",
    "mps2-an385-both/armv7m",
)
_BOTH = (
    "mps2-an385/armv7m",
    "mps2-an385/armv6m",
    "virt-rv32",
    "xtensawin",
    "rpi-pico",
    "unix-x64",
    "unix-x86",
)


# Those with memory-mapped flash, or, on QEMU, with a ROMFS.
_IN_PLACE = ("rpi-pico", "mps2-an385/armv7m", "mps2-an385/armv6m", "mps2-an386", "mps2-an500")


def _flavour(flavour, target):
    """The same with another flavour of msgpack."""
    made = replace(
        target,
        board=f"{target.board}-{flavour}",
        about=f"the target that is named without `-{flavour}`, with {FLAVOURS[flavour]}",
        variant=True,
        flavour=flavour,
        plain=target,
        repeats=target.repeats or flavour == "both",
    )
    # The small flavour refuses firmware without these.
    refuses = flavour == "small" and {"floats", "long-ints"} & set(target.lacks)
    return replace(
        made,
        subset=target.subset or bool(refuses),
        long=made.name not in _DAILY,
        lacks=target.lacks + (("one-flavour",) if flavour == "both" else ("full",)),
    )


def _flavours(targets):
    """All targets that can have it with the small flavour, some with both, and some in place."""
    for target in targets:
        slow = target.kind == "pico" and target.optional
        if target.arch and not slow and "nanbox" not in target.board:
            yield _flavour("small", target)
    for target in targets:
        if target.name in _BOTH:
            yield _flavour("both", target)
    for target in targets:
        if target.name in _IN_PLACE:
            yield replace(_flavour("in-place", target), own=True)


UNIX_NEEDS = {"x64": ("unix",), "x86": ("x86", "run-x86")}

_M3 = "Cortex-M3 on QEMU"
_UNIX = "the unix port"
_PLAIN_UNIX = _unix("unix-x64", "x64", _UNIX)
_PLAIN_M3 = _mps2("mps2-an385", "mps2-an385", "armv7m", _M3, qualified=True)
_PLAIN_PICO = _pico(
    "rpi-pico", "Raspberry Pi Pico: its stock firmware on rp2040js, with both cores"
)
_NEWEST = "the newest MicroPython in Debian's archive; skipped where that cannot be had"
_INTEGERS = "the unix port with integers of at most {} bits"

_PLAIN = (
    _PLAIN_M3,
    _mps2("mps2-an385", "mps2-an385", "armv6m", _M3, qualified=True),
    _mps2("mps2-an386", "mps2-an386", "armv7emsp", "Cortex-M4F on QEMU", repeats=True),
    _mps2("mps2-an500", "mps2-an500", "armv7emdp", "Cortex-M7 on QEMU", repeats=True),
    _virt("virt-rv32", "rv32imc", "RISC-V on QEMU"),
    _xtensa("xtensawin", "dc233c", "Xtensa with register windows on QEMU"),
    _xtensa("xtensa", "lx106", "Xtensa without register windows on QEMU"),
    _mps2(
        "mps2-an385-notime",
        "mps2-an385",
        "armv7m",
        "Cortex-M3 without `time`",
        variant=True,
        subset=True,
        long=True,
    ),
    _mps2(
        "mps2-an385-samd21",
        "mps2-an385",
        "armv6m",
        "Cortex-M0+ with the Python features of a SAMD21 board",
        variant=True,
        repeats=True,
    ),
    _PLAIN_PICO,
    _PLAIN_UNIX,
    _unix("unix-x86", "x86", _UNIX),
    _config("unix-x64-gil", "x64", "GIL", "the unix port with a GIL", repeats=True),
    Target(
        "cpython",
        "cpython",
        needs=("test-python",),
        about="CPython with the distribution's `msgpack`, which keeps expectations honest",
        subset=True,
    ),
    Target(
        "host",
        "cpython",
        needs=_HOST,
        about="CPython: tests of the runner, the build, the documents, the releases and the "
        "format; the modules under sanitizers; exchange with other implementations",
        subset=True,
    ),
    _unix("next-unix-x64", "x64", _NEWEST, optional=True, repeats=True),
    _mps2("next-mps2-an385", "mps2-an385", "armv7m", _NEWEST, optional=True, long=True),
    _pico(
        "next-rpi-pico",
        "Raspberry Pi Pico with the newest MicroPython",
        optional=True,
        long=True,
    ),
    _config(
        "next-unix-x86-reprc",
        "x86",
        "REPRC",
        "the newest unix port with object representation C",
        optional=True,
        long=True,
    ),
    _long("unix-x86-reprc", "x86", "REPRC", "the unix port with object representation C"),
    _long("unix-x64-nofloat", "x64", "NOFLOAT", "the unix port without floats", lacks=("floats",)),
    _long(
        "unix-x64-nounicode",
        "x64",
        "NOUNICODE",
        "the unix port with strings of bytes and without UnicodeError",
    ),
    _long("unix-x86-longlong", "x86", "LONGLONG", _INTEGERS.format(64), lacks=("big-ints",)),
    _long(
        "unix-x86-smallint",
        "x86",
        "SMALLINT",
        _INTEGERS.format(31),
        lacks=("big-ints", "long-ints"),
    ),
    _long(
        "unix-x64-pystack",
        "x64",
        "PYSTACK",
        "the unix port with Python's frames on a stack of their own",
    ),
    _long(
        "unix-x64-stackless", "x64", "STACKLESS", "the unix port with Python's frames on the heap"
    ),
    _long(
        "unix-x64-ssl",
        "x64",
        "SSL",
        "the unix port with mbedTLS, for the co-processor's tests",
        subset=True,
        needs=(*UNIX_NEEDS["x64"], "pico"),
    ),
    _unix(
        "unix-x86-nanbox",
        "x86",
        "the unix port with object representation D, which must refuse the files",
        variant=True,
        long=True,
        subset=True,
    ),
    _builtin(_PLAIN_PICO, "Raspberry Pi Pico: its firmware"),
    _builtin(_PLAIN_M3, _M3),
    _builtin(_PLAIN_UNIX, _UNIX),
)
TARGETS = (*_PLAIN, *_flavours(_PLAIN))


def boards(wanted=lambda target: True):
    """The boards of the targets for which wanted(target) is true, each once."""
    return list(dict.fromkeys(t.board for t in TARGETS if wanted(t)))


def firmware(names):
    """The boards whose firmware the boards of a list run."""
    return {(t.plain or t).board for t in with_board(names)}


def with_board(names):
    """The targets of a list of boards' names."""
    return [t for t in TARGETS if t.board in names]


def _words(setting):
    """What a setting names with commas or spaces between, each once."""
    return list(dict.fromkeys(setting.replace(",", " ").split()))


def parts_of(setting):
    """The parts of make's PART=pico,unix, and of the runner's --parts."""
    names = _words(setting)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise UnknownTarget(f"unknown PART '{' '.join(unknown)}'; known are: {' '.join(PARTS)}")
    return names


def of_part(part):
    """The names of a part's targets."""
    of_targets = "host" if part in HOST_FOLDERS.values() else part
    return [t.name for t in TARGETS if t.part == of_targets]


def is_in_part(part, target, folder):
    """Does the part run the scripts in a folder of tests/ that one of its targets runs?"""
    return target.name != "host" or part == HOST_FOLDERS.get(folder, "host")


def boards_of(setting):
    """The boards of make's TARGET=unix-x64,mps2-an385/armv6m: with commas, with architectures."""
    names = sorted({name.split("/")[0] for name in _words(setting)})
    unknown = [name for name in names if not with_board([name])]
    if unknown:
        known = " ".join(boards())
        raise UnknownTarget(f"unknown TARGET '{' '.join(unknown)}'; known are: {known}")
    return names


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
