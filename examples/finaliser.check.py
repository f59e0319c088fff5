#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check the output of finaliser.py, which comes on stdin.

The collector is conservative: a stale word on the stack may keep an object alive that nothing
refers to any more. So the last one or two objects of a collection may be finalised later.
"""

import re
import sys


def check(lines):
    group = 0  # the number of the collection that is going on
    finalised = []
    groups = {}
    if lines[-1:] != ["DONE"]:
        return "the last line is not DONE"
    for line in lines[:-1]:
        if line == f"collection {group + 1}" and group < 5:
            group += 1
        elif line == "last collection" and group == 5:
            group = 6
        elif match := re.fullmatch(r"finalised thing (\d+)", line):
            number = int(match.group(1))
            if number in finalised:
                return f"thing {number} was finalised twice"
            # The newest object of collection n is number 4 * n - 1, and is still in use.
            if number >= min(4 * group, 20) - (group < 6):
                return f"thing {number} was finalised in collection {group}, while in use"
            finalised.append(number)
            groups[group] = groups.get(group, 0) + 1
        else:
            return f"unexpected line: {line!r}"
        if group and line.startswith(("collection", "last")):
            # What the collections before this one should have finalised.
            due = min(4 * (group - 1), 20) - 1
            if due - len(finalised) > 2:
                return f"only {len(finalised)} of {due} were finalised before {line!r}"
    if group != 6:
        return "a collection is missing"
    if len(finalised) < 18:
        return f"only {len(finalised)} of 20 were finalised"
    if len(groups) < 5:
        return "they were not finalised in groups"
    return None


if __name__ == "__main__":
    problem = check(sys.stdin.read().splitlines())
    if problem:
        sys.exit(f"finaliser.py: {problem}")
