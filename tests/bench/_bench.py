# SPDX-License-Identifier: MIT
"""Finds the modules of bench/."""

import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "bench")]
