# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The example of docs/coprocessor-protocol.md is what two links write.

import sys

sys.path[:0] = ["."]

from _documented import documented  # noqa: E402
from _world import Random, World  # noqa: E402
from check import case, end, eq, true  # noqa: E402

from coprocessor.link import Link  # noqa: E402
from coprocessor.mailbox import Mailbox  # noqa: E402


def exchange():
    """The frames of two links: a hello, a message and its echo, a lost frame, silence."""
    world = World(Random(1))
    frames = []
    links = []
    for name, end_, number in zip("AB", world.ends, (0x111111, 0x222222)):

        def write(view, name=name, end_=end_):
            frames.append((name, bytes(view)))
            end_.tx.extend(view)
            return len(view)

        end_.write = write
        numbers = iter([number])
        links.append(Link(end_, clock=world.clock, random=lambda n=numbers: next(n) ^ 1))
    a, b = links
    boxes = [Mailbox(link, 1) for link in links]

    def run(ms):
        for _ in range(ms):
            world.tick()
            a.poll()
            b.poll()

    a.poll()
    run(20)
    a.send(1, b"hi", wait=False)
    run(3)
    eq(boxes[1].recv(), b"hi")
    b.send(1, b"hello", wait=False)
    run(20)
    eq(boxes[0].recv(), b"hello")
    world.ends[0].cut = True
    a.send(1, b"lost", wait=False)
    run(2)
    world.ends[0].cut = False
    run(300)
    eq(boxes[1].recv(), b"lost")
    run(5000)
    return frames


@case
def example():
    got = exchange()
    if "--show" in sys.argv:
        for name, frame in got:
            print(f"{name}  {frame.hex(' ')}")
    expected = documented()
    true(len(expected) >= 12)
    eq(got[: len(expected)], expected)


end()
