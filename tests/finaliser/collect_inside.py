# SPDX-License-Identifier: MIT
# gc.collect() in a callback of FinaliserProxy, as the README has it: the callbacks run, each once,
# and then all memory is free, so that the program hangs or crashes.
# targets: host
# needs: nothing

import os
import sys

from check import case, end, eq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../harness"))
from lib import nested  # noqa: E402

TARGETS = ["unix-x64", "mps2-an385/armv7m"]
if os.environ.get("TEST_LONG"):
    TARGETS += ["unix-x86", "mps2-an385/armv6m", "mps2-an386", "mps2-an500", "virt-rv32"]
    TARGETS += ["xtensa", "xtensawin"]


@case
def hangs_or_crashes():
    fixture = nested.fixtures("collect_in_callback")
    status, output = nested.run("--target", ",".join(TARGETS), *fixture)
    lines = output.splitlines()
    eq(status, 1)
    for target in TARGETS:
        ends = [s for s in lines if s.startswith(f"FAIL  {target}  ")]
        eq(len(ends), 1)
    eq(output.count("the callbacks ran: True 1"), len(TARGETS))
    how = ("hangs; ", "has faulted; ", "has ended; ", "killed by SIG")
    eq(sum(any(h in line for h in how) for line in lines), len(TARGETS))


end()
