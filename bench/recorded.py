"""Figures of other codecs that were measured once; recorded.json holds them."""

import json
from pathlib import Path

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())


def figures(target, operation, kind="instructions"):
    """{document: figure}; empty for what was not recorded."""
    row = RECORDED.get(target, {}).get(kind, {}).get(operation, [])
    return {n: value for n, value in zip(RECORDED["documents"], row) if value is not None}
