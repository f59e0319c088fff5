# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The modules as user C modules: what CMake makes of their micropython.cmake, without a compiler.

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from _sandbox import MPY_DIR, TOP
from check import case, end, eq, true

sys.path.append(str(TOP / "tools"))

import natmods  # noqa: E402

# As firmware's CMakeLists.txt does it. The functions of py/usermod.cmake gather all sources.
PROJECT = """\
cmake_minimum_required(VERSION 3.13)
project(firmware NONE)
set(CMAKE_C_COMPILER_ID {compiler})
include({micropython}/py/usermod.cmake)
message("SOURCES ${{MICROPY_SOURCE_USERMOD}}")
message("FOUND ${{found_modules}}")
message("SCANNED WITH ${{MICROPY_CPP_DEF_EXTRA}}")
foreach(source ${{MICROPY_SOURCE_USERMOD}})
    foreach(property COMPILE_DEFINITIONS COMPILE_OPTIONS HEADER_FILE_ONLY)
        get_source_file_property(value ${{source}} ${{property}})
        message("PROPERTY ${{source}} ${{property}} ${{value}}")
    endforeach()
endforeach()
"""


def configured(file, compiler="GNU"):
    """{word: what CMake says after it}, {source: {property: its value}}"""
    with tempfile.TemporaryDirectory() as folder:
        text = PROJECT.format(micropython=MPY_DIR, compiler=compiler)
        Path(folder, "CMakeLists.txt").write_text(text)
        command = ["cmake", f"-DUSER_C_MODULES={file}", "-S", folder, "-B", f"{folder}/build"]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    said, properties = {}, {}
    for line in done.stderr.splitlines():
        word, _, rest = line.partition(" ")
        if word == "PROPERTY":
            source, name, value = rest.split(" ", 2)
            properties.setdefault(Path(source), {})[name] = value
        else:
            said[word] = rest
    return said, properties


SHARED = {f for f in (TOP / "dynruntime").glob("*.c") if f.stem not in ("mem", "divide")}


def compiled(properties):
    return {
        f
        for f, of in properties.items()
        if of["HEADER_FILE_ONLY"] in ("NOTFOUND", "value-NOTFOUND")
    }


@case
def all_sources_are_named():
    for module in natmods.MODULES:
        said, properties = configured(module.folder / "micropython.cmake")
        eq(set(properties), {*module.folder.glob("*.c"), *SHARED})
        # usermod.c is the one that is compiled, and includes the others.
        usermod = module.folder / "usermod.c"
        eq(compiled(properties), {usermod, *SHARED})
        included = re.findall(r'^#include "(\w+\.c)"$', usermod.read_text(), re.M)
        eq({module.folder / name for name in included}, set(properties) - SHARED - {usermod})


@case
def all_modules_together():
    said, properties = configured(TOP / "natmod/micropython.cmake")
    eq(
        set(said["FOUND"].split(", ")),
        {"usermod_natmod", *(f"usermod_{name}" for name in natmods.FOLDERS)},
    )
    sources = [f for module in natmods.MODULES for f in module.folder.glob("*.c")]
    eq(set(properties), {*sources, *SHARED})
    eq(len(said["SOURCES"].split(";")), len(properties))
    eq(said["SCANNED"], "WITH NATMOD_USERMOD")
    for module in natmods.MODULES:
        true((module.folder / "micropython.mk").exists())


@case
def some_modules_by_a_file_of_ones_own():
    two = natmods.MODULES[:2]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "modules.cmake")
        file.write_text("".join(f"include({m.folder}/micropython.cmake)\n" for m in two))
        said, properties = configured(file)
    eq(set(properties), {f for m in two for f in m.folder.glob("*.c")} | SHARED)
    eq(len(said["SOURCES"].split(";")), len(properties))


@case
def flags():
    version = (TOP / "VERSION").read_text().strip()
    parts = zip(("MAJOR", "MINOR", "MICRO"), version.split("."))
    release = ["NATMOD_USERMOD", f'NATMOD_VERSION="{version}"']
    release += [f"NATMOD_VERSION_{name}={number}" for name, number in parts]
    for compiler, options in ("GNU", "-Wno-unused-parameter;-fwhole-program"), (
        "Clang",
        "-Wno-unused-parameter",
    ):
        _, properties = configured(TOP / "natmod/micropython.cmake", compiler)
        for module in natmods.MODULES:
            of = properties[module.folder / "usermod.c"]
            name = module.folder.name
            own = [
                f"NATMOD_STACK_RESERVE={natmods.setting(module.folder / 'Makefile', 'STACK') or 0}"
            ]
            own += [f"{fun}={fun}_{name}" for fun in ("natmod_init", "natmod_state_size")]
            eq(of["COMPILE_DEFINITIONS"].split(";"), own + release)
            eq(of["COMPILE_OPTIONS"], options)
        of = properties[TOP / "dynruntime/context.c"]
        eq(of["COMPILE_DEFINITIONS"].split(";"), release)
        eq(of["COMPILE_OPTIONS"], "-Wno-unused-parameter")


def preprocessed(source, *options):
    """(exit status, errors) of what a firmware's build does to look for qstrs."""
    tree = Path(MPY_DIR)
    port = tree / "ports/unix"
    folders = (tree, port, port / "variants/standard", TOP / "dynruntime", source.parent)
    command = ["gcc", "-E", "-DNO_QSTR", "-DNATMOD_USERMOD", *options]
    command += [*(f"-I{folder}" for folder in folders), source]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stderr


@case
def firmware_that_never_calls_init():
    # There the module would stay empty.
    for module in natmods.MODULES:
        usermod = module.folder / "usermod.c"
        eq(preprocessed(usermod), (0, ""))
        status, errors = preprocessed(usermod, "-DMICROPY_MODULE_BUILTIN_INIT=0")
        true(status != 0 and "MICROPY_MODULE_BUILTIN_INIT" in errors or print(errors))


end()
