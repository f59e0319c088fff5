# SPDX-License-Identifier: MIT
# Private attributes, which have other names in the bytecode: private(link)._queue

import sys

NAMES = {}
if sys.implementation.name != "cpython":
    with open("build/obj/coprocessor/names") as f:
        NAMES.update(line.split() for line in f)


class Private:
    def __init__(self, thing):
        object.__setattr__(self, "thing", thing)

    def __getattr__(self, name):
        return getattr(self.thing, NAMES.get(name, name))

    def __setattr__(self, name, value):
        setattr(self.thing, NAMES.get(name, name), value)


def private(thing):
    return Private(thing) if NAMES else thing
