# SPDX-License-Identifier: MIT
# Every allocation of the imports fails in turn. A failed import raises, and can be tried again;
# one that succeeds gives the whole module.
# targets: unix-x64 unix-x86
# wants: one-flavour
# timeout: 600
#
# (Boards keep the code of each import for ever, which is too much for so many.)

import io
import sys

import check
import inject
from check import case, eq
from inject import Row


class Stream(io.IOBase):
    def write(self, buf):
        self.kind = type(buf)
        return len(buf)


def fresh_msgpack():
    sys.modules.pop("msgpack", None)


def import_msgpack(_):
    import msgpack

    s = Stream()
    msgpack.pack([1, 1.5], s)
    # A class derived from IOBase gets a bytearray, any other object bytes.
    eq(s.kind, bytes if check.small else bytearray)
    ext = msgpack.ExtType(5, b"x") if check.small else msgpack.Timestamp(5)
    return msgpack.unpackb(msgpack.packb([1, ext, None]))[::2]


def fresh_finaliserproxy():
    # With its own name for it the second import would only get the first one's objects.
    sys.modules.pop("finaliserproxy", None)
    sys.modules.pop("_finaliserproxy", None)


def import_finaliserproxy(_):
    import finaliserproxy

    class Thing(finaliserproxy.FinaliserProxy):
        def __init__(self):
            super().__init__(len)

    t = Thing()
    eq(finaliserproxy.alive(t), True)
    eq(finaliserproxy.detach(t), len)
    # The first choice that this firmware has.
    eq(finaliserproxy.source(), first_source)
    return finaliserproxy.poll()


def again():
    sys.modules.pop("finaliserproxy", None)
    import finaliserproxy

    sys.modules.pop("finaliserproxy")
    return finaliserproxy


def import_again(first):
    import finaliserproxy

    return first.FinaliserProxy is finaliserproxy.FinaliserProxy


fresh_finaliserproxy()
import finaliserproxy  # noqa: E402

first_source = finaliserproxy.source()

ROWS = (
    Row("msgpack", fresh_msgpack, import_msgpack, [1, None]),
    Row("finaliserproxy", fresh_finaliserproxy, import_finaliserproxy, 0),
    Row("finaliserproxy", again, import_again, True),
)


def sweep(row):
    def fn():
        inject.outcome(row, row.make())
        for fault in inject.ALLOCATIONS:
            inject.sweep(row, fault)

    return fn


@case
def msgpack():
    sweep(ROWS[0])()


@case
def finaliserproxy():
    sweep(ROWS[1])()


@case
def finaliserproxy_again():
    sweep(ROWS[2])()


inject.end()
