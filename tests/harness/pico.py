# SPDX-License-Identifier: MIT
# The emulated Pico as a board: flash, UART, floats, Ctrl-C.
# targets: host

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
def random_bits_are_those_of_the_seed():
    source = (
        "import os, random\nprint((os.urandom(32), [random.getrandbits(24) for i in range(4)]))\n"
    )
    first, again, other = (pico.run(source, "--seed", seed)[0] for seed in "001")
    eq(first, again)
    data, numbers = eval(first)
    true(len(set(data)) > 16 or print(first))
    other_data, other_numbers = eval(other)
    true(data != other_data and not set(numbers) & set(other_numbers) or print(first, other))


@case
def masked_interrupts_come_late():
    source = """
import machine, time
fired = []
def busy(ms):
    end = time.ticks_add(time.ticks_us(), ms * 1000)
    while time.ticks_diff(end, time.ticks_us()) > 0:
        pass
for masked in False, True:
    fired.clear()
    if masked:
        state = machine.disable_irq()
    timer = machine.Timer(period=2, mode=machine.Timer.ONE_SHOT, callback=fired.append)
    busy(10)
    before = len(fired)
    if masked:
        machine.enable_irq(state)
    time.sleep_ms(1)
    print(before, len(fired))
"""
    eq(pico.run(source), ("1 1\n0 1\n", ""))


@case
def systick_counts_cycles():
    # Down from its reload value, which it takes again when it comes to 0.
    source = """
import array, machine
mem32 = machine.mem32
CSR, RVR, CVR = 0xE000E010, 0xE000E014, 0xE000E018

@micropython.viper
def read(to: ptr32, times: int):
    for i in range(times):
        to[2 * i] = ptr32(0xE000E018)[0]
        to[2 * i + 1] = ptr32(0x4FFF0000)[0]

mem32[RVR] = 0xFFFFFF
mem32[CVR] = 0
mem32[CSR] = 5  # Enabled, with the processor's clock and without interrupts.
got = array.array("I", bytes(800))
state = machine.disable_irq()
read(got, 100)
machine.enable_irq(state)
print(got[0] - got[198] == got[199] - got[1] > 500)
mem32[RVR] = 99
mem32[CVR] = 0
read(got, 100)
print(max(list(got)[::2]) < 100, min(list(got)[::2]) < 50, mem32[CSR] >> 16 & 1)
"""
    eq(pico.run(source), ("True\nTrue True 1\n", ""))


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
