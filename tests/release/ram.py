# targets: host
# needs: nothing
# timeout: 300
#
# The figures of RAM in a release are those that the interpreters show: here those that deploy.py
# cannot reach or does not install on. deploy.py's own test measures the others.

import json

from _ram import ARCHS, FIGURES, MODULES, differences, measure
from check import case, end, eq


@case
def on_linux():
    for arch in ("x64", "x86"):
        eq(differences(arch, measure(arch)), [])


@case
def armv6m():
    eq(differences("armv6m", measure("armv6m")), [])


@case
def no_others():
    recorded = json.loads(FIGURES.read_text())
    eq(
        {module: sorted(recorded[module]) for module in recorded},
        {module: sorted(ARCHS) for module in MODULES},
    )


end()
