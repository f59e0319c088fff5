# SPDX-License-Identifier: MIT
# What programs tell the emulator of two Picos, see emulator/pair.mjs.

from machine import mem32


def say(*words):
    """Print on the host. (print() goes to the serial port, which leads nowhere.)"""
    for byte in (" ".join([str(word) for word in words]) + "\n").encode():
        mem32[0x4FFF0008] = byte


def errors(every):
    """Damage one of so many bytes on the wires; 0: none."""
    mem32[0x4FFF000C] = every


def insert(count):
    """Let random bytes arrive at both boards."""
    mem32[0x4FFF0010] = count


def cut(ms, after=0):
    """Let nothing arrive for some milliseconds, after so many microseconds."""
    mem32[0x4FFF0014] = after
    mem32[0x4FFF0018] = ms


def reset_other(after=0):
    """Reset the other board after so many microseconds."""
    mem32[0x4FFF0014] = after
    mem32[0x4FFF001C] = 1


def end(status=0):
    mem32[0x4FFF0020] = status


def cycles():
    """Those of the processor, modulo 2**30: 125 a microsecond while it is awake."""
    return mem32[0x4FFF0000] & 0x3FFFFFFF
