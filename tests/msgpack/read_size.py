# SPDX-License-Identifier: MIT
# needs: msgpack
# wants: full
# read_size is a hint: an Unpacker must not pay for it with memory that it does not need.
import gc
from io import BytesIO

import check
import msgpack
from check import case, eq


@case
def larger_than_the_heap():
    gc.collect()
    for size in (1 << 20, 1 << 29):
        u = msgpack.Unpacker(BytesIO(b"\x92\x01\x02\x05"), read_size=size)
        before = gc.mem_alloc()
        eq(u.unpack(), [1, 2])
        eq(gc.mem_alloc() - before < 5000, True)
        eq(u.unpack(), 5)


check.end()
