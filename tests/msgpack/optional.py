# SPDX-License-Identifier: MIT
# What the import takes from other modules: one that is not there can be done without, but any
# other error is the importer's to know.
# needs: msgpack
# wants: one-flavour
# long: rpi-pico
import os
import sys

import check
from check import case, eq, true

# Boards keep the code of each import, so they try less.
IS_BOARD = "unix" not in check.target


def some(things):
    return things[:1] if IS_BOARD else things


MODULES = {
    "io": ("IOBase", "BytesIO"),
    "time": ("sleep_ms", "ticks_ms", "ticks_diff"),
    "errno": ("EAGAIN", "ETIMEDOUT"),
}
if check.small:
    MODULES = {"time": ("sleep_ms",)}


class Without:
    """A module whose attribute `name` raises an error."""

    def __init__(self, module, name, error):
        self._module = module
        self._name = name
        self._error = error

    def __getattr__(self, name):
        if name == self._name:
            raise self._error("no")
        return getattr(self._module, name)


def import_with(name, module):
    old = sys.modules.pop(name, None)
    sys.modules[name] = module
    sys.modules.pop("msgpack", None)
    try:
        import msgpack

        return msgpack
    finally:
        del sys.modules[name]
        if old is not None:
            sys.modules[name] = old
        sys.modules.pop("msgpack", None)


def real(name):
    try:
        return __import__(name)
    except ImportError:
        return None


@case
def absent():
    for name, attributes in MODULES.items():
        for attribute in some(attributes):
            for error in some((AttributeError, ImportError)):
                m = import_with(name, Without(real(name), attribute, error))
                eq(m.unpackb(m.packb([1, "a"])), [1, "a"])
        check.collect_garbage()


@case
def another_bytesio():
    # Only the firmware's own is looked at, and no other is made.
    from io import BytesIO

    class Derived(BytesIO):
        def __init__(self):
            raise ValueError

    def function():
        raise ValueError

    for replaced in some((Derived, function, list)):
        io = Without(real("io"), "", AttributeError)
        io.BytesIO = replaced
        m = import_with("io", io)
        stream = BytesIO(b"\x93\x01\x02\x03\x04")
        eq((m.unpack(stream), stream.tell()), ([1, 2, 3], 4))
        check.collect_garbage()


@case
def broken():
    for name, attributes in MODULES.items():
        for attribute in some(attributes):
            for error in some((MemoryError, KeyboardInterrupt, OSError, RuntimeError)):
                try:
                    import_with(name, Without(real(name), attribute, error))
                except BaseException as e:
                    eq(type(e), error)
                else:
                    raise AssertionError("it was imported: " + attribute)
        check.collect_garbage()


def import_with_file(name, text):
    """Import msgpack where the program has a module `name` of its own."""
    file = check.folder + name + ".py"
    with open(file, "w") as f:
        f.write(text)
    old = sys.modules.pop(name, None)
    sys.modules.pop("msgpack", None)
    # Behind the folder of code that is executed in place; before the firmware's own modules.
    sys.path.append(check.folder[:-1])
    try:
        import msgpack

        return msgpack
    finally:
        sys.path.pop()
        os.remove(file)
        sys.modules.pop(name, None)
        if old is not None:
            sys.modules[name] = old
        sys.modules.pop("msgpack", None)


@case
def broken_while_imported():
    for error in some(("MemoryError", "KeyboardInterrupt", "ValueError")):
        for name in some(tuple(MODULES)):
            try:
                import_with_file(name, "raise " + error + "('no')")
            except BaseException as e:
                eq(type(e).__name__, error)
            else:
                raise AssertionError("it was imported: " + name)
            check.collect_garbage()


@case
def absent_while_imported():
    check.need_heap(400)
    for name in MODULES:
        m = import_with_file(name, "import there_is_no_such_module")
        eq(m.unpackb(m.packb([1, "a"])), [1, "a"])
        check.collect_garbage()


@case
def works_afterwards():
    import msgpack

    true(msgpack.packb(None) == b"\xc0")


check.end()
