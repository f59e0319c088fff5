# SPDX-License-Identifier: MIT
# targets: rpi-pico-small
# needs: coprocessor msgpack finaliserproxy
#
# The RAM that a client takes on a Pico: the most that may be, in bytes, for each module with all
# that it imports, and for each object with its buffers. The table of names is not in it, which the
# firmware doubles when it is full: 6 bytes a name.

import sys

from check import case, end, eq, note
from memory import begin_chunk, fill_table_of_names, used

BUDGET = {
    "coprocessor.link": 6050,
    "coprocessor.client": 4200,
    "coprocessor.proxy": 2300,
    "coprocessor.socket": 7150,
    "coprocessor.garbage": 950,
    "coprocessor.tls": 3850,
    "coprocessor.ssl": 930,
    "Link": 1600,
    "Client": 800,
}
taken = {}


class Stream:
    """A UART that is silent."""

    def any(self):
        return 0

    def readinto(self, buffer):
        return 0

    def write(self, data):
        return len(data)


def measure(name):
    begin_chunk()
    before = used()
    __import__(name)
    taken[name] = used() - before


for name in "msgpack", "finaliserproxy", "micropython", "select":
    __import__(name)
fill_table_of_names()
# Twice, as the first call leaves something.
names = "link", "client", "proxy", "socket", "garbage"
for name in ["sys", "sys"] + ["coprocessor." + name for name in names]:
    measure(name)
before = used()
link = sys.modules["coprocessor.link"].Link(Stream())
taken["Link"] = used() - before
before = used()
client = sys.modules["coprocessor.client"].Client(link)
taken["Client"] = used() - before
# These are loaded later, and have as many names again.
fill_table_of_names()
for name in "tls", "ssl":
    measure("coprocessor." + name)


@case
def within_budget():
    note(", ".join("%s %d" % (name, taken[name]) for name in sorted(BUDGET)))
    eq([name for name in BUDGET if taken[name] > BUDGET[name]], [])


end()
