# SPDX-License-Identifier: MIT
# The few functions that test scripts need, on MicroPython and on CPython. See tests/README.md.
#
# Each case prints one line that begins with "@"; tests/runner/protocol.py reads them.

import gc
import sys

try:
    import micropython
except ImportError:
    micropython = None

# The name of the target, whether this is `make test-long`, and in a section after a soft reset
# what the board printed during the reset. On boards, which have no environment, the runner assigns
# to them.
try:
    from os import getenv

    target = getenv("CHECK_TARGET", "?")
    long = getenv("TEST_LONG", "") == "1"
    reset_output = getenv("CHECK_RESET_OUTPUT", "")
except ImportError:
    target = "?"
    long = False
    reset_output = ""

# MicroPython's scripts may write files in this folder, which no other target has; "/" is its end.
folder = __file__[: __file__.rfind("/") + 1]

# Is msgpack the small flavour, without the full one or with it? The runner sets these on boards.
small = target.endswith(("-small", "-in-place"))
both = target.endswith("-both")

# The factor by which the target is slower than others; the runner sets it.
slowness = 1

# Some firmware has no floats.
try:
    _float = float
except NameError:
    _float = None

# Invalid UTF-8 raises this: a firmware without Unicode has no class of its own for it.
try:
    UnicodeError = UnicodeError
except NameError:
    UnicodeError = ValueError

_passed = 0
_failed = 0
_skipped = 0


def hand_over():
    """Where both flavours of msgpack are, let the full one take over."""
    import msgpack

    msgpack.Packer


if both:
    hand_over()


class Skip(Exception):
    pass


def skip(reason):
    raise Skip(reason)


def rounds(count):
    """The number of repetitions: `count`, or less on slow targets."""
    return max(count // slowness, 1)


def need_heap(kilobytes):
    """Leave this case out on firmware whose heap is smaller."""
    if micropython is not None:
        heap = (gc.mem_alloc() + gc.mem_free()) // 1024
        if heap < kilobytes:
            skip("the heap has %d kB, and the case wants %d" % (heap, kilobytes))


def _name(fn):
    try:
        return fn.__name__
    except AttributeError:
        # Some firmware has the name in the repr only: <function name at 0x...>.
        return repr(fn).split()[1]


def case(fn):
    """Run the case `fn` at once, and report it."""
    _run(_name(fn), fn)
    return fn


def _run(name, fn):
    global _passed, _failed, _skipped
    try:
        fn()
    except Skip as e:
        _skipped += 1
        print("@skip", name + ":", e)
    except Exception as e:
        _failed += 1
        print("@fail", name)
        _print_exception(e)
        print("@traceback-end")
    else:
        _passed += 1
        print("@ok", name)


def full_case(what, alone=False):
    """As `case`, for what uses `what`, which the small flavour of msgpack does not have; if
    `alone`, not with the full one beside it either.
    """

    def decorate(fn):
        def skipping():
            skip("the small flavour has no " + what)

        _run(_name(fn), skipping if small or alone and both else fn)
        return fn

    return decorate


def note(text):
    """A note of the script, such as a count, that the runner prints after its result."""
    print("@note", text)


def end():
    """Must be called last: a script that does not get here has failed."""
    print("@end", _passed, _failed, _skipped)


def eq(got, expected):
    """Fail unless got == expected. (True == 1 == 1.0: see `same`.)"""
    if not got == expected:
        raise AssertionError(_differ(got, expected))


def same(got, expected):
    """Fail unless both are the same value of the same type, all the way down."""
    if not _same(got, expected):
        raise AssertionError(_differ(got, expected))


def true(value):
    if not value:
        raise AssertionError("expected a true value, got " + show(value))


def raises(exc, fn, *args, match=None, **kwargs):
    """Call fn, which must raise exc with `match` in its message. Returns the exception.

    The small flavour's messages are its own.
    """
    try:
        got = fn(*args, **kwargs)
    except exc as e:
        if match is not None and not small and match not in str(e):
            raise AssertionError("expected %r in the text of %r" % (match, e))
        return e
    raise AssertionError("expected %s, got %s" % (exc.__name__, show(got)))


def zero_heap(fn, *args):
    """The result of fn, which must not allocate from the heap."""
    if micropython is None:
        return fn(*args)
    n = len(args)
    a, b, c, d = args + (None,) * (4 - n)
    before = gc.mem_alloc()
    micropython.heap_lock()
    try:
        # Not fn(*args): such a call allocates.
        if n == 0:
            result = fn()
        elif n == 1:
            result = fn(a)
        elif n == 2:
            result = fn(a, b)
        elif n == 3:
            result = fn(a, b, c)
        else:
            result = fn(a, b, c, d)
    finally:
        micropython.heap_unlock()
    eq(gc.mem_alloc() - before, 0)
    return result


def clear_stack():
    """Overwrite what earlier calls left on the stack, which keeps objects alive."""
    for first in (_scrub, _scrub_more, _scrub_most):
        try:
            first(12)
        except RuntimeError:
            pass


def collect_garbage():
    """Collect, with nothing kept alive by what earlier calls left on the stack."""
    clear_stack()
    gc.collect()


def show(value):
    """A repr that fits a line."""
    try:
        text = repr(value)
    except Exception as e:
        return "<%s without repr: %s>" % (type(value).__name__, type(e).__name__)
    if len(text) > 160:
        text = "%s... (%d characters)" % (text[:120], len(text))
    return text


def _differ(got, expected):
    text = "got %s, expected %s" % (show(got), show(expected))
    if isinstance(got, (bytes, bytearray, str, list, tuple)) and type(got) is type(expected):
        i = 0
        while i < len(got) and i < len(expected) and _same(got[i], expected[i]):
            i += 1
        text += "; they differ from index %d on, lengths %d and %d" % (i, len(got), len(expected))
    return text


def _same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        if len(a) != len(b):
            return False
        for i in range(len(a)):
            if not _same(a[i], b[i]):
                return False
        return True
    if isinstance(a, dict):
        if len(a) != len(b):
            return False
        for key in a:
            if key not in b or not _same(a[key], b[key]):
                return False
        return True
    if _float is not None and isinstance(a, _float):
        # Tells 0.0 from -0.0, and lets nan equal nan.
        return (a == b and str(a) == str(b)) or (a != a and b != b)
    return a == b


# Frames of several sizes, since each leaves some words of the stack as they are.
def _scrub(depth):
    a = None
    if depth:
        _scrub_more(depth - 1)
    return a


def _scrub_more(depth):
    a = b = c = d = None
    if depth:
        _scrub_most(depth - 1)
    return a, b, c, d


def _scrub_most(depth):
    a = b = c = d = e = f = g = h = None
    if depth:
        _scrub(depth - 1)
    return a, b, c, d, e, f, g, h


def _print_exception(e):
    if micropython is None:
        import traceback

        traceback.print_exception(e, file=sys.stdout)
    else:
        sys.print_exception(e)
