# SPDX-License-Identifier: MIT
# Measuring the RAM that an import takes, whatever has been imported before.

import gc

_chunk = 0


class Named:
    pass


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def fill_table_of_names():
    """Double the firmware's table of names, so that the next ones have a place in it."""
    number = 0
    while True:
        before = gc.mem_alloc()
        getattr(Named, "name%d" % number, None)
        number += 1
        if gc.mem_alloc() - before > 700:
            return


def begin_chunk():
    """Let the text of the next names begin in a chunk of memory of its own: the firmware takes
    128 bytes at once, and what is left of them before would be the next import's gain."""
    global _chunk
    while True:
        _chunk += 1
        name = "%060d" % _chunk  # Long ones, as each takes a place in the table, too.
        before = gc.mem_alloc()
        getattr(Named, name, None)
        if gc.mem_alloc() - before > 64:
            return
