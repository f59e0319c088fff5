# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What the build says about arguments that make no sense: one line, and a failure.

from _sandbox import Sandbox, said
from check import case, end, eq, true


def refused(result, *words):
    """Fail unless make has failed with one line that has all the words."""
    status, output = result
    lines = said(output)
    eq((status, len(lines), lines), (2, 1, lines))
    for word in words:
        true(word in lines[0] or print(lines))


@case
def the_same_with_good_arguments_is_built():
    with Sandbox() as box:
        status, output = box.make("ARCH=armv7m")
        eq((status, box.mpy.exists()), (0, True))
        true("tiny            armv7m" in output)


@case
def no_tree():
    with Sandbox() as box:
        for tree in ("/nowhere", box.top):
            result = box.make("ARCH=armv7m", f"MPY_DIR={tree}")
            refused(result, f"no MicroPython source tree at '{tree}'", "make setup")


@case
def no_tree_for_the_module_alone():
    with Sandbox() as box:
        module = box.path("natmod/tiny")
        result = box.make("--no-print-directory", "-C", module, "ARCH=armv7m", "MPY_DIR=/nowhere")
        refused(result, "no MicroPython source tree at '/nowhere'")


def fake_tree(box, minor):
    box.write("tree/tools/mpy_ld.py", '    "armv7m": ArchData(\n')
    box.write(
        "tree/py/mpconfig.h",
        "#define MICROPY_VERSION_MAJOR 1\n"
        f"#define MICROPY_VERSION_MINOR {minor}\n"
        "#define MICROPY_VERSION_MICRO 0\n",
    )
    return box.path("tree")


@case
def old_tree():
    with Sandbox() as box:
        tree = fake_tree(box, 22)
        result = box.make("ARCH=armv7m", f"MPY_DIR={tree}")
        refused(result, f"'{tree}'", "v1.22.0", "v1.23 or later")


@case
def the_oldest_tree_that_will_do():
    with Sandbox() as box:
        for version in (23, 24, 100):
            tree = fake_tree(box, version)
            eq(box.run("tools/tree.sh", "check", tree, "armv7m"), (0, ""))


@case
def architectures_that_the_tree_lacks():
    with Sandbox() as box:
        tree = fake_tree(box, 24)
        wanted = "WANTED=armv7m rv32imc rv64imc"
        status, output = box.make(
            "-n", "-f", "tools/modules.mk", "modules", wanted, f"MPY_DIR={tree}"
        )
        eq(status, 0)
        true("skipping rv32imc: not in MicroPython v1.24.0, but from v1.25 on" in output)
        true("skipping rv64imc: not in MicroPython v1.24.0, but from v1.28 on" in output)
        true("ARCH=armv7m" in output and "ARCH=rv" not in output)
        refused(
            box.make("ARCH=rv32imc", f"MPY_DIR={tree}"),
            "ARCH=rv32imc: not in MicroPython v1.24.0, but from v1.25 on;",
            f"'{tree}'",
            "give MPY_DIR=",
        )


@case
def unknown_arch():
    with Sandbox() as box:
        refused(box.make("ARCH=pdp11"), "unknown ARCH 'pdp11'", "armv7m", "xtensa")
        refused(box.make("all", "ARCH=armv7m pdp11"), "unknown ARCH 'pdp11'")
        result = box.make("--no-print-directory", "-C", "natmod/tiny", "ARCH=pdp11")
        refused(result, "unknown ARCH 'pdp11'")
        result = box.make("--no-print-directory", "-C", "natmod/tiny")
        refused(result, "say which ARCH")


@case
def unknown_target():
    with Sandbox() as box:
        for goal in ("examples", "test"):
            result = box.make(goal, "TARGET=unix-x64,pdp11")
            refused(result, "unknown TARGET 'pdp11'", "unix-x64", "virt-rv32")
        refused(box.make("demo", "TARGET=unix-x64"), "make examples takes a TARGET")


@case
def unknown_goal():
    with Sandbox() as box:
        refused(box.make("tset"), "tset")


@case
def no_compiler():
    with Sandbox() as box:
        result = box.make("ARCH=armv7m", "CROSS=nope-")
        refused(result, "no compiler 'nope-gcc' for ARCH=armv7m", "make setup")
        refused(box.make("all", "CROSS=nope-"), "CROSS=nope-", "ARCH")


end()
