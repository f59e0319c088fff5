# SPDX-License-Identifier: MIT
# Every allocation of every public function fails in turn, by itself and with all later ones, with
# the heap locked and with a collection at each; Ctrl-C comes wherever Python code runs.
# needs: ioctl
# targets: unix-x64 unix-x86 mps2-an385/armv7m
# timeout: 600

import io

import inject
import ioctl as module
from check import case
from inject import Row, tick
from ioctl import FLUSH, POLL, SEEK, ioctl

BIG = 1 << 70


class Python(io.IOBase):
    def ioctl(self, request, arg):
        tick()
        return 3 if request == POLL else -5


class Derived(io.BytesIO):
    pass


def data():
    return io.BytesIO(b"abcdef")


ROWS = (
    Row("ioctl", data, lambda s: ioctl(s, FLUSH), 0),
    Row("ioctl", data, lambda s: ioctl(s, SEEK, (2, 0)), 2),
    Row("ioctl", data, lambda s: ioctl(s, SEEK, (0x7FFFFFF0, 0)), 0x7FFFFFF0),
    Row("ioctl", lambda: Derived(b"abc"), lambda s: ioctl(s, SEEK, (0, 2)), 3),
    Row("ioctl", Python, lambda s: ioctl(s, POLL, 3), 3),
    Row("ioctl", Python, lambda s: ioctl(s, POLL, True), 3),
    Row("ioctl", Python, lambda s: ioctl(s, FLUSH), OSError),
    Row("ioctl", Python, lambda s: ioctl(s, SEEK, (1, 1)), OSError),
    Row("ioctl", data, lambda s: ioctl(s, POLL), OSError),
    Row("ioctl", data, lambda s: ioctl(s, 5), ValueError),
    Row("ioctl", data, lambda s: ioctl(s, BIG), ValueError),
    Row("ioctl", data, lambda s: ioctl(s, FLUSH, ""), TypeError),
    Row("ioctl", data, lambda s: ioctl(s, SEEK), TypeError),
    Row("ioctl", object, lambda s: ioctl(s, FLUSH), TypeError),
)
CONSTANTS = """version FLUSH SEEK POLL CLOSE GET_OPTS SET_OPTS GET_DATA_OPTS SET_DATA_OPTS
    GET_FILENO GET_BUFFER_SIZE"""


@case
def every_public_name_has_a_row():
    inject.all_covered(ROWS + (Row(CONSTANTS, None, None, None),), module, ())


inject.run(ROWS)
inject.end()
