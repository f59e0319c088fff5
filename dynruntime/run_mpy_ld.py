#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs MicroPython's tools/mpy_ld.py, and places code that only the import needs at the end.

It also takes the absolute addresses that some functions of libgcc for ARM have in their code.

usage: run_mpy_ld.py TREE --arch ARCH ARGUMENTS...

By itself mpy_ld.py takes sections in the order of the object file, and puts the table of
addresses after all others. The jump at the beginning is that of entry.py.
"""

import os
import sys

import entry

# The order of these sections counts: dynruntime/context.c uses the address of the first one.
INIT = (".text.init", ".rodata.init", ".data.rel.ro.init")


# What stays of a module that is executed in place, see in_place.h.
GATE = (".text.gate", ".text.gate.end")


def place(section):
    """The sort key of a section: sections that stay come first."""
    if section.name in GATE:
        return GATE.index(section.name) - len(GATE) - 1
    return INIT.index(section.name) if section.name in INIT else -1


# The collector keeps alive what this variable refers to, because it is at the start of the
# module's BSS, whose address is in the code: see upstream/init.c.
ROOT = "natmod_root"

R_ARM_ABS32 = 2


class Sections(list):
    """The sections of a module. An appended section is inserted before those of INIT."""

    def append(self, section):
        self.insert(sum(s.name not in INIT for s in self), section)


def main():
    sys.path.insert(0, os.path.join(sys.argv.pop(1), "tools"))
    import mpy_ld

    entry.replace(mpy_ld, sys.argv[2])

    build_got = mpy_ld.build_got_generic
    populate_got = mpy_ld.populate_got
    in_text = mpy_ld.do_relocation_text

    def before(env):
        build_got(env)
        env.sections = Sections(sorted(env.sections, key=place))

    def relocate_text(env, address, r):
        absolute = env.arch.name == "EM_ARM" and r["r_info_type"] == R_ARM_ABS32
        (mpy_ld.do_relocation_data if absolute else in_text)(env, address, r)

    def after(env):
        root = env.known_syms.get(ROOT)
        if root and (root.section.addr + root["st_value"] or ROOT not in env.got_entries):
            sys.exit(f"'{ROOT}' must be the first variable, and its address in the code")
        for section in env.sections:
            if section.name in INIT and env.got_section.addr > section.addr:
                sys.exit("this MicroPython's mpy_ld.py does not let .text.init be the last")
        for pointer in env.got_entries.values():
            # On Xtensa, what is added to a symbol is in the code, and may be negative.
            if pointer.link_addr >> 31:
                pointer.link_addr -= 1 << 32
        populate_got(env)

    mpy_ld.build_got_generic = before
    mpy_ld.populate_got = after
    mpy_ld.do_relocation_text = relocate_text
    mpy_ld.main()


if __name__ == "__main__":
    main()
