# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The interpreters that the tests run on, built with newer trees of MicroPython. The trees are made
# from that of the test run by putting in what those versions have in its place.

import re
import shutil
import subprocess
import sys
import types

from _altered import altered
from _sandbox import MPY_DIR, TOP, Sandbox
from check import case, end, eq, skip, true

sys.path.insert(0, str(TOP / "tests"))

from runner.board import Board  # noqa: E402

BOARDS = TOP / "tests/boards"

# v1.27 and later: the port has functions for time. (That these return 0 tells them from ours.)
TIME = """
mp_uint_t mp_hal_ticks_ms(void) {
    return 0;
}

mp_uint_t mp_hal_ticks_us(void) {
    return 0;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return 0;
}

void mp_hal_delay_ms(mp_uint_t ms) {
    while (mp_hal_ticks_ms() < ms) {
    }
}

void mp_hal_delay_us(mp_uint_t us) {
    mp_hal_delay_ms(us);
}
"""
POLL = "uintptr_t mp_hal_stdio_poll("
WITH_TIME = [(POLL, TIME + POLL)]

# v1.29: without GCC as the linker's driver.
WITH_LD = [
    ("$(CC) $(LDFLAGS) -o", "$(LD) $(LDFLAGS) -o"),
    ("-Wl,--gc-sections -Wl,-Map=", "--gc-sections -Map="),
]

# v1.29: the functions for floats are chosen by a setting.
WITH_FLOATS = [
    (
        "LIB_SRC_C += $(SRC_LIB_LIBM_C)\n",
        "ifeq ($(MICROPY_FLOAT_IMPL),double)\n"
        "LIBM_SRC_C += $(SRC_LIB_LIBM_DBL_C) $(SRC_LIB_LIBM_DBL_SQRT_SW_C)\n"
        "else\n"
        "LIBM_SRC_C += $(SRC_LIB_LIBM_C) $(SRC_LIB_LIBM_SQRT_SW_C)\n"
        "endif\n",
    ),
    ("LIB_SRC_C += $(SRC_LIB_LIBM_SQRT_SW_C)\n", ""),
    ("$(LIB_SRC_C:", "$(LIBM_SRC_C:"),
]

PROGRAM = """
import math, time
t = time.ticks_ms(), time.ticks_us(), time.ticks_cpu()
time.sleep_ms(3)
time.sleep_us(3000)
print([now() - before >= n for now, before, n in zip(
    (time.ticks_ms, time.ticks_us, time.ticks_cpu), t, (6, 6000, 6000))], math.sin(1))
"""


@case
def board_with_newer_port():
    # Only what differs is built, over a copy of what the test run has.
    built = TOP / "build/mps2-an500"
    if not (built / "firmware.elf").exists():
        skip("there is no build/mps2-an500: run make interpreter TARGET=host")
    with Sandbox() as box:
        changes = {
            "ports/qemu/Makefile": WITH_LD + WITH_FLOATS,
            "ports/qemu/mphalport.c": WITH_TIME,
        }
        tree = altered(box.path("tree"), changes)
        elf = shutil.copytree(built, box.path("mps2-an500")) / "firmware.elf"
        elf.unlink()
        board = "BOARD=mps2-an500", f"BOARD_DIR={BOARDS}/mps2-an500"
        status, output = box.run(
            "make", "-C", tree / "ports/qemu", f"BUILD={elf.parent}", *board, "V=1"
        )
        true(status == 0 and "arm-none-eabi-ld " in output or print(output))
        target = types.SimpleNamespace(
            qemu="qemu-system-arm",
            machine="mps2-an500",
            interpreter=elf,
            has_uart2=False,
            is_user_mode=False,
        )
        board = Board(target)
        try:
            board.start()
            eq(board.run(PROGRAM, 60), ("[True, True, True] 0.8414709848078965\n", ""))
        finally:
            board.stop()


def make_apart(box, *arguments):
    """Run make in a process group of its own, which a recipe may kill."""
    return box.run("setsid", "--wait", "make", *arguments)


def make_interpreter(box, tree, *arguments):
    boards = box.path("tests/boards")
    if not boards.is_symlink():
        boards.symlink_to(BOARDS)
    settings = f"TOP={box.top}", f"MPY_DIR={tree}", "TARGET=unix-x86"
    return make_apart(box, "-f", boards / "boards.mk", "interpreter", *settings, *arguments)


@case
def unix_port_without_a_setting_for_32_bits():
    # v1.29: MICROPY_FORCE_32BIT is no more.
    with Sandbox() as box:
        gone = [("MICROPY_FORCE_32BIT", "MICROPY_FORCE_OTHER")]
        files = ("py/py.mk", "ports/unix/Makefile", "ports/unix/mpconfigport.mk")
        tree = altered(box.path("tree"), {file: gone for file in files})
        status, output = make_interpreter(box, tree, "-n", "V=1")
        true(status == 0 or print(output))
        compiled = [line for line in output.splitlines() if " -c " in line]
        true(len(compiled) > 100)
        eq([line for line in compiled if not line.startswith("gcc -m32 ")], [])


def makefile(recipe):
    return "\n\t".join(("all:", *recipe)) + "\n"


def make_with_port(box, *recipe):
    """Build with a tree whose ports/unix is but a program: (status, output, is it finished)."""
    box.write("tree/ports/unix/main.c", "int main(void) {\n    return 0;\n}\n")
    box.write("tree/ports/unix/Makefile", makefile(recipe))
    box.write("tree/py/mpconfig.h", "")
    status, output = make_interpreter(box, box.path("tree"))
    return status, output, box.path("build/unix-x86/interpreter.stamp").exists()


COMPILE = "$(CC) -o $(BUILD)/micropython main.c"
BUILT = 0, "Building MicroPython for unix-x86\n", True


@case
def what_is_built_is_looked_at():
    with Sandbox() as box:
        eq(make_with_port(box, COMPILE), BUILT)
    with Sandbox() as box:
        status, output, finished = make_with_port(box, "gcc -o $(BUILD)/micropython main.c")
    eq((status, finished), (2, False))
    true("unix-x86: this MicroPython's ports/unix ignores CC=" in output or print(output))


# What a build that is cut off has left, the next one must not take for its own.
HALF = "[ ! -e $(BUILD)/half ]", "touch $(BUILD)/half"
CUTS = ("kill -9 0", -9), ("exit 1", 2)


@case
def build_that_is_cut_off():
    for cut, expected in CUTS:
        with Sandbox() as box:
            status, _, finished = make_with_port(box, *HALF, cut)
            eq((status, finished), (expected, False))
            eq(make_with_port(box, *HALF, COMPILE), BUILT)
            # Which is not made again.
            eq(make_with_port(box, "exit 1"), (0, "", True))


@case
def compiler_of_bytecode():
    for cut, expected in CUTS:
        with Sandbox() as box:
            rules = f"MPY_DIR = tree\nBUILD = {box.path('build')}\n"
            rules += f"include {TOP}/tools/mpy-cross.mk\n"
            box.write("Makefile", rules + "all: $(COMPILER)\n.DEFAULT_GOAL := all\n")

            def make(*recipe):
                box.write("tree/mpy-cross/Makefile", makefile(recipe))
                return make_apart(box)[0]

            eq(make(*HALF, cut), expected)
            eq(make(*HALF, "touch $(BUILD)/mpy-cross"), 0)
            # The next one finds it.
            eq(make("[ -e $(BUILD)/half ]"), 0)


@case
def header_of_the_processor_on_xtensa():
    # v1.28 and later include it.
    with Sandbox() as box:
        source = box.write(
            "core.c",
            "#include <xtensa/config/core-isa.h>\n"
            '_Static_assert(XCHAL_HAVE_WINDOWED == EXPECTED, "");\n'
            '_Static_assert(XCHAL_NUM_AREGS == 16 * (EXPECTED + 1), "");\n',
        )
        for windowed, abi in enumerate(("call0", "windowed")):
            # The port's own command, with another file to compile.
            folder = box.path(abi)
            folder.mkdir()
            build = f"BUILD={folder}"
            status, output = box.run(
                "make",
                "-n",
                "-C",
                BOARDS / "xtensa",
                f"MPY_DIR={MPY_DIR}",
                f"ABI={abi}",
                build,
                "V=1",
            )
            command = re.search(r"^(.* -o \S+/main\.o )main\.c\b", output, re.M)
            true(status == 0 and command or print(output))
            command = command[1] + f"-DEXPECTED={windowed} {source}"
            result = subprocess.run(
                command, shell=True, cwd=BOARDS / "xtensa", capture_output=True, text=True
            )
            eq((result.returncode, result.stderr), (0, ""))


end()
