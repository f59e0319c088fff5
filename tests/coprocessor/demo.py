# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# `make demo`: the emulated Pico fetches a page with micropython-lib's requests, and the frames are
# shown.

import re
import subprocess
import sys
from pathlib import Path

sys.path[:0] = ["tests"]

from check import case, end, eq, skip, true  # noqa: E402
from runner import targets  # noqa: E402


@case
def page_and_frames():
    for name in "rpi-pico", "unix-x64":
        if not targets.select([name])[0].interpreter.exists():
            skip(f"there is no build/{name}: run make interpreter TARGET={name}")
    result = subprocess.run(
        [sys.executable, "tests/demo.py"], capture_output=True, text=True, timeout=280
    )
    output = result.stdout
    eq((result.returncode, result.stderr), (0, ""))
    page = Path("examples/coprocessor/index.html").read_text()
    title = re.search("<title>(.*)</title>", page)[1]
    wanted = [
        "The Pico prints: Status: 200 OK",
        f"The Pico prints: Length: {len(page)}",
        f"The Pico prints: Title:  {title}",
        "Pico → network  DATA   RESOLVE localhost",
        "Pico → network  DATA   CONNECT 1 127.0.0.1:",
        "Pico ← network  DATA   CLOSED 1",
    ]
    eq([text for text in wanted if text not in output], [])
    # How much of the page comes first depends on this machine.
    true(re.search(r'Pico ← network  DATA   DATA 1 \d+ bytes  "HTTP/1.0 200 OK"', output))
    rows = [line for line in output.splitlines() if re.match(r" +[\d.]+ ms ", line)]
    times = [float(row.split()[0]) for row in rows]
    # Both ends may send at the same time.
    true(all(later > earlier - 10 for earlier, later in zip(times, times[1:])))
    # So does whether the server answers before the client sends again.
    totals = re.search(r"(\d+) frames, \d+ bytes; retransmissions: \d+, .*: (\d+)$", output)
    frames, strange = map(int, totals.groups())
    more = sum(map(int, re.findall(r"and (\d+) times more", output)))
    eq((frames, strange), (len(rows) + more, 0))


end()
