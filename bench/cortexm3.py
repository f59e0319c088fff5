# SPDX-License-Identifier: MIT
"""Counts instructions and heap bytes on the emulated Cortex-M3.

With -icount shift=6 an instruction takes 64 ns, and CMSDK timer 0 counts down at 25 MHz.
"""

import onboard
import recorded

NAME = "cortex-m3"
ICOUNT = 6
TARGET = onboard.target("mps2-an385/armv7m")
# The same board, where msgpack is the small flavour.
SMALL_TARGET = onboard.target("mps2-an385-small/armv7m")

# The values that programs.py needs.
WORD = 4
SINGLE = True
ALONE = False
HOLES = recorded.state(NAME, "holes")
DOCUMENT_NAMES, OTHER_NAMES = recorded.names(NAME)
IMPORTS = "from machine import mem32"
START = (
    "mem32[0x40000000] = 0; mem32[0x40000008] = 0x3FFFFFFF; "
    "mem32[0x40000004] = 0x3FFFFFFF; mem32[0x40000000] = 1"
)
STOP = "t = mem32[0x40000004]"


def board(options=()):
    return onboard.new(TARGET, ICOUNT, options)


def measure(sources):
    """[{operation: (instructions, heap bytes)}] of programs."""
    return onboard.measure(board(), sources, counts)


def measure_small(sources):
    """The same with the small flavour of msgpack."""
    return onboard.measure(onboard.new(SMALL_TARGET, ICOUNT), sources, counts)


def counts(nothing, taken):
    """The timer counts down; an instruction is 64 ns, a tick 40 ns."""
    return (nothing[0] - taken[0]) * 40 // 64, taken[1] - nothing[1]
