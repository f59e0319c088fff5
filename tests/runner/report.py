# SPDX-License-Identifier: MIT
"""What the runner prints, and the totals."""

import threading

from .protocol import Result

INDENT = "      "
IN_FULL = 5
SLOWEST = 10


class Report:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.lock = threading.Lock()
        self.passed = passed
        self.failed = failed
        self.skipped = skipped
        self.failing = []  # lines for the summary
        self.times = []  # (seconds, target, name) of each script

    def add(self, target, name, result, seconds):
        """Count and print the result of one script on one target."""
        lines = []
        for number, failure in enumerate(result.failures):
            where = f"{name}:{failure.line}" if failure.line else name
            lines.append(f"FAIL  {target}  {where}  {failure.case}")
            shown = failure.detail.splitlines()
            # If everything fails, the details of the first failures are enough.
            lines += [INDENT + line for line in (shown if number < IN_FULL else shown[:1])]
        for case, reason in result.skips:
            lines.append(f"SKIP  {target}  {name}  {case}: {reason}")
        counts = f"{result.passed} passed"
        if result.failures:
            counts += f", {len(result.failures)} failed"
        if result.skips:
            counts += f", {len(result.skips)} skipped"
        counts = ", ".join([counts, *result.notes])
        lines.append(f"{target:20} {name}: {counts} ({seconds:.1f} s)")
        with self.lock:
            self.passed += result.passed
            self.failed += len(result.failures)
            self.skipped += len(result.skips)
            self.times.append((seconds, target, name))
            if result.failures:
                self.failing.append(f"{target}  {name}: {len(result.failures)} failed")
            print("\n".join(lines), flush=True)

    def fail(self, target, name, reason):
        result = Result()
        result.fail(name, reason)
        self.add(target, name, result, 0)

    def skip(self, target, name, reason):
        self.add(target, name, Result(skips=[(name, reason)]), 0)

    def __add__(self, other):
        """Add the totals of another Report."""
        return Report(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    @property
    def totals(self):
        line = f"{self.passed} passed, {self.failed} failed"
        return f"{line}, {self.skipped} skipped" if self.skipped else line

    @property
    def is_good(self):
        return self.passed > 0 and self.failed == 0

    def finish(self):
        """Print the summary, whose last line are the totals."""
        if len(self.times) > SLOWEST:
            print("\nSlowest:")
            for seconds, target, name in sorted(self.times, reverse=True)[:SLOWEST]:
                print(f"{seconds:8.1f} s  {target:20} {name}")
        if self.failing:
            print("\nFailures:\n" + "\n".join(sorted(self.failing)))
        print(self.totals, flush=True)
