#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the release folder from built modules.

usage: dist.py [--url URL] BUILD DIST ARCH...     for instance: dist.py build dist x64 armv7m

BUILD/ARCH/MODULE.mpy are the files to release, BUILD/small/ARCH/MODULE.mpy those of the small
flavour, and BUILD/bytecode/ has what is written in Python. DIST is made anew, and it depends on
nothing but these files, the sources and URL: no dates, no paths. URL is where DIST will be: with
it the packages for mip have whole addresses. docs/release.md says what is in it.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import deploy
import deploy_role
import firmware
import listing
import mpyinfo
import natmods
import placing
import questions
import roles
import writing

TOP = Path(__file__).resolve().parents[1]
VERSION = (TOP / "VERSION").read_text().strip()
# What install.py has of tools/.
INSTALL_PY = (
    "boards.json deploy.py deploy_role.py firmware.py in_place.py listing.py mpyinfo.py "
    "natmods.py placing.py ports.py printing.py questions.py remote.py roles.py shapes.py "
    "supply.py writing.py"
).split()
# Those that install.py, the page and the stubs name.
DOCUMENTS = "esp8266", "in-place", "installing", "migrating", "troubleshooting"
BUDGET = json.loads((TOP / "bench/budget.json").read_text())


class NotForRelease(Exception):
    """The contents of a file do not match its path."""


def verified(file, name, arch, abi=firmware.ABI):
    """mpyinfo's Info about the file, or NotForRelease."""
    try:
        info = mpyinfo.load(file)
    except mpyinfo.FormatError as e:
        goal = "bytecode" if arch == "none" else f"ARCH={arch}"
        hint = "" if Path(file).exists() else f"; run: make {goal}"
        raise NotForRelease(f"{e}{hint}") from None
    expected = {"arch": arch, "version": abi, "name": name, "arch_flags": 0}
    for what, value in expected.items():
        if getattr(info, what) != value:
            raise NotForRelease(f"{file}: its {what} is {getattr(info, what)!r}, not {value!r}")
    return info


def ram(entry, arch, info):
    """The RAM of an import; None where nothing runs the architecture, so that it is not known."""
    growth = BUDGET.get(arch, {}).get(entry, {}).get("import")
    return firmware.ram(growth, info) if growth else None


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Release:
    """The folder that is being made, and what index.json says about the files in it."""

    def __init__(self, build, dist, url):
        self.build = build
        self.dist = dist
        self.url = url and url.rstrip("/") + "/"
        self.files = []

    def package(self, path, files):
        """Write what mip reads: a place in the lib folder for each file in the package's folder.

        Without URL, the files' addresses are relative to the package's own.
        """
        here = self.url + "".join(f"{part}/" for part in Path(path).parts[:-1]) if self.url else ""
        urls = [[place, here + file] for place, file in files.items()]
        write_json(self.dist / path, {"version": VERSION, "urls": urls})

    def module(self, module, arch, flavour=natmods.FULL):
        """Copy a module's file to both its places."""
        source = natmods.built(self.build, arch, module, flavour)
        info = verified(source, source.name, arch)
        data = source.read_bytes()
        entry = natmods.entry(module, flavour)
        flat = f"{entry}-{VERSION}-mpy{firmware.ABI}-{arch}.mpy"
        folder = Path(arch, flavour if flavour == natmods.SMALL else "")
        (self.dist / flat).write_bytes(data)
        (self.dist / folder / source.name).write_bytes(data)
        self.package(folder / f"{module}.json", {source.name: source.name})
        self.files.append(
            {
                "module": module,
                "flavour": flavour,
                "version": VERSION,
                "arch": arch,
                "abi": firmware.ABI,
                "firmware": firmware.shown(firmware.oldest(module, arch)),
                "file": str(folder / source.name),
                "flat": flat,
                "bytes": len(data),
                "native": info.text,
                "ram": ram(entry, arch, info),
                "sha256": digest(data),
            }
        )

    def small(self, module, arch):
        """The same for the small flavour; beside it, the full one by the name that it imports."""
        folder = Path(arch, natmods.SMALL)
        (self.dist / folder).mkdir(exist_ok=True)
        self.module(module, arch, natmods.SMALL)
        full = natmods.full_name(module)
        shutil.copyfile(self.dist / arch / f"{module}.mpy", self.dist / folder / f"{full}.mpy")
        self.package(folder / f"{full}.json", {f"{full}.mpy": f"{full}.mpy"})

    def arch(self, arch):
        (self.dist / arch).mkdir()
        for module in natmods.NAMES:
            self.module(module, arch)
        for module in natmods.WITH_SMALL:
            self.small(module, arch)
        names = [f"{module}.mpy" for module in natmods.NAMES]
        self.package(Path(arch, "package.json"), dict(zip(names, names)))
        for module, sources in natmods.PACKAGES.items():
            self.as_package(module, sources, arch)

    def as_package(self, module, sources, arch):
        """A package for mip that makes a folder of the module, with Python files in it."""
        files = {f"{module}/__init__.mpy": f"{module}.mpy"}
        for source in sources:
            file = f"{module}/{source.name}"
            self.copy(source, Path(arch, file))
            files[file] = file
        self.package(Path(arch, f"{module}-package.json"), files)

    def bytecode(self):
        """The Python files beside the modules, each a package of its own, and their stubs."""
        for name, source in natmods.PYTHON.items():
            file = f"{name}.mpy"
            compiled = Path(self.build, "bytecode", file)
            verified(compiled, name, "none", roles.ABI)
            if name == natmods.INSTALLER:
                self.installer(source)
            else:
                self.copy(compiled, file)
            self.copy(source.with_suffix(".pyi"), f"{name}.pyi")
            self.package(f"{name}.json", {file: file})
            self.for_any_board(name, file, [name])

    def installer(self, source):
        """It knows the release that it comes from."""
        text = source.read_text()
        for name, value in ("URL", self.url), ("VERSION", VERSION):
            text = text.replace(f'\n{name} = ""\n', f"\n{name} = {json.dumps(value or '')}\n")
        file = self.dist / source.name
        file.write_text(text)
        compiler = Path(self.build, "mpy-cross/mpy-cross")
        command = [compiler, "-O3", "-s", natmods.INSTALLER, "-o", file.with_suffix(".mpy"), file]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            raise NotForRelease(f"{source}: {result.stderr.strip()}")

    def coprocessor(self):
        """The packages of both sides, and that of the files by which programs find the client.

        Returns the native modules that each side needs.
        """
        packages, native = {}, {}
        for role in roles.ROLES:
            names, native[role] = roles.needs(self.build, role)
            packages[role] = {roles.file(name): roles.file(name) for name in names}
            for name in names:
                source = Path(self.build, "bytecode", roles.file(name))
                verified(source, f"{roles.PACKAGE}.{name}", "none", roles.ABI)
                self.copy(source, roles.file(name))
        packages["drop-in"] = {f"{name}.py": roles.drop_in(name) for name in roles.DROP_IN}
        for file in packages["drop-in"].values():
            self.copy(TOP / file, file)
        for stub in sorted(roles.SOURCES.glob("*.pyi")):
            self.copy(stub, f"{roles.PACKAGE}/{stub.name}")
        for role, files in packages.items():
            self.package(f"{roles.package(role)}.json", files)
        places = {file: place for files in packages.values() for place, file in files.items()}
        for file, place in sorted(places.items(), key=lambda item: item[1]):
            name = place.rpartition(".")[0].replace("/", ".")
            having = [role for role in packages if file in packages[role].values()]
            self.for_any_board(name, file, [roles.package(role) for role in having])
        return native

    def install_py(self):
        """The program for a computer: an archive of the programs behind make deploy."""
        facts = {
            "version": VERSION,
            "url": self.url or "",
            "names": natmods.NAMES,
            "with_small": natmods.WITH_SMALL,
            "library": natmods.LIBRARY,
            "packages": {module: listing.package_digests(module) for module in natmods.PACKAGES},
            "coprocessor": roles.OWN,
            "drop_in": deploy_role.drop_in_digests(),
        }
        tools = [TOP / f"tools/{name}" for name in INSTALL_PY]
        own = (TOP / "installer/install").glob("*.py")
        parts = {path.name: path.read_bytes() for path in (*tools, *own)}
        parts["release.json"] = json.dumps(facts, indent=1).encode()
        with open(self.dist / "install.py", "wb") as f:
            f.write(
                b"#!/usr/bin/env python3\n"
                b"# An archive (zip) of Python programs, which Python runs: install.py --help\n"
            )
            with zipfile.ZipFile(f, "w") as archive:
                for name, data in sorted(parts.items()):
                    # The same whenever it is made.
                    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)

    def documents(self):
        self.copy(TOP / "LICENSE", "LICENSE")
        for name in DOCUMENTS:
            self.copy(TOP / f"docs/{name}.md", f"docs/{name}.md")

    def for_any_board(self, module, file, packages):
        data = (self.dist / file).read_bytes()
        self.files.append(
            {
                "module": module,
                "packages": packages,
                "version": VERSION,
                "arch": "any",
                "abi": roles.ABI if file.endswith(".mpy") else None,
                "firmware": firmware.shown(roles.OLDEST),
                "file": file,
                "bytes": len(data),
                "sha256": digest(data),
            }
        )

    def copy(self, source, place):
        (self.dist / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self.dist / place)


def library(python, native):
    """The packages that the page installs besides native modules: their files, and the native
    modules that they need."""
    found = {}
    for name in dict.fromkeys(name for f in python for name in f["packages"]):
        if name not in (roles.package("drop-in"), natmods.INSTALLER):
            found[name] = {"files": [f for f in python if name in f["packages"]], "native": []}
    for role, modules in native.items():
        found[roles.package(role)]["native"] = modules
    for name, source in natmods.PYTHON.items():
        if name in found:
            _, others = roles.imports(source.read_text())
            found[name]["native"] = sorted(others & set(natmods.NAMES))
    return found


def drop_in(python):
    """The files by which programs find a client's modules, by the names that they import."""
    files = {f["file"]: f for f in python}
    digests = deploy_role.drop_in_digests().items()
    return {name: {"file": files[roles.drop_in(name)], "digests": d} for name, d in digests}


def page_data(files, native, python):
    """What the page of a release knows: the files, and what the tools know about boards."""
    packages = library(python, native)
    modules = [*natmods.NAMES, *(name for name in packages if name in natmods.PYTHON)]
    asked = [*modules, *map(natmods.full_name, natmods.WITH_SMALL), *deploy_role.names()]
    asked += map(placing.init_of, natmods.NAMES)
    own = dict.fromkeys([*deploy_role.NETWORK, *roles.DROP_IN, *modules])
    return {
        "version": VERSION,
        "abi": firmware.ABI,
        "archs": [firmware.arch_of(number << 10) for number in range(len(mpyinfo.ARCHS))],
        "boards": [list(board.values()) for board in firmware.BOARDS],
        "esp8266": firmware.native_code_line(firmware.ESP8266_FILES),
        "esp8266Files": firmware.ESP8266_FILES,
        "littleRam": deploy.LITTLE_RAM,
        "coprocessor": native,
        "files": files,
        "library": packages,
        # The sides of the co-processor.
        "sides": {
            role: {
                "package": roles.package(role),
                "parts": deploy_role.PARTS[role],
                "program": deploy_role.PROGRAMS[role],
            }
            for role in native
        },
        "network": deploy_role.NETWORK,
        "bytecode": roles.ABI,
        "dropIn": drop_in(python),
        # Programs that a board runs; FILE and FILES are for the page to replace.
        "ask": questions.about(asked, questions.ASK),
        "look": questions.about(own, deploy_role.LOOK),
        "import": questions.IMPORT,
        "finish": writing.finish("FILES").replace("'FILES'", "FILES"),
    }


def page(data):
    """index.html: tools/page.html with the data inside, as a page from a file reads no other."""
    text = (TOP / "tools/page.html").read_text()
    for name in ("serial", "choice", "install"):
        text = text.replace(f"{{{{{name}}}}}", (TOP / f"installer/{name}.js").read_text().strip())
    # A string must not end the element.
    return text.replace("{{release}}", json.dumps(data, indent=1).replace("<", "\\u003c"))


def make(build, dist, archs, url):
    release = Release(build, dist, url)
    for arch in archs:
        release.arch(arch)
    modules = list(release.files)
    native = release.coprocessor()
    release.bytecode()
    release.install_py()
    release.documents()
    for module in natmods.MODULES:
        if not module.stub.exists():
            raise NotForRelease(f"{module.stub} is missing")
        shutil.copyfile(module.stub, dist / module.stub.name)
    write_json(dist / "index.json", release.files)
    python = [file for file in release.files if "packages" in file]
    (dist / "index.html").write_text(page(page_data(modules, native, python)))
    everything = sorted(str(p.relative_to(dist)) for p in dist.rglob("*") if p.is_file())
    sums = [f"{digest((dist / p).read_bytes())}  {p}\n" for p in everything]
    (dist / "SHA256SUMS").write_text("".join(sums))


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="dist.py", usage=__doc__.split("\n\n")[1][len("usage: ") :]
    )
    parser.add_argument("--url", default="")
    parser.add_argument("build")
    parser.add_argument("dist", type=Path)
    parser.add_argument("archs", nargs="+")
    return parser.parse_args(argv)


def main(argv):
    args = arguments(argv)
    dist = args.dist
    ours = all((dist / name).exists() for name in ("SHA256SUMS", "index.json", "index.html"))
    if dist.exists() and any(dist.iterdir()) and not ours:
        sys.exit(f"dist: {dist} is no earlier release, so it stays as it is; name another DIST=")
    # The old release stays until there is a new one.
    dist.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{dist.name}.", dir=dist.parent) as folder:
        new = Path(folder, "new")
        new.mkdir()
        try:
            make(Path(args.build), new, args.archs, args.url)
        except NotForRelease as e:
            sys.exit(f"dist: {e}")
        shutil.rmtree(dist, ignore_errors=True)
        new.rename(dist)
    print(f"{dist}: version {VERSION} for {' '.join(args.archs)}")


if __name__ == "__main__":
    main(sys.argv[1:])
