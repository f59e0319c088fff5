# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What tools/setup.sh says where something is missing and cannot be had. Nothing is installed:
# apt-get and id are scripts of the test's own.

import os
import shutil

from _sandbox import Sandbox, said
from check import case, end, eq, skip, true

NOBODY = "echo 1000"
ROOT = "echo 0"
NO_NETWORK = "case $* in *install*) echo 'E: Unable to fetch some archives' >&2;; esac; exit 100"


@case
def nothing_is_missing():
    with Sandbox() as box:
        path = box.fake_tools(id=NOBODY, apt_get="exit 9")
        eq(box.run("tools/setup.sh", "python", "arm", PATH=path), (0, ""))


@case
def not_root():
    with Sandbox() as box:
        path = box.fake_tools(["arm-none-eabi-"], id=NOBODY, apt_get="exit 9")
        status, output = box.make("ARCH=armv7m", PATH=path)
        eq(status, 2)
        eq(
            said(output),
            [
                "setup: missing:",
                "    arm-none-eabi-gcc with newlib's headers",
                "Run: sudo apt-get install --no-install-recommends"
                " gcc-arm-none-eabi libnewlib-arm-none-eabi",
            ],
        )


@case
def another_system():
    with Sandbox() as box:
        path = box.fake_tools(["arm-none-eabi-", "apt"])
        status, output = box.make("ARCH=armv7m", PATH=path)
        eq(status, 2)
        true("arm-none-eabi-gcc with newlib's headers" in output)
        true("On Debian 12 these are the packages gcc-arm-none-eabi" in output)


@case
def no_network_for_packages():
    with Sandbox() as box:
        path = box.fake_tools(["arm-none-eabi-"], id=ROOT, apt_get=NO_NETWORK)
        status, output = box.make("ARCH=armv7m", PATH=path)
        eq(status, 2)
        lines = said(output)
        eq(len(lines), 2)
        packages = "gcc-arm-none-eabi libnewlib-arm-none-eabi"
        eq(lines[0], f"setup: installing Debian packages: {packages}")
        true("E: Unable to fetch some archives" in lines[1])
        true("check the network and try again" in lines[1])


@case
def packages_that_do_not_help():
    with Sandbox() as box:
        path = box.fake_tools(["arm-none-eabi-"], id=ROOT, apt_get="exit 0")
        status, output = box.make("ARCH=armv7m", PATH=path)
        eq(status, 2)
        true("are installed, but arm-none-eabi-gcc with newlib's headers is not found" in output)


@case
def no_network_for_micropython():
    if not shutil.which("apt-get"):
        skip("there is no apt-get here")
    with Sandbox() as box:
        status, output = box.run("apt-config", "dump", "Acquire::http::Proxy")
        if "::Proxy" in output:
            skip("apt has a proxy of its own here")
        nowhere = "http://127.0.0.1:1"
        status, output = box.run("make", "ARCH=armv7m", http_proxy=nowhere, https_proxy=nowhere)
        eq(status, 2)
        lines = said(output)
        eq(len(lines), 1)
        true("cannot reach the archive's suite 'trixie'" in lines[0])
        true("check the network and try again" in lines[0])
        true(not os.path.exists(box.path("build/deps/micropython")))


@case
def an_optional_tree_that_is_not_to_be_had():
    with Sandbox() as box:
        # Nothing but the failure to fetch is of interest, so the fetching is replaced.
        box.write("tools/fetch.sh", "#!/bin/sh\necho no such suite >&2\nexit 1\n")
        status, output = box.run("tools/setup.sh", "next")
        eq((status, "which is optional" in output), (0, True))
        eq(box.run("tools/setup.sh", "next"), (0, ""))


def groups_for(*arguments):
    """The groups of tools that a make has installed."""
    with Sandbox() as box:
        box.write("tools/setup.sh", "#!/bin/sh\necho needs: $*\nexit 1\n")
        status, output = box.run("make", *arguments)
        eq(status, 2)
        (line,) = [line for line in output.splitlines() if line.startswith("needs: ")]
        return line.split()[1:]


@case
def groups_for_each_goal():
    # What the tests of this machine itself want is among them.
    for goal in ("setup", "test", "test-long"):
        groups = groups_for(goal)
        wanted = "browser javascript servers valgrind test-python qemu-arm qemu-riscv qemu-user"
        wanted += " next unix"
        eq(sorted(set(wanted.split()) - set(groups)), [])
    true("check" in groups_for("setup") and "check" in groups_for("check"))
    true("browser" in groups_for("test", "TARGET=host"))
    for arguments in (
        ["demo"],
        ["examples"],
        ["bench"],
        ["test", "TARGET=unix-x64"],
        ["ARCH=armv7m"],
    ):
        true("browser" not in groups_for(*arguments))
    true("valgrind" in groups_for("bench"))
    true("arm" in groups_for("ARCH=armv7m"))


@case
def unknown_group():
    with Sandbox() as box:
        eq(box.run("tools/setup.sh", "pdp11"), (1, "setup: unknown group 'pdp11'\n"))


end()
