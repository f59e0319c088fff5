# SPDX-License-Identifier: MIT
# Runs on MicroPython: copies each message from standard input to standard output. The last message
# is the number of bytes by which the heap has grown since the first thousand.

import gc
import sys

import check
import msgpack

out = sys.stdout.buffer
first = None
count = 0
most = 0
for message in msgpack.Unpacker(sys.stdin.buffer, read_size=300):
    msgpack.pack(message, out)
    count += 1
    if count % 1000 == 0:
        message = None
        check.collect_garbage()
        if first is None:
            first = gc.mem_alloc()
        most = max(most, gc.mem_alloc() - first)
msgpack.pack([count, most], out)
