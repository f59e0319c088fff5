# SPDX-License-Identifier: MIT
# Ctrl-C, as a real signal, ends a wait for a stream. Later calls work.
# targets: host

import os
import signal
import subprocess
import sys

sys.path.insert(0, "tests")

import check  # noqa: E402
from check import case, eq  # noqa: E402
from runner import targets  # noqa: E402
from runner.paths import BUILD  # noqa: E402

SCRIPT = """
import io
import msgpack

class Silent(io.IOBase):
    first = {first!r}
    def readinto(self, buf):
        if self.first:
            buf[0] = self.first[0]
            self.first = b""
            return 1
        print("waiting")
    def write(self, buf):
        print("waiting")

try:
    {call}
except KeyboardInterrupt:
    print("interrupted")
print(msgpack.unpackb(msgpack.packb([1, "two"])))
"""


def interrupted(call, first=b""):
    """Run a call that waits forever and interrupt it."""
    target = targets.select(["unix-x64"])[0]
    process = subprocess.Popen(
        [target.interpreter, "-c", SCRIPT.format(call=call, first=first)],
        env={**os.environ, "MICROPYPATH": str(BUILD / "x64")},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        eq(process.stdout.readline(), "waiting\n")
        process.send_signal(signal.SIGINT)
        lines = [line for line in process.stdout.read().splitlines() if line != "waiting"]
    eq(process.returncode, 0)
    eq(lines, ["interrupted", "[1, 'two']"])


@case
def before_an_object():
    interrupted("msgpack.unpack(Silent(), wait=-1)")


@case
def inside_an_object():
    interrupted("msgpack.unpack(Silent(), timeout=-1)", b"\x92")


@case
def while_writing():
    interrupted("[msgpack.pack(1, Silent()) for _ in range(1)]")


check.end()
