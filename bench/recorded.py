# SPDX-License-Identifier: MIT
"""Figures of other codecs that were measured once, and the state of the interpreter with which
stock json needs what was recorded for it then; recorded.json holds both.

Its "bytes" are the codecs' sizes on the Cortex-M3: flash, and RAM after the import.
"""

import json
from pathlib import Path

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())


def has(target):
    """Were other codecs measured there?"""
    return target in RECORDED


def figures(target, operation, kind="instructions"):
    """{document: figure}; empty if nothing was recorded."""
    row = RECORDED.get(target, {}).get(kind, {}).get(operation, [])
    return {n: value for n, value in zip(RECORDED["documents"], row) if value is not None}


def state(target, what):
    return RECORDED[target]["state"][what]


def names(target):
    """Strings that were interned at that time: those of document f, and as many others."""
    wanted = RECORDED[target]["state"]["names"]
    return wanted["of document f"], [f"name_{i}" for i in range(wanted["others"])]
