# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 600
#
# What make dist makes, and that it makes the same from any folder.

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import check
from _release import ARCHS, MODULES, TOP, WITH_SMALL, Sources, release
from check import case, end, eq, true

import mpyinfo

VERSION = (TOP / "VERSION").read_text().strip()


SMALL = [(module, "small", arch) for module in WITH_SMALL for arch in ARCHS]


def contents(folder):
    """Every file below the folder: its name and its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def index():
    return json.loads((release() / "index.json").read_text())


@case
def names():
    wanted = ["index.html", "index.json", "SHA256SUMS"]
    for module in MODULES:
        wanted.append(f"{module}.pyi")
        for arch in ARCHS:
            wanted.append(f"{module}-{VERSION}-mpy6.3-{arch}.mpy")
            wanted += [f"{arch}/{module}.mpy", f"{arch}/{module}.json"]
            if module in WITH_SMALL:
                wanted.append(f"{module}-small-{VERSION}-mpy6.3-{arch}.mpy")
                for name in (module, f"{module}_full"):
                    wanted += [f"{arch}/small/{name}.mpy", f"{arch}/small/{name}.json"]
    wanted += [f"{arch}/package.json" for arch in ARCHS]
    eq(sorted(contents(release())), sorted(wanted))


@case
def the_same_from_another_folder():
    # A compiler of each kind.
    archs = "ARCH=" + " ".join(ARCHS if check.long else ("x86", "armv6m", "rv32imc", "xtensa"))
    with Sources() as box:
        out = box.path("here")
        status, output = box.make("-C", TOP, "dist", f"DIST={out}", archs)
        eq(status, 0 if status == 0 else output)
        status, output = box.make("dist", archs)
        eq(status, 0 if status == 0 else output)
        first, second = contents(out), contents(box.path("dist"))
    eq(sorted(second), sorted(first))
    eq([name for name in first if first[name] != second[name]], [])
    whole = contents(release())
    of_all = ("index.html", "index.json", "SHA256SUMS")
    eq({n: d for n, d in first.items() if n not in of_all and d != whole[n]}, {})
    true(len(first) > len(of_all) + 10 * len(archs.split()))


@case
def index_tells_of_each_file():
    files = index()
    eq(
        sorted((f["module"], f["flavour"], f["arch"]) for f in files),
        sorted([(m, "full", a) for m in MODULES for a in ARCHS] + SMALL),
    )
    for f in files:
        data = (release() / f["file"]).read_bytes()
        eq((release() / f["flat"]).read_bytes(), data)
        info = mpyinfo.parse(data)
        eq((f["arch"], f["abi"], f["native"]), (info.arch, info.version, info.text))
        eq((f["bytes"], f["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))
        eq(f["version"], VERSION)
        # About the code, of which a part may be gone after the import, and the data.
        true(info.text / 2 < f["ram"] < 2 * info.text or print(f))


@case
def packages_for_mip():
    for arch in ARCHS:
        own = [(m, [m]) for m in MODULES]
        own += [(f"small/{m}{s}", [f"{m}{s}"]) for m in WITH_SMALL for s in ("", "_full")]
        for name, modules in [*own, ("package", MODULES)]:
            file = release() / arch / f"{name}.json"
            package = json.loads(file.read_text())
            eq(package["version"], VERSION)
            eq([target for target, _ in package["urls"]], [f"{m}.mpy" for m in modules])
            for target, url in package["urls"]:
                # Relative to the package's own address.
                eq((file.parent / url).resolve(), (file.parent / target).resolve())
                true((file.parent / url).exists())


@case
def the_small_flavour():
    for _, _, arch in SMALL:
        folder = release() / arch
        small, full = (folder / f"small/{name}.mpy" for name in ("msgpack", "msgpack_full"))
        eq(full.read_bytes(), (folder / "msgpack.mpy").read_bytes())
        true(b"+small" in small.read_bytes() and b"+small" not in full.read_bytes())
        true(small.stat().st_size < full.stat().st_size / 3)


@case
def sums():
    result = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"],
        cwd=release(),
        capture_output=True,
        text=True,
    )
    eq((result.returncode, result.stderr), (0, ""))
    summed = {line.rpartition(": ")[0] for line in result.stdout.splitlines()}
    eq(summed, set(contents(release())) - {"SHA256SUMS"})


@case
def stubs():
    for stub in TOP.glob("natmod/*/*.pyi"):
        eq((release() / stub.name).read_bytes(), stub.read_bytes())


def dist(build, folder):
    command = [sys.executable, TOP / "tools/dist.py", build, folder, "armv7m", "x64"]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


@case
def files_that_are_not_what_they_should_be():
    with tempfile.TemporaryDirectory() as folder:
        build, out = os.path.join(folder, "build"), os.path.join(folder, "out")
        for arch in ("armv7m", "x64"):
            shutil.copytree(release() / arch, os.path.join(build, arch))
            os.renames(os.path.join(build, arch, "small"), os.path.join(build, "small", arch))
        eq(dist(build, out)[0], 0)
        before = contents(Path(out))
        file = os.path.join(build, "armv7m/msgpack.mpy")
        good = (release() / "armv7m/msgpack.mpy").read_bytes()
        for data, words in [
            (
                (release() / "armv6m/msgpack.mpy").read_bytes(),
                "its arch is 'armv6m', not 'armv7m'",
            ),
            ((release() / "armv7m/finaliserproxy.mpy").read_bytes(), "'finaliserproxy.mpy'"),
            (good[:2] + bytes([good[2] & ~1]) + good[3:], "its version is '6.2', not '6.3'"),
            (good[:-1], "truncated"),
            (b"<html>", "not a .mpy file"),
            (None, "make ARCH=armv7m"),
        ]:
            if data is None:
                os.unlink(file)
            else:
                with open(file, "wb") as f:
                    f.write(data)
            status, output = dist(build, out)
            eq((status, output.count("\n")), (1, 1))
            true(output.startswith(f"dist: {file}: ") and words in output or print(output))
            # The release that was there is there still.
            eq(contents(Path(out)), before)
        eq(sorted(os.listdir(folder)), ["build", "out"])


@case
def a_folder_of_the_user_s_own():
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "thesis.txt"), "w"):
            pass
        status, output = dist(release(), folder)
        eq((status, "name another DIST=" in output), (1, True))
        eq(os.listdir(folder), ["thesis.txt"])


end()
