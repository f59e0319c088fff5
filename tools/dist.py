#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the release folder from built modules.

usage: dist.py BUILD DIST ARCH...      for instance: dist.py build dist x64 armv7m

BUILD/ARCH/MODULE.mpy are the files to release, and BUILD/small/ARCH/MODULE.mpy those of the small
flavour. DIST is made anew, and it depends on nothing but these files and the sources: no dates, no
paths. docs/release.md says what is in it.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import firmware
import mpyinfo
import natmods

TOP = Path(__file__).resolve().parents[1]
VERSION = (TOP / "VERSION").read_text().strip()
BUDGET = json.loads((TOP / "bench/budget.json").read_text())


class NotForRelease(Exception):
    """The contents of a file do not match its path."""


def verified(file, module, arch):
    """mpyinfo's Info about the file, or NotForRelease."""
    try:
        info = mpyinfo.load(file)
    except mpyinfo.FormatError as e:
        hint = "" if Path(file).exists() else f"; run: make ARCH={arch}"
        raise NotForRelease(f"{e}{hint}") from None
    expected = {"arch": arch, "version": firmware.ABI, "name": f"{module}.mpy", "arch_flags": 0}
    for what, value in expected.items():
        if getattr(info, what) != value:
            raise NotForRelease(f"{file}: its {what} is {getattr(info, what)!r}, not {value!r}")
    return info


def ram(entry, arch, info):
    """The RAM of an import; None where nothing runs the architecture, so that it is not known."""
    growth = BUDGET.get(arch, {}).get(entry, {}).get("import")
    return firmware.ram(growth, info) if growth else None


def package(modules):
    """What mip reads. Its urls are relative to its own."""
    urls = [[f"{module}.mpy", f"{module}.mpy"] for module in modules]
    return {"version": VERSION, "urls": urls}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def add_module(build, dist, module, arch, flavour=natmods.FULL):
    """Copy a module's file to both its places; what index.json says about it."""
    small = flavour == natmods.SMALL
    source = natmods.built(build, arch, module, flavour)
    info = verified(source, module, arch)
    data = source.read_bytes()
    entry = natmods.entry(module, flavour)
    flat = f"{entry}-{VERSION}-mpy{firmware.ABI}-{arch}.mpy"
    (dist / flat).write_bytes(data)
    folder = dist / arch / flavour if small else dist / arch
    (folder / source.name).write_bytes(data)
    write_json(folder / f"{module}.json", package([module]))
    return {
        "module": module,
        "flavour": flavour,
        "version": VERSION,
        "arch": arch,
        "abi": firmware.ABI,
        "firmware": firmware.shown(firmware.oldest(module, arch)),
        "file": str((folder / source.name).relative_to(dist)),
        "flat": flat,
        "bytes": len(data),
        "native": info.text,
        "ram": ram(entry, arch, info),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def add_small(build, dist, module, arch):
    """The same for the small flavour; beside it, the full one by the name that it imports."""
    folder = dist / arch / natmods.SMALL
    folder.mkdir(exist_ok=True)
    found = add_module(build, dist, module, arch, natmods.SMALL)
    full = natmods.full_name(module)
    shutil.copyfile(dist / arch / f"{module}.mpy", folder / f"{full}.mpy")
    write_json(folder / f"{full}.json", package([full]))
    return found


def page(files):
    """index.html: tools/page.html with the data inside, as a page from a file reads no other."""
    data = {
        "version": VERSION,
        "abi": firmware.ABI,
        "archs": [firmware.arch_of(number << 10) for number in range(len(mpyinfo.ARCHS))],
        "boards": [list(board.values()) for board in firmware.BOARDS],
        "esp8266": firmware.native_code_line(firmware.ESP8266_FILES),
        "files": files,
    }
    # A string must not end the element.
    text = json.dumps(data, indent=1).replace("<", "\\u003c")
    return (TOP / "tools/page.html").read_text().replace("{{release}}", text)


def make(build, dist, archs):
    files = []
    for arch in archs:
        (dist / arch).mkdir()
        files += [add_module(build, dist, module, arch) for module in natmods.NAMES]
        files += [add_small(build, dist, module, arch) for module in natmods.WITH_SMALL]
        write_json(dist / arch / "package.json", package(natmods.NAMES))
    for module in natmods.MODULES:
        if not module.stub.exists():
            raise NotForRelease(f"{module.stub} is missing")
        shutil.copyfile(module.stub, dist / module.stub.name)
    write_json(dist / "index.json", files)
    (dist / "index.html").write_text(page(files))
    everything = sorted(str(p.relative_to(dist)) for p in dist.rglob("*") if p.is_file())
    sums = [f"{hashlib.sha256((dist / p).read_bytes()).hexdigest()}  {p}\n" for p in everything]
    (dist / "SHA256SUMS").write_text("".join(sums))


def main(args):
    if len(args) < 3:
        sys.exit(__doc__.split("\n\n")[1])
    build, dist, *archs = args
    dist = Path(dist)
    if dist.exists() and any(dist.iterdir()) and not (dist / "SHA256SUMS").exists():
        sys.exit(f"dist: {dist} is no earlier release, so it stays as it is; name another DIST=")
    # The old release stays until there is a new one.
    new = dist.with_name(dist.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        make(Path(build), new, archs)
    except NotForRelease as e:
        shutil.rmtree(new)
        sys.exit(f"dist: {e}")
    shutil.rmtree(dist, ignore_errors=True)
    new.rename(dist)
    print(f"{dist}: version {VERSION} for {' '.join(archs)}")


if __name__ == "__main__":
    main(sys.argv[1:])
