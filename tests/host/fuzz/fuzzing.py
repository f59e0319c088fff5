# SPDX-License-Identifier: MIT
"""Programs, inputs and counts: shared by the fuzzer and the replay of its inputs."""

import hashlib
import json
import os
import subprocess
import sys

import _tools
from _tools import HOST, MPY_DIR, TOP

FUZZ = HOST / "fuzz"
OUT = TOP / "build" / "fuzz"
TARGETS = "decoder", "streams", "unpacker", "encoder", "small"
BITS = 64, 32
COUNTS = FUZZ / "counts.json"


def folder(bits, with_fuzzer):
    return OUT / f"{'fuzzer' if with_fuzzer else 'replay'}-{bits}"


def program(bits, with_fuzzer):
    return folder(bits, with_fuzzer) / "fuzz"


def build(bits, with_fuzzer, out=None, **variables):
    """Build the fuzzer with clang, or the program that replays its inputs with gcc."""
    out = out or folder(bits, with_fuzzer)
    command = ["make", "-s", "-C", FUZZ, f"-j{os.cpu_count()}", f"BUILD={out}", f"BITS={bits}"]
    command += [f"MPY_DIR={MPY_DIR}", f"FUZZER={int(with_fuzzer)}", f"PYTHON={sys.executable}"]
    command += [f"{name}={value}" for name, value in variables.items()]
    _tools.build(command)
    return out / "fuzz"


def inputs(target):
    """The committed inputs of a target."""
    packed = (FUZZ / "corpus" / f"{target}.pack").read_bytes()
    at = 0
    while at < len(packed):
        size = int.from_bytes(packed[at : at + 2], "little")
        yield packed[at + 2 : at + 2 + size]
        at += 2 + size
    for file in crashes(target):
        yield file.read_bytes()


def crashes(target):
    return sorted((FUZZ / "crashes" / target).glob("*"))


def pack(target, found):
    found.sort(key=lambda data: (len(data), data))
    packed = b"".join(len(data).to_bytes(2, "little") + data for data in found)
    (FUZZ / "corpus" / f"{target}.pack").write_bytes(packed)


def save(folder, data):
    file = folder / hashlib.sha1(data).hexdigest()
    if not file.exists():
        file.write_bytes(data)


def commit():
    """The commit whose module is fuzzed; "+" means changes since, except in the records."""
    git = ["git", "-C", TOP]
    name = subprocess.run(
        [*git, "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    records = [f":(exclude){path.relative_to(TOP)}" for path in (COUNTS, FUZZ / "corpus")]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", ".", *records]).returncode
    return (name or "unknown") + ("+" if changed else "")


def record(jobs, commit):
    """Add the executions of a run of a commit to the table."""
    rows = json.loads(COUNTS.read_text()) if COUNTS.exists() else []
    for job in jobs:
        if job.executions == 0:
            continue
        same = {"commit": commit, "target": job.target, "bits": job.bits}
        row = next((row for row in rows if same.items() <= row.items()), None)
        if row is None:
            row = {**same, "executions": 0, "processor_seconds": 0}
            rows.append(row)
        row["executions"] += job.executions
        row["processor_seconds"] += round(job.processor_time)
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    COUNTS.write_text(f"[\n{lines}\n]\n")
    for target in TARGETS:
        for bits in BITS:
            of = [r["executions"] for r in rows if (r["target"], r["bits"]) == (target, bits)]
            print(f"in total: {target:9} {bits} bits: {sum(of):>13,}")
    print(f"in total: {sum(row['executions'] for row in rows):,}")
