# SPDX-License-Identifier: MIT
# targets: *-small *-both
# not: unix-x64-nofloat-small unix-x86-smallint-small
# needs: msgpack
# The small flavour imports the full one, under the name of msgpack_full, for what it does not
# have; then that takes over. Where it is absent, the error names it.
#
# Code of modules is never freed, so the Pico's heap must not hold that of all these imports.
import sys
from io import BytesIO

import check
from check import case, eq, full_case, raises
from flavours import WAYS, anew


@case
def what_is_missing_is_named():
    if not check.small:
        check.skip("msgpack_full is there")
    # Terse messages name no module.
    named = "nonsense" in str(raises(ImportError, __import__, "nonsense"))
    m = anew()
    for _, fn, _ in WAYS:
        e = raises(ImportError, fn, m)
        eq("msgpack_full" in str(e), named)
        # It goes on as before.
        eq(m.packb([1]), b"\x91\x01")
    s = BytesIO(b"\x05")
    raises(ImportError, m.unpack, s, raw=True)
    eq(s.tell(), 0)


@case
def names_of_the_interpreter():
    # "from msgpack import *" asks for such names, and dir() for all that a program has.
    m = anew()
    for name in ("__all__", "__path__", "_anything", "ssl_context", "is_unpacker"):
        raises(AttributeError, getattr, m, name)
    eq("msgpack_full" in sys.modules, False)
    for wrong in (5, None, b"Packer", bytearray(), ""):
        raises(Exception, m.__getattr__, wrong)


@case
def something_else_of_its_name():
    class Nothing:
        pass

    # Code of modules is never freed: a new one for each way would fill the Pico's heap.
    for fake in (5, "text", Nothing(), Nothing, None):
        m = anew()
        # None stands for the module itself, which would hand over to itself for ever.
        sys.modules["msgpack_full"] = fake or m
        for _, fn, _ in WAYS:
            raises(Exception, fn, m)
            eq(m.packb([1]), b"\x91\x01")
    sys.modules.pop("msgpack_full")


@full_case("msgpack_full beside it")
def nothing_else_is_a_reason():
    m = anew()
    ext = m.ExtType(5, b"x")
    eq(
        m.unpackb(m.packb([1, {"k": ext}], default=None), ext_hook=None, use_list=True)[1]["k"],
        ext,
    )
    raises(ValueError, m.unpackb, b"\xc1")
    raises(m.ExtraData, m.unpackb, b"\x01\x02")
    raises(m.OutOfData, m.unpack, BytesIO(b"\x91"))
    eq("msgpack_full" in sys.modules, False)


check.end()

# --- soft reset ---
import sys

import check
from check import eq, full_case, raises
from flavours import WAYS, anew, taken_over


class Before:
    """The functions of the small flavour, whatever its names mean by now."""

    def __init__(self, m):
        for name in ("pack", "packb", "unpack", "unpackb", "dump", "dumps", "load", "loads"):
            setattr(self, name, getattr(m, name))
        self.first = m.__getattr__

    def __getattr__(self, name):
        return self.first(name)


@full_case("msgpack_full beside it")
def each_way():
    m = anew()
    before = Before(m)
    own = set(m.__dict__)
    for name, fn, want in WAYS:
        eq((name, fn(before)), (name, want))
        eq(taken_over(m), True)
        eq((name, fn(m)), (name, want))
        eq((name, fn(before)), (name, want))
    full = sys.modules["msgpack_full"].__dict__
    more = [name for name in full if name not in own and name != "__file__"]
    eq([name for name in more if before.first(name) is not full[name]], [])
    eq(len(more), 10)
    raises(AttributeError, getattr, before, "nonsense")


@full_case("msgpack_full beside it")
def imported_anew():
    # It gives the names of the full one at once, as that is imported already.
    full = sys.modules["msgpack_full"]
    m = anew(keep_full=True)
    eq((sys.modules["msgpack_full"] is full, taken_over(m)), (True, True))


check.end()

# --- soft reset ---
import sys

import check
from check import eq, full_case
from flavours import anew, taken_over


@full_case("msgpack_full beside it")
def imported_by_its_own_name():
    # The small one is there before its name is used.
    sys.modules.pop("msgpack", None)
    sys.modules.pop("msgpack_full", None)
    __import__("msgpack_full")
    eq(taken_over(__import__("msgpack")), True)


@full_case("msgpack_full beside it")
def copies():
    # Each copy hands over, though only one is in sys.modules.
    first = anew()
    second = anew(keep_full=True)
    if second is first:
        check.skip("the module is built in")
    eq(second.Packer is first.Packer, True)
    eq((taken_over(second), taken_over(first)), (True, False))
    eq(first.packb(b"a", use_bin_type=False), b"\xa1a")
    eq(first.packb([first.ExtType(5, b"x")]), b"\x91\xd4\x05x")


check.end()

# --- soft reset ---
import sys
from collections import namedtuple

import check
from check import eq, full_case, raises
from flavours import anew, taken_over


@full_case("msgpack_full beside it")
def an_import_that_fails():
    # The next one can succeed.
    m = anew()
    ext = m.ExtType
    m.ExtType = namedtuple("ExtType", "code")
    names = sorted(m.__dict__)
    raises(TypeError, getattr, m, "Packer")
    eq((sorted(m.__dict__), "msgpack_full" in sys.modules), (names, False))
    eq(m.unpackb(m.packb([1, "a"])), [1, "a"])
    raises(ValueError, m.unpackb, b"\xc1")
    m.ExtType = ext
    eq(m.Packer().pack(1), b"\x01")
    eq(taken_over(m), True)


check.end()

# --- soft reset ---
from io import BytesIO

import check
from check import eq, full_case, raises
from flavours import anew


@full_case("msgpack_full beside it")
def names_that_nobody_has():
    m = anew()
    raises(AttributeError, getattr, m, "nonsense")
    raises(TypeError, lambda: anew().packb(1, nonsense=2))


@full_case("msgpack_full beside it")
def functions_from_before():
    # They raise the exceptions that the names now mean.
    m = anew()
    packb, unpackb, unpack = m.packb, m.unpackb, m.unpack
    m.Packer
    raises(m.FormatError, unpackb, b"\xc1")
    raises(m.StackError, unpackb, b"\x91" * 2000)
    raises(m.OutOfData, unpack, BytesIO(b"\x91"))
    raises(EOFError, unpack, BytesIO(b""))
    raises(m.ExtraData, unpackb, b"\x01\x02")
    raises(m.UnpackException, unpackb, b"\xc1")
    eq(unpackb(packb([1, "a"])), [1, "a"])
    eq(packb(b"a", use_bin_type=False), b"\xa1a")


check.end()

# --- soft reset ---
import check
from check import eq, full_case
from flavours import anew


@full_case("msgpack_full beside it")
def ext_types_from_before():
    # One type for both.
    m = anew()
    before, packb, unpackb = m.ExtType, m.packb, m.unpackb
    ext = before(5, b"x")
    m.Packer
    eq(m.packb([ext]), b"\x91\xd4\x05x")
    eq(m.Packer().pack(ext), b"\xd4\x05x")
    eq(packb(m.ExtType(5, b"x")), b"\xd4\x05x")
    for made in (m.unpackb(b"\xd4\x05x"), unpackb(b"\xd4\x05x"), m.ExtType(5, b"x")):
        eq(
            (isinstance(made, before), isinstance(made, m.ExtType), made == ext),
            (True, True, True),
        )


check.end()

# --- soft reset ---
from collections import namedtuple

import check
from check import eq, full_case
from flavours import anew


@full_case("msgpack_full beside it")
def another_class_in_its_place():
    # The full flavour fills such an object by itself, so it must be a tuple of two.
    class Python(tuple):
        pass

    for fields in ("code", "code data more", None):
        m = anew()
        m.ExtType = namedtuple("ExtType", fields) if fields else Python
        try:
            m.Packer
        except TypeError:
            continue
        ext = m.unpackb(b"\xd4\x05x")
        eq((ext.code, ext.data, hasattr(ext, "more")), (5, b"x", False))
        eq(m.packb(ext), b"\xd4\x05x")


check.end()
