# SPDX-License-Identifier: MIT
"""Compiles the object of a .mpy file again, and finds its sections in the file."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

TOP = Path(__file__).resolve().parents[1]
sys.path.append(str(TOP / "tools"))

import natmods  # noqa: E402

# The sources; a small flavour has an entry of its own.
FOLDERS = {module.name: f"natmod/{module.folder.name}" for module in natmods.MODULES}
SMALL = {natmods.entry(name, natmods.SMALL): name for name in natmods.WITH_SMALL}
FOLDERS.update((entry, f"{FOLDERS[name]}/{natmods.SMALL}") for entry, name in SMALL.items())
ALLOCATED = 2  # SHF_ALLOC


class Failed(Exception):
    pass


def objects_of(arch, module):
    """The folder where make compiled the module, or its small flavour."""
    build = TOP / "build" / (natmods.SMALL if module in SMALL else "")
    return build / f"obj/{arch}/{SMALL.get(module, module)}"


def compile_again(arch, module, folder, option):
    """The object, compiled by the flags that make has noted and one more; its code is the same.

    For Cortex-M and x86. For others make changes the code afterwards, or -g does.
    """
    built = objects_of(arch, module)
    if not (built / "whole.o").exists():
        raise Failed(f"{module} is not built for {arch}: make ARCH={arch} does it")
    command = shlex.split((built / "flags").read_text())
    # MicroPython's tree and the sources follow the flags.
    while command[-1].endswith(".c"):
        command.pop()
    command.pop()
    target = Path(folder) / f"{arch}-{module}.o"
    command += [option, "-c", "-o", target, built / "whole.c"]
    said = subprocess.run(command, cwd=TOP / FOLDERS[module], capture_output=True, text=True)
    if said.returncode:
        raise Failed(said.stderr)
    if contents(built / "whole.o") != contents(target):
        file = (built / "whole.o").relative_to(TOP)
        raise Failed(f"{file} is not up to date: make ARCH={arch}")
    return target


def contents(path):
    with open(path, "rb") as f:
        return [
            (section.name, section.data())
            for section in ELFFile(f).iter_sections()
            if section["sh_flags"] & ALLOCATED and section.data_size
        ]


def places(elf, contents):
    """[(index, name, place, length)] of the sections with code in the contents of a .mpy file.

    The linker puts them there one after the other, and changes only what is relocated; the place
    is None when that is not what the file has.
    """
    found = []
    for index, section in enumerate(elf.iter_sections()):
        if not section.name.startswith(".text") or not section.data_size:
            continue
        pattern = [re.escape(bytes([b])) for b in section.data()]
        relocations = elf.get_section_by_name(".rel" + section.name)
        for r in relocations.iter_relocations() if relocations else ():
            pattern[r["r_offset"] : r["r_offset"] + 4] = [b"."] * 4
        at = [m.start() for m in re.finditer(b"".join(pattern), contents, re.S)]
        place = at[0] if len(at) == 1 else None
        found.append((index, section.name, place, section.data_size))
    return found
