#!/usr/bin/env python3
"""Measure msgpack and stock json on the same documents.

usage: bench/run.py [--op NAME,...] [--doc NAME,...] [--list]
"""

import argparse
import math
import sys

import cortexm3
import documents
import recorded
from operations import C2020_PEER, JSON_PEER, OPERATIONS, TARGETS


def arguments(argv):
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__.split("\n")[0])
    parser.add_argument("--op", default="", help="operations that begin so: packb,loads")
    parser.add_argument("--doc", default="", help="documents: a,b2")
    parser.add_argument("--list", action="store_true", help="name operations and documents")
    args = parser.parse_args(argv)
    args.op = [o for o in OPERATIONS if named(o, args.op)]
    if not args.op:
        parser.error("no such operation; --list names them")
    known = list(documents.DOCUMENTS)
    args.doc = args.doc.split(",") if args.doc else known
    for name in args.doc:
        if name not in known:
            parser.error(f"no document {name}; known are: {' '.join(known)}")
    return args


def named(operation, names):
    """Does one of the names, divided by commas, begin the operation's, or what json calls it?"""
    own = (operation.name, operation.name.removeprefix("json."))
    return any(o.startswith(n) for n in names.split(",") for o in own)


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def table(results, target):
    """The lines of a table for people."""
    names = [n for n in documents.DOCUMENTS if any(n in r for r in results.values())]
    yield f"{target}, instructions ({' '.join(names)})"
    for operation, counts in results.items():
        yield line(operation, [counts[n][0] if n in counts else "-" for n in names])
    yield "heap bytes"
    for operation, counts in results.items():
        yield line(operation, [counts[n][1] if n in counts else "-" for n in names])
    yield "instructions, part of what the C module of 2020 needed (json: of the recorded ones)"
    for operation in results:
        peer = C2020_PEER.get(operation)
        theirs = recorded.figures(target, f"C 2020 {peer}" if peer else operation)
        yield from ratios(operation, results[operation], names, theirs)
    yield "instructions of json, times ours"
    for operation, peer in JSON_PEER.items():
        if operation in results and peer in results:
            theirs = {n: c[0] for n, c in results[peer].items()}
            yield from ratios(operation, results[operation], names, theirs, inverse=True)


def ratios(operation, counts, names, theirs, inverse=False):
    found = {n: counts[n][0] / theirs[n] for n in names if n in counts and theirs.get(n)}
    if inverse:
        found = {n: 1 / r for n, r in found.items()}
    if found:
        cells = [f"{found[n]:.2f}" if n in found else "-" for n in names]
        eight = [r for n, r in found.items() if n != "gx"]
        text = f"{'least' if inverse else 'mean'} "
        text += f"{min(eight):.2f}" if inverse else f"{mean(eight):.3f}" if eight else ""
        if operation in TARGETS and not inverse:
            text += " (wanted: {}, none above {})".format(*TARGETS[operation])
        yield line(operation, cells) + "   " + text


def line(name, cells):
    return f"  {name:24}" + "".join(f"{cell:>9}" for cell in cells)


def main(argv):
    args = arguments(argv)
    if args.list:
        print("operations: " + ", ".join(o.name for o in OPERATIONS))
        print("documents: " + ", ".join(f"{n} ({c})" for n, c in documents.CONTENTS.items()))
        return 0
    try:
        results = cortexm3.measure(args.doc, args.op)
    except (cortexm3.Failed, cortexm3.install.Missing) as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    print("\n".join(table(results, "cortex-m3")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
