# SPDX-License-Identifier: MIT
"""Counts cycles and heap bytes on the emulated Raspberry Pi Pico.

Its emulator tells the cycles, see tests/boards/rpi-pico/README.md. Interrupts are off while they
are counted, as the host's timing decides when they come. The heap's state is that of the
Cortex-M3, as no other codec was measured on the Pico.
"""

import cortexm3
import onboard

NAME = "rpi-pico"
TARGET = onboard.target(NAME)
MHZ = 125

# What programs.py has to know.
WORD = 4
SINGLE = True
# Each program measures one operation. Old words on the stack keep objects of the operations before
# alive, and on a heap this small they would be in the way.
ALONE = True
HOLES = cortexm3.HOLES
DOCUMENT_NAMES, OTHER_NAMES = cortexm3.DOCUMENT_NAMES, cortexm3.OTHER_NAMES
# The number of cycles modulo 2**30, as a larger int would take memory.
IMPORTS = f"""\
from machine import disable_irq, enable_irq, freq
assert freq() == {MHZ} * 10**6

@micropython.viper
def cycles() -> int:
    return ptr32(0x4FFF0000)[0] & 0x3FFFFFFF
"""
START = "irq = disable_irq(); began = cycles()"
STOP = "t = (cycles() - began) & 0x3FFFFFFF; enable_irq(irq)"


def measure(sources):
    """[{operation: (cycles, heap bytes)}] of programs."""
    return onboard.measure(onboard.new(TARGET), sources, counts)


def counts(nothing, taken):
    return taken[0] - nothing[0], taken[1] - nothing[1]
