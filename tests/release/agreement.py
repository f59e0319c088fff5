# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# tools/check_release.py finds whatever does not agree in a release.

import shutil
import subprocess
import tempfile
from pathlib import Path

from _release import TOP, release
from check import case, end, eq, true

import check_release

COMMAND = TOP / "tools/check_release.py"
VERSION = (TOP / "VERSION").read_text().strip()
GOOD = f"# Changelog\n\n## [Unreleased]\n\n## [{VERSION}] - 2026-01-02\n\n- A change.\n"


def found(changelog=GOOD, version=VERSION, tag=f"v{VERSION}", dist=None):
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        (top / "VERSION").write_text(version + "\n")
        (top / "CHANGELOG.md").write_text(changelog)
        return list(check_release.wrong(top, tag, dist))


@case
def all_agree():
    eq(found(), [])
    eq(found(dist=release()), [])


@case
def the_tag():
    eq(found(tag="v9.9.9"), [f"the tag is v9.9.9, and VERSION says {VERSION}"])
    eq(found(tag=VERSION), [f"the tag is {VERSION}, and VERSION says {VERSION}"])


@case
def the_changelog():
    for old, new, words in (
        (f"[{VERSION}] - 2026-01-02", "[0.0.9] - 2026-01-02", "has no section"),
        (" - 2026-01-02", "", "YYYY-MM-DD is wanted"),
        ("- A change.\n", "", "says nothing"),
        ("[Unreleased]\n", "[Unreleased]\n\n- Another.\n", "under [Unreleased]"),
    ):
        (text,) = found(GOOD.replace(old, new))
        true(words in text or print(text))


@case
def our_own_changelog():
    # Its form is what the tool reads; a release that is due gives [Unreleased] its version.
    headings = list(check_release.sections((TOP / "CHANGELOG.md").read_text()))
    eq(headings[0], "[Unreleased]")


@case
def files():
    with tempfile.TemporaryDirectory() as folder:
        dist = Path(folder, "dist")
        eq(found(dist=dist), [f"{dist} is no release: run make dist"])
        shutil.copytree(release(), dist)
        file = dist / "x64/ioctl.mpy"
        data = file.read_bytes()
        file.write_bytes(data + b"x")
        eq(found(dist=dist), [f"{file} is not what SHA256SUMS says"])
        file.unlink()
        eq(found(dist=dist), [f"{file} is missing, which SHA256SUMS has"])
        file.write_bytes(data)
        index = (dist / "index.json").rename(Path(folder, "index.json"))
        eq(found(dist=dist), [f"{dist} is no release: run make dist"])
        index.rename(dist / "index.json")
        (dist / "more").write_text("")
        eq(found(dist=dist), [f"{dist}/more is not in SHA256SUMS"])
        (dist / "more").unlink()
        texts = found(GOOD.replace(VERSION, "7.7"), "7.7", "v7.7", dist)
        true(len(texts) > 50 and all(t.endswith(f"is of version {VERSION}") for t in texts))


@case
def the_command():
    result = subprocess.run([COMMAND, "v9.9.9"], capture_output=True, text=True)
    eq(result.returncode, 1)
    true(all(line.startswith("release: ") for line in result.stderr.splitlines()))
    result = subprocess.run([COMMAND], capture_output=True, text=True)
    true(result.stderr.startswith("usage: check_release.py TAG"))


@case
def notes():
    text = f"# Changelog\n\n## [Unreleased]\n\n## [{VERSION}] - 2026-01-02\n\n- A change.\n"
    older = "\n## [0.0.1] - 2025-01-02\n\n- An old one.\n"
    eq(check_release.notes(text + older, VERSION), "- A change.\n")
    eq(check_release.notes(text + older, "0.0.1"), "- An old one.\n")
    result = subprocess.run([COMMAND, "--notes"], capture_output=True, text=True)
    eq(result.returncode, 0)
    true(f"\n{result.stdout}" in (TOP / "CHANGELOG.md").read_text() and len(result.stdout) > 1000)


@case
def the_workflow_calls_what_there_is():
    text = (TOP / ".github/workflows/release.yml").read_text()
    for words in ("run: make dist\n", "run: tools/check_release.py ", "check_release.py --notes"):
        true(words in text)


end()
