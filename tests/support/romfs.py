# SPDX-License-Identifier: MIT
# Makes images of a ROMFS, whose form MicroPython's extmod/vfs_rom.c describes.

ALIGNMENT = 16


def number(n):
    digits = bytes([n & 0x7F])
    while n > 0x7F:
        n >>= 7
        digits = bytes([0x80 | n & 0x7F]) + digits
    return digits


def record(kind, payload):
    return number(kind) + number(len(payload)) + payload


def file(name, data):
    return record(5, number(len(name)) + name.encode() + record(2, data))


def image(files):
    """An image with pairs of names and data. The data of the last one is aligned."""
    records = b"".join([file(name, data) for name, data in files])
    size = len(files[-1][1])
    for padding in range(ALIGNMENT):
        content = record(1, bytes(padding)) + records
        result = b"\xd2\xcd\x31" + number(len(content)) + content
        if (len(result) - size) % ALIGNMENT == 0:
            return bytearray(result)
