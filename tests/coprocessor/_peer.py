# SPDX-License-Identifier: MIT
"""The other end of a link, for programs on boards and in other processes."""

from coprocessor.link import Link
from coprocessor.mailbox import Mailbox

ECHO, TAKE, SEND = 1, 2, 3


def serve(stream, done, echoes=-1, **options):
    """Serve until done() is true, or for so many echoes.

    A message to ECHO comes back. An empty one to TAKE is answered with the number of bytes of
    those before it. "size count" to SEND is answered with so many messages.
    """
    link = Link(stream, **options)
    boxes = [Mailbox(link, channel, 8192) for channel in (ECHO, TAKE, SEND)]
    taken = 0
    while not done() and echoes:
        try:
            link.wait(lambda: done() or any(box.any() for box in boxes), 1000)
            while boxes[0].any() and echoes:
                link.send(ECHO, boxes[0].recv())
                echoes -= 1
            while boxes[1].any():
                data = boxes[1].recv()
                taken += len(data)
                if not data:
                    link.send(TAKE, b"%d" % taken)
                    taken = 0
            while boxes[2].any():
                size, count = boxes[2].recv().split()
                for _ in range(int(count)):
                    link.send(SEND, bytes(int(size)))
        except OSError:
            # A session ended, or nothing came.
            pass
    return link
