# SPDX-License-Identifier: MIT
# targets: rpi-pico rpi-pico-small
# needs: msgpack msgpack_aio
# long: rpi-pico
# timeout: 120
# msgpack_aio on a board: messages over the second UART, which returns every byte, and the RAM.
import asyncio
import gc
import time

import msgpack
from check import case, end, eq, note, true
from machine import UART


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


before = used()
import msgpack_aio  # noqa: E402

IMPORT = used() - before

MESSAGES = [[i, {"value": i * i, "text": "abc" * i}] for i in range(20)] + [b"x" * 3000]


@case
def there_and_back():
    others = [0]

    async def other():
        while True:
            others[0] += 1
            await asyncio.sleep(0)

    async def main():
        stream = asyncio.StreamReader(UART(1, 921600, rxbuf=4096))
        task = asyncio.create_task(other())

        async def send():
            for message in MESSAGES:
                await msgpack_aio.pack(message, stream)

        sender = asyncio.create_task(send())
        unpacker = msgpack_aio.Unpacker(stream)
        found = []
        while len(found) < len(MESSAGES):
            found.append(await asyncio.wait_for(unpacker.unpack(), 20))
        await sender
        task.cancel()
        return found

    eq(asyncio.run(main()), MESSAGES)
    # Other tasks ran meanwhile.
    true(others[0] >= len(MESSAGES))


@case
def ram():
    unpacker = []

    async def main():
        stream = asyncio.StreamReader(UART(1, 921600, rxbuf=4096))
        before = used()
        unpacker.append(msgpack_aio.Unpacker(stream))
        await msgpack_aio.pack(1, stream)
        await unpacker[0].unpack()
        return used() - before

    own = asyncio.run(main())
    note("%d bytes for the import, %d for one reader and writer" % (IMPORT, own))
    true(IMPORT + own <= 3072)


@case
def headers():
    class Reader:
        async def read(self, n):
            return msgpack.packb([[]] * 1000)

    async def main():
        unpacker = msgpack_aio.Unpacker(Reader())
        begin = time.ticks_us()
        await unpacker.unpack()
        return time.ticks_diff(time.ticks_us(), begin)

    note("%d us for 1000 headers" % asyncio.run(main()))


end()
