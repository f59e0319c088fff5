# SPDX-License-Identifier: MIT
# The small flavour of msgpack, and what it leaves to the full one.
import sys
from io import BytesIO

from check import eq


def anew(keep_full=False):
    """The small flavour as it is before the hand-over.

    Code of modules is never freed. keep_full leaves the full flavour among the imported modules,
    from where the small one takes its names at once.
    """
    sys.modules.pop("msgpack", None)
    if not keep_full:
        sys.modules.pop("msgpack_full", None)
    return __import__("msgpack")


def taken_over(m):
    """Do the names of the small flavour have the meaning that they have in the full one?

    All but those that say what it is called, and where it is: it has no __file__.
    """
    full = sys.modules.get("msgpack_full")
    own = ("__name__", "__file__")
    if m.__name__ == getattr(full, "__name__", None) or "__file__" in m.__dict__:
        return False
    same = {
        getattr(m, name) is getattr(full, name)
        for name in m.__dict__
        if name in getattr(full, "__dict__", ()) and name not in own
    }
    return same == {True}


# Ways to ask for something that only the full flavour has, and what they give.
WAYS = (
    ("attribute", lambda m: m.Timestamp(5).seconds, 5),
    ("packb", lambda m: m.packb(b"a", use_bin_type=False), b"\xa1a"),
    ("dumps", lambda m: m.dumps((1,), default=list, strict_types=True), b"\x91\x01"),
    ("unpackb", lambda m: m.unpackb(b"\xa1a", raw=True), b"a"),
    ("loads", lambda m: m.loads(b"\x91\x01", use_list=False, list_hook=len), 1),
    ("pack", lambda m: packed(m.pack, b"a", use_bin_type=False), b"\xa1a"),
    ("dump", lambda m: packed(m.dump, b"a", use_bin_type=False), b"\xa1a"),
    ("unpack", lambda m: unpacked(m.unpack, raw=True), [b"a", 42]),
    ("load", lambda m: unpacked(m.load, wait=5, raw=True), [b"a", 42]),
)


def packed(pack, obj, **options):
    s = BytesIO()
    eq(pack(obj, s, **options), None)
    return s.getvalue()


def unpacked(unpack, **options):
    s = BytesIO(b"\xa1a\x2a")
    return [unpack(s, **options), unpack(s)]
