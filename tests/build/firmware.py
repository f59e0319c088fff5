# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Which boards make firmware can build for, and what it says of the others.

import sys
import tempfile
from pathlib import Path

from _sandbox import MPY_DIR, TOP
from check import case, end, eq, raises

sys.path.append(str(TOP / "tools"))

import build_firmware  # noqa: E402
from build_folder import building  # noqa: E402


@case
def boards():
    tree = Path(MPY_DIR)
    eq(build_firmware.check(tree, "RPI_PICO"), None)
    for board, message in (
        ("", "give BOARD=name; known are: ADAFRUIT_FEATHER_RP2040 "),
        ("*", "unknown BOARD '*'; known are: ADAFRUIT_FEATHER_RP2040 "),
        ("RPI_PICKLE", "unknown BOARD 'RPI_PICKLE'; known are: ADAFRUIT_FEATHER_RP2040 "),
        ("ESP32_GENERIC", "ESP32_GENERIC is a board of ports/esp32, which does not build"),
        ("PYBV11", "docs/usermod.md has the commands"),
    ):
        raises(build_firmware.Failure, build_firmware.check, tree, board, match=message)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        board = tree / "ports/rp2/boards/RADIO/mpconfigboard.cmake"
        board.parent.mkdir(parents=True)
        board.write_text("set(MICROPY_PY_LWIP ON)\nset(MICROPY_PY_NETWORK_CYW43 OFF)\n")
        for file in None, "lib/cyw43-driver/README.md":
            if file:
                (tree / file).parent.mkdir(parents=True)
                (tree / file).touch()
            raises(
                build_firmware.Failure,
                build_firmware.check,
                tree,
                "RADIO",
                match="RADIO needs lib/lwip, of",
            )
        (tree / "lib/lwip/src").mkdir(parents=True)
        eq(build_firmware.check(tree, "RADIO"), None)


@case
def what_a_build_leaves():
    class Killed(Exception):
        """What comes after it in the program does not happen."""

    def build(config, error=None):
        """Which files the build has found."""
        with building(folder, config):
            found = sorted(path.name for path in folder.iterdir())
            (folder / "half").touch()
            if error:
                raise error
            (folder / "whole").touch()
        return found

    with tempfile.TemporaryDirectory() as top:
        folder = Path(top, "build/board")
        eq(build("1"), [])
        eq(build("1"), ["half", "whole"])
        eq(build("2"), [])
        raises(Killed, build, "2", Killed())
        eq(build("2"), [])
        eq(build("2"), ["half", "whole"])


end()
