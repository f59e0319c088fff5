# targets: host
# needs: nothing
# timeout: 300
#
# The figures of RAM in a release are those that the emulated boards show.

import json

from _ram import ARCHS, FIGURES, MODULES, measure
from check import case, end, eq


@case
def figures():
    recorded = json.loads(FIGURES.read_text())
    wrong = []
    for arch in ARCHS:
        for module, ram in measure(arch).items():
            if abs(recorded[module][arch] - ram) > ram * 3 / 100:
                wrong.append(f"{module} on {arch}: {ram}, recorded {recorded[module][arch]}")
    # When they differ on purpose: tests/release/_ram.py --write
    eq(wrong, [])


@case
def no_others():
    recorded = json.loads(FIGURES.read_text())
    eq(
        {module: sorted(recorded[module]) for module in recorded},
        {m: sorted(ARCHS) for m in MODULES},
    )


end()
