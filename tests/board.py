#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the tests on the real board at a serial port. See docs/hardware.md."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from runner.onboard import main  # noqa: E402

import printing  # noqa: E402

if __name__ == "__main__":
    printing.protect()
    sys.exit(main(sys.argv[1:]))
