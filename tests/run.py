#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the tests on the targets, or one program on a target. See tests/README.md."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from runner import handed_down  # noqa: E402
from runner.main import main  # noqa: E402

if __name__ == "__main__":
    kept = handed_down.without(os.environ)
    os.environ.clear()
    os.environ.update(kept)
    sys.exit(main(sys.argv[1:]))
