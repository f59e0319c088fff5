# SPDX-License-Identifier: MIT
# A board that waits for a character leaves the host's processor to others, and still hears it.
# targets: host

import os
import sys
import time

sys.path.insert(0, "tests")

import check  # noqa: E402
from check import case, eq, true  # noqa: E402
from runner import board, targets  # noqa: E402


def processor_time(pid):
    """The seconds that the emulator's threads have run."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(name):
    device = board.Board(targets.select([name])[0])
    device.start()
    try:
        for _ in range(3):
            before = processor_time(device.process.pid)
            time.sleep(0.3)
            true(processor_time(device.process.pid) - before <= 0.05)
            # More characters than its UART holds.
            source = "print(len('''" + 500 * "x" + "'''))"
            eq(device.run(source, 60), ("500\n", ""))
    finally:
        device.stop()


@case
def cortex_m():
    idle("mps2-an385/armv7m")


@case
def risc_v():
    idle("virt-rv32")


check.end()
