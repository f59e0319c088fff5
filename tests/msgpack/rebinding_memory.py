# SPDX-License-Identifier: MIT
# needs: msgpack
# A script may call something of its own MemoryError: running out of memory in the module must
# still raise the real one.
import micropython

import check
import msgpack

Real = MemoryError


@check.case
def with_the_heap_locked():
    global MemoryError
    data = b"\xc4\x03abc"
    MemoryError = 5
    caught = None
    micropython.heap_lock()
    try:
        msgpack.unpackb(data)
    except Real as e:
        caught = e
    finally:
        micropython.heap_unlock()
        MemoryError = Real
    check.eq(type(caught), Real)


check.end()
