# SPDX-License-Identifier: MIT
"""The server's objects that the client has proxies of."""

import builtins
import sys

from . import StaleProxy

try:
    from os import urandom
except ImportError:
    urandom = None

_GENERATION = 0x3FFF

_module = type(sys)
# What leads to all there is: types that only CPython has, and functions.
_TYPES = "frame", "traceback", "code"
_FUNCTIONS = (
    "eval",
    "exec",
    "execfile",
    "compile",
    "__import__",
    "getattr",
    "setattr",
    "delattr",
    "globals",
    "locals",
    "vars",
)

_ROUTINES = (
    "function",
    "bound_method",
    "closure",
    "generator",
    "method",
    "builtin_function_or_method",
)


def is_routine(value):
    """Is it a function, a method or a class, which the client calls by its name?"""
    return isinstance(value, type) or callable(value) and type(value).__name__ in _ROUTINES


class Reference:
    """Lets an object stay on the server that would be sent by value, such as a list."""

    def __init__(self, value):
        self.value = value


class Registry:
    """At most `size` objects, each with the number of times that its id was sent.

    An id is a slot, and above 16 bits the slot's generation, which is another each time.
    """

    def __init__(self, size, modules):
        self._size = size
        self._modules = modules  # Those that the owner exposes; None: all.
        first = int.from_bytes(urandom(2), "little") if urandom else 0
        # Slot 0 would give the id of the exposed names.
        self._objects = [None]
        self._counts = [0]
        self._generations = [first & _GENERATION]
        self._slots = {}  # Of the objects, by id().
        self._free = 1  # No lower slot is free.

    def __len__(self):
        return len(self._slots)

    def check(self, value):
        """Refuse what the client must not have."""
        if self._modules is None:
            return
        kind = type(value)
        if kind is _module:
            for module in self._modules:
                if module is value:
                    return
        elif kind.__name__ not in _TYPES:
            if not callable(value):
                return
            for name in _FUNCTIONS:
                if getattr(builtins, name, self) is value:
                    break
            else:
                return
        raise AttributeError("not exposed")

    def add(self, value):
        """The id of an object, which must be released once more."""
        if type(value) is Reference:
            value = value.value
        elif isinstance(value, int):
            # CPython's packb asks for these, too.
            raise OverflowError("integer of more than 64 bits")
        self.check(value)
        slot = self._slots.get(id(value))
        if slot is None:
            slot = self._new()
            self._objects[slot] = value
            self._slots[id(value)] = slot
        self._counts[slot] += 1
        return slot | self._generations[slot] << 16

    def _new(self):
        counts = self._counts
        for slot in range(self._free, len(counts)):
            if not counts[slot]:
                self._free = slot + 1
                return slot
        slot = self._free = len(counts)
        if slot > self._size:
            raise MemoryError("too many objects")
        self._free += 1
        counts.append(0)
        self._objects.append(None)
        self._generations.append(self._generations[0])
        return slot

    def _slot(self, id):
        slot = id & 0xFFFF
        if slot < len(self._counts) and self._counts[slot]:
            if self._generations[slot] == id >> 16:
                return slot
        return 0

    def find(self, id):
        slot = self._slot(id)
        if not slot:
            raise StaleProxy("object %d" % id)
        return self._objects[slot]

    def release(self, id, n):
        """The client has dropped `n` of its proxies of an object."""
        slot = self._slot(id)
        if slot:
            self._counts[slot] -= min(n, self._counts[slot])
            if not self._counts[slot]:
                self._drop(slot)

    def undo(self, ids):
        """These have not been sent."""
        for id in ids:
            self.release(id, 1)

    def _drop(self, slot):
        self._counts[slot] = 0
        self._generations[slot] = self._generations[slot] + 1 & _GENERATION
        self._free = min(self._free, slot)
        del self._slots[id(self._objects[slot])]
        self._objects[slot] = None

    def clear(self):
        for slot in list(self._slots.values()):
            self._drop(slot)
