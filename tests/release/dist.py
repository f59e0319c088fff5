# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What make dist makes, and that it makes the same from any folder.

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import check
from _release import ARCHS, MODULES, TOP, WITH_SMALL, Sources, release
from check import case, end, eq, true

import mpyinfo

VERSION = (TOP / "VERSION").read_text().strip()


# What the packages of coprocessor/ have: both of them, and one of them.
COMMON = "__init__ aio crc errors line link mailbox".split()
CLIENT = "client garbage network proxy socket ssl tls".split()
SERVER = "lookup netserver nettls output registry rpc server".split()
DROP_IN = "network socket ssl tls".split()
# Python files beside the modules.
PYTHON = ["msgpack_aio", "natmods"]
DOCUMENTS = "esp8266 in-place installing migrating troubleshooting".split()
PACKAGES = {"client": COMMON + CLIENT, "server": COMMON + SERVER}

SMALL = [(module, "small", arch) for module in WITH_SMALL for arch in ARCHS]


def contents(folder):
    """Every file below the folder: its name and its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def index(of_packages=False):
    """What index.json says of the modules, or of the packages' files."""
    files = json.loads((release() / "index.json").read_text())
    return [file for file in files if ("packages" in file) == of_packages]


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
    wanted += [f"{name}.{kind}" for name in PYTHON for kind in ("mpy", "json", "pyi")]
    wanted += ["natmods.py", "install.py", "LICENSE"]
    wanted += [f"docs/{name}.md" for name in DOCUMENTS]
    wanted += [f"{arch}/msgpack-package.json" for arch in ARCHS]
    wanted += [f"{arch}/msgpack/{name}.py" for arch in ARCHS for name in ("exceptions", "ext")]
    wanted += [f"coprocessor-{side}.json" for side in ("client", "server", "drop-in")]
    wanted += [f"coprocessor/drop-in/{name}.py" for name in DROP_IN]
    wanted += [f"coprocessor/{name}.mpy" for name in {*COMMON, *CLIENT, *SERVER}]
    wanted += [f"coprocessor/{stub.name}" for stub in TOP.glob("coprocessor/*.pyi")]
    eq(sorted(contents(release())), sorted(wanted))


@case
def documents_that_messages_name():
    text = (release() / "index.html").read_text() + (release() / "natmods.pyi").read_text()
    with zipfile.ZipFile(release() / "install.py") as archive:
        for name in archive.namelist():
            text += archive.read(name).decode()
    named = set(re.findall(r"docs/[\w-]+\.md", text))
    true("docs/troubleshooting.md" in named)
    eq(sorted(name for name in named if not (release() / name).exists()), [])


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


def urls(folder, package):
    """{place on the board: address} of a package."""
    description = json.loads((folder / f"{package}.json").read_text())
    eq(description["version"], VERSION)
    return dict(description["urls"])


@case
def packages_of_the_coprocessor():
    for side, names in PACKAGES.items():
        files = [f"coprocessor/{name}.mpy" for name in names]
        eq(urls(release(), f"coprocessor-{side}"), {file: file for file in files})
        for file in files:
            info = mpyinfo.read(release() / file)
            name = file.removesuffix(".mpy").replace("/", ".")
            eq((info.name, info.arch, info.version, info.text), (name, "none", "6", 0))
    found = urls(release(), "coprocessor-drop-in")
    eq(found, {f"{name}.py": f"coprocessor/drop-in/{name}.py" for name in DROP_IN})
    for file in found.values():
        eq((release() / file).read_bytes(), (TOP / file).read_bytes())


@case
def a_package_has_what_its_files_import():
    missing = []
    for side, names in PACKAGES.items():
        for name in names:
            source = (TOP / f"build/obj/coprocessor/{name}.py").read_text()
            for parts in re.findall(r"from \.(\w+) import|from \. import (socket|tls)", source):
                wanted = "".join(parts)
                if wanted not in names:
                    missing.append((side, name, wanted))
    # What a server does not do.
    eq(sorted(set(missing)), [("server", "__init__", "socket")])


@case
def index_tells_of_the_packages():
    files = index(of_packages=True)
    names = [f"coprocessor.{name}" for name in sorted({*COMMON, *CLIENT, *SERVER})]
    eq([f["module"] for f in files], names + DROP_IN + PYTHON)
    for f in files:
        data = (release() / f["file"]).read_bytes()
        eq((f["bytes"], f["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))
        eq((f["version"], f["arch"], f["firmware"]), (VERSION, "any", "v1.25"))
        for side in ("client", "server", "drop-in"):
            has = f["file"] in urls(release(), f"coprocessor-{side}").values()
            eq(f"coprocessor-{side}" in f["packages"], has)
        eq(f["packages"] == [f["module"]], f["module"] in PYTHON)


@case
def python_files():
    for name in PYTHON:
        eq(urls(release(), name), {f"{name}.mpy": f"{name}.mpy"})
        info = mpyinfo.read(release() / f"{name}.mpy")
        eq((info.name, info.arch, info.version), (name, "none", "6"))


@case
def the_installer_knows_the_release():
    for url in "", "https://example.com/modules/":
        text = (release(url) / "natmods.py").read_text()
        true(f'\nURL = "{url}"\nVERSION = "{VERSION}"\n' in text)


@case
def msgpack_as_a_package():
    for arch in ARCHS:
        found = urls(release() / arch, "msgpack-package")
        eq(found.pop("msgpack/__init__.mpy"), "msgpack.mpy")
        eq(found, {f"msgpack/{n}.py": f"msgpack/{n}.py" for n in ("exceptions", "ext")})


@case
def whole_addresses():
    url = "https://example.com/modules/"
    there = release(url)
    file = "coprocessor/link.mpy"
    eq(urls(there, "coprocessor-client")[file], url + file)
    eq(urls(there / "armv6m", "package")["ioctl.mpy"], url + "armv6m/ioctl.mpy")
    name = "msgpack_full"
    eq(urls(there / "x64/small", name), {f"{name}.mpy": f"{url}x64/small/{name}.mpy"})
    first, second = contents(release()), contents(there)
    differing = {name for name in first if second[name] != first[name]}
    packages = {name for name in first if name.endswith(".json")} - {"index.json"}
    eq(
        differing,
        packages | {"SHA256SUMS", "index.json", "install.py", "natmods.py", "natmods.mpy"},
    )


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
    for stub in TOP.glob("coprocessor/*.pyi"):
        eq((release() / "coprocessor" / stub.name).read_bytes(), stub.read_bytes())


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
        for part in ("obj/coprocessor", "bytecode", "mpy-cross"):
            shutil.copytree(TOP / "build" / part, os.path.join(build, part))
        eq(dist(build, out)[0], 0)
        before = contents(Path(out))
        module = os.path.join(build, "armv7m/msgpack.mpy")
        good = (release() / "armv7m/msgpack.mpy").read_bytes()
        bytecode = os.path.join(build, "bytecode/coprocessor/link.mpy")
        for file, data, words in [
            (bytecode, good, "its arch is 'armv7m', not 'none'"),
            (
                bytecode,
                (release() / "coprocessor/tls.mpy").read_bytes(),
                "its name is 'coprocessor.tls', not 'coprocessor.link'",
            ),
            (bytecode, None, "make bytecode"),
            (
                module,
                (release() / "armv6m/msgpack.mpy").read_bytes(),
                "its arch is 'armv6m', not 'armv7m'",
            ),
            (
                module,
                (release() / "armv7m/finaliserproxy.mpy").read_bytes(),
                "'finaliserproxy.mpy'",
            ),
            (
                module,
                good[:2] + bytes([good[2] & ~1]) + good[3:],
                "its version is '6.2', not '6.3'",
            ),
            (module, good[:-1], "truncated"),
            (module, b"<html>", "not a .mpy file"),
            (module, None, "make ARCH=armv7m"),
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
        # Others have checksums, too.
        Path(folder, "SHA256SUMS").write_text("")
        status, output = dist(release(), folder)
        eq((status, "name another DIST=" in output), (1, True))
        eq(sorted(os.listdir(folder)), ["SHA256SUMS", "thesis.txt"])
        # What stands beside it stays as well.
        mine = Path(folder, "out.new/thesis.txt")
        mine.parent.mkdir()
        mine.write_text("")
        eq(dist("/nowhere", os.path.join(folder, "out"))[0], 1)
        eq((mine.exists(), sorted(os.listdir(folder))[1:]), (True, ["out.new", "thesis.txt"]))


end()
