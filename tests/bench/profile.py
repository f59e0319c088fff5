# SPDX-License-Identifier: MIT
# targets: host
# long: host
# needs: nothing
#
# bench/profile.py counts each instruction once.

import subprocess

from _bench import TOP
from check import case, end, eq, true

import cortexm3
import run


@case
def functions_and_instructions():
    tool = ["/usr/bin/python3", TOP / "bench/profile.py"]
    arguments = ["unpackb", "a", "--function", "decoder_run"]
    result = subprocess.run([*tool, *arguments], capture_output=True, text=True)
    eq((result.returncode, result.stderr), (0, ""))
    lines = result.stdout.splitlines()
    total = int(lines[0].split()[0])
    measured = run.measure(cortexm3, ["a"], "unpackb")["instructions"]["unpackb"]["a"]
    true(0 <= total - measured < 400)
    table = [line.split() for line in lines[2 : lines.index("")]]
    by_name = {row[-1]: int(row[0]) for row in table}
    true(by_name["qstr_find_strn"] > total / 4)
    ours = sum(n for name, n in by_name.items() if name.startswith("*"))
    eq(int(table[-1][0]), by_name["module"])
    # The least of our functions may not be among those that are shown.
    true(by_name["module"] * 0.95 < ours <= by_name["module"])
    start = lines.index("decoder_run")
    counts = [int(line[:9]) for line in lines[start + 1 :] if line[:9].strip()]
    eq(sum(counts), by_name["*decoder_run"])


end()
