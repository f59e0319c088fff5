# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What tools/plan.py and tests/boards/table.py answer to make.

import re
import sys

from _sandbox import TOP, Sandbox
from check import case, end, eq, raises, true

for folder in ("tests", "tests/boards", "tools"):
    sys.path.append(str(TOP / folder))

import table  # noqa: E402
from runner import handed_down, targets  # noqa: E402

import plan  # noqa: E402

TOOLCHAIN = (TOP / "dynruntime/toolchain.mk").read_text()
ARCHS = re.search(r"^ARCHS = (.*)$", TOOLCHAIN, re.M)[1].split()
ARM = "arm mpremote python qemu-arm test-python"


def planned(goals, wanted, groups, interpreters=None, **settings):
    found = plan.plan(goals.split(), ARCHS, **settings)
    eq((found["WANTED"], found["NEEDS"]), (wanted.split(), sorted(groups.split())))
    if interpreters:
        eq(found["INTERPRETERS"], [interpreters])


@case
def building():
    planned("all", "armv7m", "python arm", ARCH="armv7m")
    # In the order of the list of architectures, whatever that of the setting.
    planned("all", "x64 armv7m", "python arm x64", ARCH="armv7m x64")
    planned("all", " ".join(ARCHS), "python x64 x86 arm riscv xtensa")
    planned("dist", " ".join(ARCHS), "python x64 x86 arm riscv xtensa")
    # Bytecode needs the compiler of this machine.
    planned("dist", "armv7m", "python arm x64", ARCH="armv7m")
    planned("bytecode", "armv7m", "python arm x64", ARCH="armv7m")
    planned("bytecode", "", "python x64")
    planned("format", "", "python check")
    planned("firmware", "", "python arm x64 cmake pico")
    planned("release-check", "", "python chroot")
    planned("all", "x64", "python x64 micropython", ARCH="x64", FETCHED="/a/tree")


@case
def compilers_that_the_user_has():
    planned("all", "armv7m", "python", ARCH="armv7m", CROSS="my-arm-")
    for prefix, groups in (
        ("xtensa-esp32-elf-", "python"),
        ("xtensa-lx106-elf-", "python xtensa"),
    ):
        planned("all", "xtensawin", groups, ARCH="xtensawin", CROSS_xtensawin=prefix)


@case
def tests_on_targets():
    planned("test", "x64", "python test-python unix x64", "unix-x64", TARGET="unix-x64")
    # A board is both of its architectures.
    planned("test", "armv6m armv7m", ARM, "mps2-an385/armv6m", TARGET="mps2-an385/armv6m")
    two = "unix-x86-nanbox,next-mps2-an385"
    planned("test", "x86 armv7m", f"{ARM} next run-x86 x86", two, TARGET=two)
    planned("test", "", "python test-python", TARGET="cpython")
    planned("examples", "x64", "python unix x64", "unix-x64")
    planned("examples", "armv7emsp", ARM, "mps2-an386", TARGET="mps2-an386")
    both = "arm cmake javascript mpremote pico python rp2040js test-python unix x64"
    planned("demo", "x64 armv6m", both, "rpi-pico,unix-x64")
    # What a real board needs is made when it has told its architecture.
    planned("test-board", "", "python test-python micropython", FETCHED="/a/tree")
    # The build of the modules is a test, too.
    eq(plan.plan(["test"], ARCHS, TARGET="host")["WANTED"], ARCHS)


@case
def all_tests():
    for goal in ("test", "test-long"):
        found = plan.plan([goal], ARCHS)
        eq(found["WANTED"], ARCHS)
        all_run = [t for t in targets.TARGETS if goal == "test-long" or not t.long]
        every = {group for target in all_run for group in target.needs}
        eq(sorted(every - set(found["NEEDS"])), [])
        true("next" in found["NEEDS"])
        built = found["INTERPRETERS"][0].split(",")
        eq(set(built), {t.board for t in all_run if t.kind != "cpython"})
        eq(len(set(built)), len(built))


@case
def parts():
    planned(
        "test-long",
        "x64 x86",
        "pico python run-x86 test-python unix x64 x86",
        ",".join(targets.of_part("configurations")),
        PART="configurations",
    )
    for goal in ("test-long", "interpreter"):
        found = plan.plan([goal], ARCHS, PART="host")
        eq(found["WANTED"], ARCHS)
        # Its long tests use a board of each architecture that the fetched tree knows.
        built = targets.with_board(found["INTERPRETERS"][0].split(","))
        eq(set(ARCHS) - {t.arch for t in built}, {"rv64imc"})
    # Each target is in one; this machine's tests are in several.
    members = [name for part in targets.PARTS for name in targets.of_part(part)]
    more = ["host"] * len(set(targets.HOST_FOLDERS.values()))
    eq(sorted(members), sorted([*more, *(t.name for t in targets.TARGETS)]))
    raises(targets.UnknownTarget, plan.plan, ["test-long"], ARCHS, PART="pics", match="pico")
    for goals, more in (["test"], {}), (["test-long"], {"TARGET": "host"}), (["bench"], {}):
        raises(
            plan.Wrong, plan.plan, goals, ARCHS, PART="host", match="PART=host goes with", **more
        )


@case
def measuring():
    planned(
        "bench",
        "x64 armv6m armv7m",
        f"{ARM} cmake javascript pico rp2040js unix valgrind x64",
        "mps2-an385,rpi-pico,unix-x64",
    )
    planned("bench", "x64", "python test-python unix valgrind x64", TARGET="unix-x64")
    planned("stack", "armv6m armv7m", ARM, "mps2-an385")
    planned("coverage", "armv6m armv7m", f"{ARM} run-x86 unix x86", "mps2-an385")
    planned("size", "armv7emdp", ARM, "mps2-an500", ARCH="armv7emdp")
    # One board for each architecture and the Pico, and none that is a variant.
    (boards,) = plan.plan(["size"], ARCHS)["INTERPRETERS"]
    eq(
        boards,
        "mps2-an385,mps2-an386,mps2-an500,rpi-pico,unix-x64,unix-x86,virt-rv32,xtensa,xtensawin",
    )
    for goal, more in (("stack", {"TARGET": "unix-x64"}), ("bench", {"TARGET": "xtensa"})):
        raises(plan.Wrong, plan.plan, [goal], ARCHS, match=f"make {goal} measures on", **more)
    raises(plan.Wrong, plan.plan, ["size"], ARCHS, "virt-rv32", "armv7m", match="mps2-an385")


@case
def what_makes_no_sense():
    raises(plan.Wrong, plan.plan, ["all"], ARCHS, CROSS="my-", match="CROSS=my- goes with one")
    for fn in (lambda t: plan.plan(["help"], ARCHS, TARGET=t), table.variables):
        raises(targets.UnknownTarget, fn, "unix-x64,pdp11", match="unknown TARGET 'pdp11'")
        raises(targets.UnknownTarget, fn, "pdp11/x64", match="known are: ")


@case
def every_architecture_has_a_compiler():
    eq(sorted(plan.COMPILERS), sorted(ARCHS))


@case
def groups_are_known_to_setup():
    setup = (TOP / "tools/setup.sh").read_text()
    known = set(re.findall(r"^        ([a-z0-9-]+)\)$", setup, re.M))
    groups = {g for t in targets.TARGETS for g in t.needs} | set(plan.COMPILERS.values())
    for more in plan.GROUPS.values():
        groups |= set(more)
    eq(sorted(groups - known), [])


@case
def interpreters():
    eq(table.variables("mps2-an385/armv6m,cpython")["names"], ["mps2-an385"])
    eq(table.variables("cpython")["names"], [])
    eq(table.variables("host")["names"], ["mps2-an385", "mps2-an500", "rpi-pico", "unix-x64"])
    found = table.variables("")
    own = targets.boards(lambda t: t.kind != "cpython" and not t.plain)
    eq(found["names"], sorted(own))
    # Those with other flavours of msgpack run the firmware of others.
    eq(
        table.variables("unix-x64-small,mps2-an385-both/armv7m")["names"],
        ["mps2-an385", "unix-x64"],
    )
    eq(found["names"], sorted(found["UNIX"] + found["QEMU"] + found["XTENSA"] + found["PICO"]))
    eq(sorted(found["XTENSA"]), ["xtensa", "xtensawin"])
    eq((found["config_unix-x64-gil"], found["config_next-unix-x86-reprc"]), (["GIL"], ["REPRC"]))
    # Each configuration is one that the firmware's header knows, and none is left out.
    header = (TOP / "tests/boards/unix/mpconfigvariant.h").read_text()
    known = set(re.findall(r"\bdefined\(CONFIG_(\w+)\)|ifdef CONFIG_(\w+)", header))
    eq({t.config for t in targets.TARGETS if t.config}, {a or b for a, b in known})


@case
def settings_that_are_not_handed_down():
    rules = "".join(
        (TOP / name).read_text() for name in ("Makefile", "tests/tests.mk", "bench/bench.mk")
    )
    told = re.findall(r"\[([A-Z_]+)=", rules) + re.findall(r"^#   ([A-Z_]+)\b", rules, re.M)
    eq(set(told) - set(handed_down.SETTINGS), {"MPY_DIR"})


@case
def a_machine_without_python():
    # setup.sh is asked to install one before anything else is asked.
    with Sandbox() as box:
        find = box.path("tools/find-python.sh").read_text()
        box.write(
            "tools/find-python.sh", f"{find.splitlines()[0]}\n[ -e python ] || exit 1\n{find}"
        )
        box.write("tools/setup.sh", "#!/bin/sh\necho setup $*\n[ $* != python ] || touch python\n")
        status, output = box.make("ready")
        eq(output.splitlines()[:2], ["setup python", "setup python"] if status == 0 else output)
        box.path("python").unlink()
        # What lists and removes does without.
        for goal in ("help", "clean", "distclean"):
            status, output = box.make(goal)
            eq((status, "setup" in output.split("make setup")[0]), (0, False))
        box.write("tools/plan.py", "#!/bin/sh\nexit 1\n")
        status, output = box.make("ready")
        eq(status, 2)
        true("plan.py failed" in output or print(output))


end()
