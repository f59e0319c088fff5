# SPDX-License-Identifier: MIT
# What faults on the chip ends the emulated Pico, and what does not fault there goes on.
# targets: host

import tempfile

from check import case, end, eq, true
from lib import pico
from runner import pair

# Loads and stores as compiled code does them, which no library checks.
SOURCE = """
import array, uctypes
buf = bytearray(16)
RAM = uctypes.addressof(buf)

@micropython.viper
def load32(a: int) -> int:
    return ptr32(a)[0]

@micropython.viper
def load16(a: int) -> int:
    return ptr16(a)[0]

@micropython.viper
def load8(a: int) -> int:
    return ptr8(a)[0]

@micropython.viper
def store32(a: int, value: int):
    ptr32(a)[0] = value

@micropython.viper
def store16(a: int, value: int):
    ptr16(a)[0] = value

@micropython.viper
def store8(a: int, value: int):
    ptr8(a)[0] = value

@micropython.asm_thumb
def undefined():
    data(2, 0xDE00)

@micropython.asm_thumb
def not_in_armv6m():
    data(2, 0xFB90, 0xF0F1)  # sdiv r0, r0, r1

@micropython.asm_thumb
def jump(r0):
    bx(r0)

@micropython.asm_thumb
def call(r0):
    data(2, 0x4780)  # blx r0

"""


def faults(statement, message):
    output, error = pico.run(SOURCE + statement)
    true(f"pico: fault on core 0: {message}" in error and " r15=" in error or print(output, error))


@case
def unaligned():
    faults("load32(RAM + 1)", "unaligned 32-bit read at 200")
    faults("load32(RAM + 2)", "unaligned 32-bit read at 200")
    faults("load16(RAM + 1)", "unaligned 16-bit read at 200")
    faults("store32(RAM + 2, 0)", "unaligned 32-bit write at 200")
    faults("store16(RAM + 3, 0)", "unaligned 16-bit write at 200")


@case
def read_only_memory():
    faults("store32(0x10100000, 0)", "write to ROM or flash at 10100000")
    faults("store16(0x10000002, 0)", "write to ROM or flash at 10000002")
    faults("store8(0x10000001, 0)", "write to ROM or flash at 10000001")
    faults("store8(0x1F, 0)", "write to ROM or flash at 0000001f")
    faults("store32(0, 0)", "write to ROM or flash at 00000000")


@case
def no_memory():
    faults("load32(0x20042000)", "RP2040: Read from invalid memory address: 20042000")
    faults("load8(0x60000000)", "RP2040: Read from invalid memory address: 60000000")
    faults("store32(0x20042000, 0)", "RP2040: Write to undefined address: 20042000")
    faults("jump(0x60000001)", "RP2040: Read from invalid memory address: 60000000")


@case
def instructions():
    faults("undefined()", "bkpt or udf 0")
    faults("not_in_armv6m()", "CortexM0Core: Warning: Instruction at 200")
    faults("jump(RAM)", "jump to 200")
    faults("call(RAM)", "jump to 200")


@case
def core_1_is_named():
    source = SOURCE + "import _thread\n_thread.start_new_thread(load32, (RAM + 1,))\n"
    output, error = pico.run(source + "while True:\n    pass\n")
    true("pico: fault on core 1: unaligned 32-bit read" in error or print(output, error))


BAD_PROGRAM = "from machine import mem32\nmem32[0x10100000] = 0\n"


@case
def second_board_is_named():
    with tempfile.TemporaryDirectory() as folder:
        flash = pair.flash(folder, 1, {"/program.py": BAD_PROGRAM})
        output, error = pico.run("while True:\n    pass\n", "--second", flash)
    words = "pico: second board: fault on core 0: write to ROM or flash at 10100000\n"
    words += "pico: second board: core 0 runs: r0="
    true(words in error or print(output, error))


@case
def one_of_two_boards_is_named():
    try:
        pair.run(("while True:\n    pass\n", BAD_PROGRAM), [])
        error = ""
    except pair.Failed as e:
        error = str(e)
    words = (
        "board 1: fault on core 0: write to ROM or flash at 10100000\nboard 1: core 0 runs: r0="
    )
    true("status 3: " in error and words in error or print(error))


@case
def watchdog():
    faults("import machine\nmachine.reset()", "reset by the watchdog")


@case
def what_does_not_fault():
    source = "store32(RAM, 0x12345678)\nstore16(RAM + 6, 0x9ABC)\nstore8(RAM + 5, 0xDE)\n"
    source += "print(hex(load32(RAM)), hex(load16(RAM + 2)), hex(load8(RAM + 1)), buf[4:8])\n"
    source += "print(load32(0x10000000) != 0, load8(0x10000003) < 256)\n"
    expected = "0x12345678 0x1234 0x56 bytearray(b'\\x00\\xde\\xbc\\x9a')\nTrue True\n"
    eq(pico.run(SOURCE + source), (expected, ""))


end()
