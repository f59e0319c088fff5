#!/usr/bin/env python3
"""MicroPython's tools/mpy_ld.py, with the code of .text.init at the end of the file's code.

usage: init_last.py TREE ARGUMENTS...

By itself mpy_ld.py takes sections in the order of the object file, and puts the table of
addresses behind them all.
"""

import os
import sys

INIT = ".text.init"


class Sections(list):
    """The sections of a module; one that is appended goes before those of INIT."""

    def append(self, section):
        self.insert(sum(s.name != INIT for s in self), section)


def main():
    sys.path.insert(0, os.path.join(sys.argv.pop(1), "tools"))
    import mpy_ld

    build_got = mpy_ld.build_got_generic
    populate_got = mpy_ld.populate_got

    def before(env):
        build_got(env)
        env.sections = Sections(sorted(env.sections, key=lambda s: s.name == INIT))

    def after(env):
        for section in env.sections:
            if section.name == INIT and env.got_section.addr > section.addr:
                sys.exit("this MicroPython's mpy_ld.py does not let .text.init be the last code")
        populate_got(env)

    mpy_ld.build_got_generic = before
    mpy_ld.populate_got = after
    mpy_ld.main()


if __name__ == "__main__":
    main()
