# SPDX-License-Identifier: MIT
# One end of a link in a process of its own: _process.py serve|leave|call FD
#
# A server that leaves does so after some echoes.
# A caller prints how many echoes were right, and how many sessions ended.

import sys

import _peer
from _world import Random

from coprocessor.link import Link
from coprocessor.mailbox import Mailbox

ROUNDS = 60
ECHOES = 11


def stream(fd):
    if sys.implementation.name == "micropython":
        return open(fd, "r+b")
    import io

    return io.FileIO(fd, "r+")


def call(line):
    random = Random(1)
    link = Link(line, rx=1024, timeout=20000)
    box = Mailbox(link, _peer.ECHO)
    right = ended = 0
    for i in range(ROUNDS):
        message = b"%d " % i + random.bytes(random.below(1500))
        while True:
            session = link.session
            try:
                link.send(_peer.ECHO, message)
                right += box.recv() == message
                break
            except OSError as e:
                if e.args[0] != 104 or link.session == session:
                    raise
                ended += 1
    print(right, ended)


if sys.argv[1:]:
    what, fd = sys.argv[1:]
    if what == "call":
        call(stream(int(fd)))
    else:
        _peer.serve(stream(int(fd)), bool, ECHOES if what == "leave" else -1, rx=1024)
