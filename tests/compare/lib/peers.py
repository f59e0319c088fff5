# SPDX-License-Identifier: MIT
"""Other programs that use MessagePack. Each reads a line of text and answers with one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
BUILD = Path(os.environ.get("MSGPACK_COMPARE_BUILD", TOP / "build"))
sys.path.insert(0, str(TOP / "tests" / "support"))


class Peer:
    def __init__(self, argv, **kwargs):
        self.argv = [str(a) for a in argv]
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **kwargs
        )

    def ask(self, *words):
        """The answer to a request; a peer that dies fails the case that asked."""
        try:
            self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        if not answer.endswith("\n"):
            code = self.process.wait(10)
            raise AssertionError(f"{self.argv[0]} ended with {code} at {words}: {answer!r}")
        return answer.strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def micropython():
    """The stock unix interpreter with our module; None where it has not been built."""
    program = BUILD / "unix-x64" / "micropython"
    module = BUILD / "x64" / "msgpack.mpy"
    if not program.exists() or not module.exists():
        return None
    path = f"{module.parent}:{TOP / 'tests' / 'support'}:.frozen"
    return Peer([program, HERE / "peer_micropython.py"], env={"MICROPYPATH": path})


def javascript():
    """(peer, None) or (None, why there is none). npm fetches what the lock file names."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None, "no node or npm on this machine"
    folder = BUILD / "compare-javascript"
    lock = (HERE.parent / "package-lock.json").read_text()
    installed = folder / "node_modules" / "@msgpack" / "msgpack" / "package.json"
    same = folder / "package-lock.json"
    if not installed.exists() or not same.exists() or same.read_text() != lock:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE.parent / name, folder / name)
        argv = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["?"])[-1]
            return None, f"npm ci failed: {last}"
    shutil.copy(HERE / "peer_javascript.mjs", folder / "peer_javascript.mjs")
    return Peer([node, "peer_javascript.mjs"], cwd=folder), None
