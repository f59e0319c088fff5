#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fuzz the msgpack module: `make fuzz [TIME=600] [FUZZ=decoder,...] [BITS=64,32] [LENGTH=32]`.

Inputs that reach something new gather in build/fuzz/corpus/. With RECORD=1, what is needed of them
is packed into corpus/, and the executions are added to counts.json.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fuzzing  # noqa: E402
from _tools import Failed  # noqa: E402
from fuzzing import BITS, FUZZ, OUT, TARGETS  # noqa: E402
from runner import x86  # noqa: E402

MAX_LEN = 128  # Bytes of most inputs: short ones are fast, and few bugs need more.
LONG_LEN = 1500  # Bytes of the inputs of each LONG_EVERY-th piece.
LONG_EVERY = 8
PIECE = 60  # Seconds after which the fuzzer is restarted.


class Crashed(Exception):
    pass


def corpus(target):
    """The folder with the target's inputs: the committed ones and those found since."""
    folder = OUT / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for data in fuzzing.inputs(target):
        fuzzing.save(folder, data)
    return folder


def options(target):
    return [f"--target={target}", "-reload=0", "-timeout=20", "-rss_limit_mb=1500"]


def piece(target, bits, seconds, length):
    """Fuzz for some seconds: (executions, seconds of processor time)."""
    crashes = FUZZ / "crashes" / target
    crashes.mkdir(parents=True, exist_ok=True)
    command = [fuzzing.program(bits, True), *options(target), f"-max_total_time={seconds}"]
    command += [f"-max_len={length}", "-entropic=0", "-print_final_stats=1"]
    command += [f"-artifact_prefix={crashes}/", corpus(target)]
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        # The processor time of this child alone; getrusage would add up all children.
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=OUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        output = log.read()
    if process.returncode != 0:
        lines = [line for line in output.splitlines() if not re.match(r"#\d+\s|\s+NEW_FUNC", line)]
        raise Crashed(f"{target}, {bits} bits, status {process.returncode}:\n" + "\n".join(lines))
    executions = int(re.search(r"number_of_executed_units: (\d+)", output)[1])
    return executions, usage.ru_utime + usage.ru_stime


class Job:
    """One target with one word size."""

    def __init__(self, target, bits, seconds, length):
        self.target = target
        self.bits = bits
        self.seconds = seconds
        self.length = length
        self.executions = 0
        self.processor_time = 0.0
        self.crash = None

    def run(self):
        try:
            left = self.seconds
            number = 0
            while left > 0:
                # All inputs run once before this limit of time begins.
                seconds = min(left, PIECE)
                usual = LONG_LEN if number % LONG_EVERY == LONG_EVERY - 1 else MAX_LEN
                length = self.length or usual
                executions, spent = piece(self.target, self.bits, max(1, int(seconds)), length)
                self.executions += executions
                self.processor_time += spent
                left -= seconds
                number += 1
        except Crashed as e:
            self.crash = str(e)
        rate = self.executions / max(self.processor_time, 0.001)
        print(
            f"{self.target:9} {self.bits} bits: {self.executions:>11,} executions,"
            f" {rate:>7,.0f} a second of processor time,"
            f" {'CRASHED' if self.crash else 'no crash'}",
            flush=True,
        )


def minimise(target):
    """Pack the fewest of the target's inputs that reach the same coverage as all of them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [fuzzing.program(64, True), *options(target), "-merge=1", "-max_len=4096"]
        done = subprocess.run([*command, folder, corpus(target)], capture_output=True, cwd=folder)
        if done.returncode != 0:
            raise Failed(f"cannot minimise the corpus of {target}: {done.stderr[-500:]}")
        found = [f.read_bytes() for f in Path(folder).iterdir() if f.is_file()]
    fuzzing.pack(target, found)
    shutil.rmtree(OUT / "corpus" / target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time", type=int, default=600, help="seconds, for all together")
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--bits", default=",".join(map(str, BITS)))
    parser.add_argument("--length", type=int, help="bytes of an input, at most")
    parser.add_argument("--processors", type=int, default=os.cpu_count())
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    targets = args.targets.split(",")
    sizes = [int(bits) for bits in args.bits.split(",")]
    unknown = [t for t in targets if t not in TARGETS] + [b for b in sizes if b not in BITS]
    if unknown:
        sys.exit(f"fuzz: no such target or word size: {unknown[0]}")
    if 32 in sizes and not x86.kernel_runs_them():
        # QEMU runs them, but not libFuzzer: it finds neither its corpus nor new coverage.
        print("fuzz: this kernel does not run programs of 32 bits: those are left out", flush=True)
        sizes.remove(32)
        if not sizes:
            sys.exit(1)
    commit = fuzzing.commit()
    for bits in sizes:
        fuzzing.build(bits, True)
    seconds = args.time * args.processors / len(targets) / len(sizes)
    jobs = [Job(target, bits, seconds, args.length) for bits in sizes for target in targets]
    with ThreadPoolExecutor(args.processors) as pool:
        list(pool.map(Job.run, jobs))
    crashed = [job for job in jobs if job.crash]
    for job in crashed:
        print("\n" + job.crash[-6000:])
    if args.record:
        fuzzing.record(jobs, commit)
        for target in targets:
            fuzzing.build(64, True)
            minimise(target)
    executions = sum(job.executions for job in jobs)
    rate = executions / max(0.001, sum(job.processor_time for job in jobs))
    print(f"{executions:,} executions, {rate:,.0f} a second, {len(crashed)} crashes")
    if crashed:
        print("What crashes is in tests/host/fuzz/crashes/; `make test` replays that, too.")
    sys.exit(bool(crashed))


if __name__ == "__main__":
    try:
        main()
    except Failed as e:
        sys.exit(f"fuzz: {e}")
