# SPDX-License-Identifier: MIT
# The emulated Pico as a board: flash, UART, floats, Ctrl-C.
# targets: host
# timeout: 300

import os
import tempfile

import check
from check import case, eq, true
from lib import pico


@case
def stock_firmware():
    source = "import os, sys\nprint(os.uname().machine, sys.implementation._mpy >> 10 & 15)\n"
    eq(pico.run(source), ("Raspberry Pi Pico with RP2040 4\n", ""))


@case
def flash_survives_a_restart():
    with tempfile.TemporaryDirectory() as folder:
        flash = os.path.join(folder, "flash")
        write = "with open('kept', 'w') as f:\n    f.write('in flash' * 500)\n"
        read = "print(len(open('kept').read()), open('kept').read(8))\n"
        true("ENOENT" in pico.run(read, "--flash", flash)[1])
        eq(pico.run(write, "--flash", flash)[1], "")
        eq(pico.run(read, "--flash", flash), ("4000 in flash\n", ""))


@case
def uart_hears_itself_at_its_speed():
    source = """
import machine, time
for rate in 9600, 115200, 921600:
    uart = machine.UART(1, rate, timeout=1000)
    data = bytes(range(200))
    began = time.ticks_us()
    uart.write(data)
    got = b""
    while len(got) < len(data):
        got += uart.read(10) or b""
    took = time.ticks_diff(time.ticks_us(), began)
    print(got == data, 1 <= took / (200 * 10 * 1e6 / rate) < 1.2)
uart = machine.UART(1, 115200, timeout=0, rxbuf=64)
print(uart.any(), uart.read(1))
uart.write(bytes(300))
uart.flush()
time.sleep_ms(5)
print(64 <= uart.any() < 300)
"""
    eq(pico.run(source), ("True True\n" * 3 + "0 None\nTrue\n", ""))


@case
def subnormal_floats_are_zero():
    source = "import struct\nfor n in 0x00800000, 0x007FFFFF, 0x807FFFFF, 1:\n"
    source += (
        "    x = struct.unpack('f', struct.pack('I', n))[0]\n    print(x * 1.0 == 0, x + x == 0)\n"
    )
    source += "print(1e-37 / 1e3, 1e-30 * 1e-9, "
    source += "struct.unpack('d', bytes(6) + b'\\x00\\x37')[0])\n"
    eq(pico.run(source), ("False False\n" + "True True\n" * 3 + "0.0 0.0 0.0\n", ""))


@case
def interrupt():
    device = pico.board()
    try:
        device.start()

        def when_running(text):
            if "\n" in text:
                device.write(b"\x03")

        for statement in "pass", "time.sleep(10**6)":
            source = f"import time\nprint('runs')\nwhile True:\n    {statement}"
            output, traceback = device.run(source, 60, when_running)
            eq((output, traceback.splitlines()[-1]), ("runs\n", "KeyboardInterrupt: "))
    finally:
        device.stop()


check.end()
