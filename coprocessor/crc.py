# SPDX-License-Identifier: MIT
"""CRC-32 for firmware whose binascii has none. It is slow: some 100 bytecodes a byte."""

_POLYNOMIAL = 0xEDB88320


def _row(n):
    for _ in range(4):
        n = n >> 1 ^ (_POLYNOMIAL if n & 1 else 0)
    return n


_TABLE = [_row(n) for n in range(16)]


def crc32(data, value=0):
    """As `binascii.crc32`."""
    value ^= 0xFFFFFFFF
    for byte in data:
        value ^= byte
        value = value >> 4 ^ _TABLE[value & 15]
        value = value >> 4 ^ _TABLE[value & 15]
    return value ^ 0xFFFFFFFF
