# SPDX-License-Identifier: MIT
# The targets with another configuration of the firmware really have it.
# targets: unix-* mps2-* virt-* xtensa*
# needs: nothing

import sys

import check
from check import case, eq

target = check.target.replace("next-", "")


def has(fn):
    try:
        fn()
    except (NameError, AttributeError, ImportError):
        return False
    return True


@case
def unicode():
    lacks = target in ("mps2-an385-samd21", "unix-x64-nounicode")
    eq(has(lambda: UnicodeError), not lacks)
    eq(len(b"\xc3\xa9".decode()), 2 if lacks else 1)


@case
def floats():
    eq(has(lambda: float), target != "unix-x64-nofloat")


@case
def representation_of_floats():
    if target == "unix-x64-nofloat":
        check.skip("there are no floats")
    # What a float of 30 bits rounds away, and one of 32 bits does not.
    x = 1 + 1 / (1 << 22)
    eq(x == 1, target in ("unix-x86-reprc", "xtensa"))


@case
def integers():
    n = 1 << 15
    try:
        n = n * n * n  # 2**45
        n = n * n  # 2**90
        largest = 90 if n > 0 else 64
    except OverflowError:
        largest = 31 if n == 1 << 15 else 64
    eq(largest, {"unix-x86-smallint": 31, "unix-x86-longlong": 64}.get(target, 90))


@case
def stacks():
    import micropython

    eq(has(lambda: micropython.pystack_use), target == "unix-x64-pystack")


def deeper(n):
    return 0 if n == 0 else 1 + deeper(n - 1)


@case
def recursion():
    # Without a use of the C stack calls are limited by the heap alone.
    if not target.startswith("unix-x64"):
        check.skip("the stackless configuration is of unix-x64")
    try:
        deeper(5000)
        limited = False
    except RuntimeError:
        limited = True
    eq(limited, target != "unix-x64-stackless")


@case
def samd21():
    # The feature level "basic", and its native code.
    if "mps2" not in target:
        check.skip("this is no Cortex-M board")
    import vfs

    is_samd21 = target == "mps2-an385-samd21"
    eq(has(lambda: deeper.__name__), not is_samd21)
    eq(hasattr(vfs, "VfsLfs2"), not is_samd21)
    arch = sys.implementation._mpy >> 10 & 15
    eq(arch == 4, is_samd21)  # armv6m


check.end()
