# SPDX-License-Identifier: MIT
# The memory that the module takes, where code lies in the heap: 4,096 bytes, and what makes it
# safe to do anything in a callback.
# needs: finaliserproxy file
# targets: mps2-an385/armv7m next-mps2-an385

import gc
import check
from check import case, true


class Names:
    pass


# A table of interned strings with free entries: the cost of a new one is not the module's.
for i in range(20):
    setattr(Names, "name_%d" % i, i)


def in_use():
    check.collect_garbage()
    check.collect_garbage()
    return gc.mem_alloc()


@case
def after_import():
    before = in_use()
    import finaliserproxy

    bytes = in_use() - before
    # As bench/budget.json allows, and 112 for names.
    if bytes > 4400:
        raise AssertionError(bytes)
    true(finaliserproxy.source())


check.end()
