# SPDX-License-Identifier: MIT
"""Installs code that is executed in flash, for deploy.py. docs/in-place.md says what that is.

Power may fail at any write. Both files are written under names that no import finds. Each then
gets its name in one step, the block first. Between the two steps, the block may not be that of the
.mpy file. The import notices that and refuses the block.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from remote import Failure, option
from shapes import Named
from writing import NEW, WRONG, check, finish

NONCE = 8  # The first bytes of a block's file; no checksum or digest includes them.
SIZE = 4096  # Of a block of the file system.
TRIES = 4  # How many nonces to try.

# Runs on the board, after a line that sets `names`: says of each file of these names that there
# is the digest without the nonce, the number of its places in flash, and whether it is executable:
# complete, in one place, with a nonce.
LOOK = """
from hashlib import sha256
d = {'flash': False, 'littlefs': False, 'files': {}}
m = b''
try:
    import rp2
    m = memoryview(rp2.Flash())
    d['flash'] = True
    d['littlefs'] = b'littlefs' in (bytes(m[8:16]), bytes(m[4104:4112]))
except Exception:
    pass
for n in names:
    try:
        with open(n, 'rb') as f:
            b = f.read(4096)
            more = f.read(1)
    except OSError:
        continue
    p = [i for i in range(0, len(m), 4096) if bytes(m[i:i + 24]) == b[:24]]
    whole = len(p) == 1 and bytes(m[p[0]:p[0] + len(b)]) == b and not more and any(b[:8])
    d['files'][n] = (''.join('%02x' % c for c in sha256(b[8:]).digest()), len(p), whole)
print('@deploy', repr(d))
"""
SEEN = {"flash": bool, "littlefs": bool, "files": Named((str, int, bool))}
ABSENT = "", 0, False


@dataclass
class Block:
    """The file with the code that a .mpy file executes, and its place on the board."""

    path: Path
    place: str

    def __post_init__(self):
        self.data = self.path.read_bytes()[NONCE:]
        self.digest = hashlib.sha256(self.data).hexdigest()

    @property
    def size(self):
        return NONCE + len(self.data)

    def with_nonce(self, folder):
        """A copy to install."""
        copy = Path(folder, self.path.name)
        copy.write_bytes(os.urandom(NONCE) + self.data)
        return copy


def block_place(place):
    """The name of the block that the .mpy file of this name executes."""
    return place[: -len("mpy")] + "blk"


def look(mpremote, names):
    return mpremote.evaluate(f"names = {tuple(names)!r}\n{LOOK}", SEEN)


def why_not(board, arch, seen):
    """Why code cannot be executed in flash there, or None."""
    if not arch.startswith("armv"):
        return f"the code for that is for ARM, not {arch}"
    if not seen["flash"]:
        return "the firmware has no rp2.Flash that gives the address of its flash"
    if not seen["littlefs"] or board["block"] != SIZE:
        return f"its file system is no LittleFS with blocks of {SIZE} bytes"
    return None


def put_block(mpremote, block):
    """Write the block under its new name, with a nonce, so that it lies in one place."""
    new = block.place + NEW
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(TRIES):
            mpremote.put(block.with_nonce(folder), new)
            digest, places, whole = look(mpremote, [new])["files"].get(new, ABSENT)
            if digest != block.digest:
                raise Failure(f":{new} is not what was written to it; try another cable")
            if whole:
                return
            mpremote.do("rm", f":{new}")
    raise Failure(
        f"the file system has put {block.path.name} in {places} places of the flash, not one, "
        f"each of {TRIES} times; nothing was replaced. {option('small')} takes the flavour that "
        "runs in RAM"
    )


def install(mpremote, block, mpy, place, digests):
    """Put the block and the .mpy file in their places. What is None is there already."""
    renamed = []
    if block:
        put_block(mpremote, block)
        renamed.append((block.place, None))
    if mpy:
        mpremote.put(mpy, place + NEW)
        renamed.append((place, digests))
    check(mpremote.evaluate(finish(renamed), WRONG))


def is_there(block, seen):
    """Is the block on the board as it has to be?"""
    digest, _, whole = seen["files"].get(block.place, ABSENT)
    return whole and digest == block.digest
