# SPDX-License-Identifier: MIT
# targets: unix-* next-unix-x64
# wants: long-ints full
# Exchange messages over a UART with asyncio, while other tasks go on.
import msgpack

try:
    import asyncio
except ImportError:
    print("this firmware has no asyncio")
    raise SystemExit

try:
    from machine import UART

    # The board's TX pin is connected to its own RX pin.
    uart = UART(1, 115200)
except ImportError:
    # A buffer of 63 bytes stands in where there is no UART: smaller than the longest message.
    from micropython import RingIO  # v1.24 and later

    uart = RingIO(64)


async def send(writer, messages):
    for message in messages:
        # The writer keeps what the UART does not take at once, until drain() has sent it.
        msgpack.pack(message, writer)
        await writer.drain()


async def receive(reader, count):
    # A sender that goes wild cannot make it hold more than this.
    unpacker = msgpack.Unpacker(max_buffer_size=1024)
    part = bytearray(32)
    view = memoryview(part)
    while count > 0:
        n = await reader.readinto(part)
        try:
            unpacker.feed(view[: n or 0])
            for message in unpacker:
                print("received", message)
                count -= 1
        except (ValueError, msgpack.BufferFull) as e:
            # A byte was lost or changed: what follows cannot be trusted.
            print("dropped", e)
            unpacker.reset()


async def main():
    messages = [[n, n * n] for n in range(3)] + [b"x" * 100, {"end": True}]
    stream = asyncio.StreamReader(uart)
    receiver = asyncio.create_task(receive(stream, len(messages)))
    await send(asyncio.StreamWriter(uart, {}), messages)
    await asyncio.wait_for(receiver, 10)


asyncio.run(main())
