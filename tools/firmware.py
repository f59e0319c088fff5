# SPDX-License-Identifier: MIT
"""Firmware versions and architectures, for deploy.py and dist.py."""

import json
import pkgutil

from mpyinfo import ARCHS

ABI = "6.3"  # The version of .mpy files with native code that v1.23 and later load.
OLDEST = (1, 23)

# The boards that load our files: name, ARCH, and the oldest firmware where that is later.
BOARDS = json.loads(pkgutil.get_data(__name__, "boards.json"))

# Where a later firmware is needed: some architectures came later, and ESP32 boards with v1.23 free
# native code before the last finalisers run.
LATER_ARCHS = {"rv32imc": (1, 24), "rv64imc": (1, 28)}
LATER = {("finaliserproxy", "xtensawin"): (1, 24)}


def oldest(module, arch):
    """The oldest version, such as (1, 23), on which the module works."""
    return LATER.get((module, arch), LATER_ARCHS.get(arch, OLDEST))


def shown(version):
    return "v" + ".".join(str(part) for part in version)


def arch_of(mpy):
    """The architecture in sys.implementation._mpy, as our files name it."""
    number = mpy >> 10 & 0x0F
    arch = ARCHS[number] if number < len(ARCHS) else f"number {number}"
    # Cortex-M3 and M4 without FPU say armv7em, for which there are no files of their own.
    return "armv7m" if arch == "armv7em" else arch


def abi_of(mpy):
    """The version of .mpy files, such as "6.3"."""
    return f"{mpy & 0xFF}.{mpy >> 8 & 3}"


def ram(growth, info):
    """The RAM of a module. growth is that of the heap by the import, info is mpyinfo's.

    On some boards the native code is not in the heap. Then only the data is, which takes less than
    half as much. Where the code is in the heap, a part of it may be gone after the import.
    """
    return growth + (info.text if growth < info.text // 2 else 0)


# On an ESP8266, code runs from the first MiB of flash. Firmware for 2 MiB and more leaves this end
# of it free, and has its file system after it.
ESP8266_FREE = (0xF0000, 0x10000)
ESP8266_FILES = 0x100000
SECTOR = 4096


def native_code_line(user_start):
    """The line that an ESP8266 needs before the import; None if no range is certainly free.

    user_start is what esp.flash_user_start() returns: where the firmware's part of the flash ends.
    """
    if user_start < ESP8266_FILES:
        return None
    start, length = ESP8266_FREE
    return f"import esp; esp.set_native_code_location({start:#x}, {length:#x})"
