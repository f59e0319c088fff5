# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The register that holds the function table belongs to the firmware outside of a module: each kind
# of call is made with another value in it (and in all other registers that functions preserve),
# which must be there again after the call and after an exception. make test does this for two
# architectures, make test-long for all.

import shutil
import tempfile
from pathlib import Path

from _project import Project, board
from _sandbox import TOP
from check import case, end, eq, long, skip

SOURCES = TOP / "tests/build/slots"
TOOLKIT = TOP / "dynruntime/toolkit.mk"
MAKEFILE = f"""\
MOD = MODULE
SRC = MODULE.c
NATMOD_SRC = protect.c raise.c text.c
include {TOOLKIT}
"""


def build(name, arch, folder, *settings):
    p = Project(folder / name)
    p.write("Makefile", MAKEFILE.replace("MODULE", name))
    shutil.copy(SOURCES / f"{name}.c", p.top)
    return p.built(arch, *settings, name=name)


def output_of(arch, interpreter, *settings):
    """What the program prints with the modules for an architecture."""
    modules = [TOP / f"build/{arch}/{name}.mpy" for name in ("msgpack", "finaliserproxy")]
    for path in modules:
        if not path.exists():
            skip(f"there is no build/{arch}/{path.name}: run make ARCH={arch}")
    with tempfile.TemporaryDirectory() as folder:
        # The probe itself finds the function table without the register.
        files = [build("probe", arch, Path(folder))]
        files.append(build("kinds", arch, Path(folder), *settings))
        with board(interpreter) as run:
            return run([*files, *modules], (SOURCES / "program.py").read_text())


def check_calls(arch, interpreter):
    output = output_of(arch, interpreter, "WHOLE=yes").splitlines()
    wrong = [line for line in output if line.startswith("WRONG")]
    eq((wrong, output[-1].split()[2:]), ([], ["FAILURES", "0"]))


@case
def cortex_m3():
    check_calls("armv7m", "mps2-an385")


@case
def risc_v():
    check_calls("rv32imc", "virt-rv32")


if long:
    for arch, interpreter in (
        ("armv6m", "mps2-an385"),
        ("armv7emsp", "mps2-an386"),
        ("armv7emdp", "mps2-an500"),
    ):

        def fn(arch=arch, interpreter=interpreter):
            check_calls(arch, interpreter)

        fn.__name__ = arch
        case(fn)


end()
