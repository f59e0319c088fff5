#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check that a tag, VERSION, CHANGELOG.md and a release agree.

usage: check_release.py TAG [DIST]      for instance: check_release.py v0.2.0 dist
       check_release.py --notes         print what CHANGELOG.md says of VERSION

TAG is v and what is in the file VERSION. CHANGELOG.md has a section of that version, with a date,
and nothing under "Unreleased". All of DIST, which make dist made, is of that version, and its
files have the checksums in SHA256SUMS.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]


def sections(changelog):
    """{heading of a version: its text}"""
    parts = re.split(r"^## (.*)\n", changelog, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def heading_of(found, version):
    """The heading of a version's section, or None."""
    return next((h for h in found if h.startswith(f"[{version}]")), None)


def notes(text, version):
    """What the changelog says of a version."""
    found = sections(text)
    return found[heading_of(found, version)].strip() + "\n"


def wrong_in_changelog(text, version):
    found = sections(text)
    heading = heading_of(found, version)
    if heading is None:
        yield f"CHANGELOG.md has no section [{version}]: rename [Unreleased]"
    elif not re.fullmatch(r"\[[^]]+\] - \d{4}-\d\d-\d\d", heading):
        yield f"CHANGELOG.md says {heading!r} where [{version}] - YYYY-MM-DD is wanted"
    elif not found[heading].strip():
        yield f"CHANGELOG.md says nothing about {version}"
    if found.get("[Unreleased]", "").strip():
        yield "CHANGELOG.md has changes under [Unreleased], which are not in this release"


def wrong_in_dist(dist, version):
    sums = dist / "SHA256SUMS"
    if not (sums.exists() and (dist / "index.json").exists()):
        yield f"{dist} is no release: run make dist"
        return
    for entry in json.loads((dist / "index.json").read_text()):
        if entry["version"] != version:
            yield f"{dist}/{entry['file']} is of version {entry['version']}"
    listed = set()
    for line in sums.read_text().splitlines():
        digest, _, name = line.partition("  ")
        listed.add(name)
        file = dist / name
        if not file.exists():
            yield f"{file} is missing, which SHA256SUMS has"
        elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            yield f"{file} is not what SHA256SUMS says"
    there = {str(p.relative_to(dist)) for p in dist.rglob("*") if p.is_file()}
    for name in sorted(there - listed - {"SHA256SUMS"}):
        yield f"{dist / name} is not in SHA256SUMS"


def wrong(top, tag, dist=None):
    """What does not agree, in words."""
    version = (top / "VERSION").read_text().strip()
    if tag != f"v{version}":
        yield f"the tag is {tag}, and VERSION says {version}"
    yield from wrong_in_changelog((top / "CHANGELOG.md").read_text(), version)
    if dist is not None:
        yield from wrong_in_dist(dist, version)


def main(args):
    if not 1 <= len(args) <= 2:
        sys.exit(__doc__.split("\n\n")[1])
    if args == ["--notes"]:
        version = (TOP / "VERSION").read_text().strip()
        print(notes((TOP / "CHANGELOG.md").read_text(), version), end="")
        return
    found = list(wrong(TOP, args[0], *map(Path, args[1:])))
    if found:
        sys.exit("\n".join(f"release: {text}" for text in found))
    print(f"{args[0]}: VERSION, CHANGELOG.md{' and the files' * (len(args) == 2)} agree")


if __name__ == "__main__":
    main(sys.argv[1:])
