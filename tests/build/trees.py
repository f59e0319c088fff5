# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Files that are built with other versions of MicroPython's tree are the same byte by byte. The
# trees are made from that of the test run by putting in what those versions have in its place.

import re
import shutil
import subprocess
import sys

from _altered import altered
from _sandbox import MPY_DIR, TOP, Sandbox
from check import case, end, eq, raises, true

sys.path.insert(0, str(TOP / "dynruntime"))

import entry  # noqa: E402


LD = "tools/mpy_ld.py"

# v1.23 and v1.24.
NO_REALLOC_MAYBE = {"py/dynruntime.h": [("m_realloc_maybe", "m_realloc_not_yet")]}

# v1.23: two bytes of jump on armv6m.
SHORT_JUMP = {
    LD: [
        (
            "def asm_jump_thumb(entry):\n",
            "def asm_jump_thumb(entry):\n"
            "    assert entry - 4 >> 11 in (0, -1), entry - 4\n"
            '    return struct.pack("<H", 0xE000 | (entry - 4 >> 1 & 0x7FF))\n\n\n'
            "def asm_jump_thumb_later(entry):\n",
        )
    ]
}

# v1.28: the jump is made before anything has its place, takes that to follow at once, and has the
# length that this needs.
EARLY = (
    "env.full_text = bytearray(env.arch.asm_jump(8))",
    'env.full_text = bytearray(env.arch.asm_jump(env.find_addr("mpy_init")))',
)
NOT_LATER = ("    jump = env.arch.asm_jump(entry_offset)\n", '    jump = b""\n')
EARLY_JUMP = {
    LD: [
        EARLY,
        NOT_LATER,
        ('"<BI", 0xE9, entry - 5)', '"<BI", 0xE9, entry)'),
        ("    b_off = entry - 4\n", "    b_off = entry\n"),
        ("        b2 = 0\n        b3 = 0\n", '        return struct.pack("<H", b0)\n'),
        ("        b1 = 0\n    else", '        return struct.pack("<H", b0)\n    else'),
        ("        b_off -= 2  # skip", "        b_off += 2  # skip"),
        ("split_riscv_address(entry)", "split_riscv_address(entry + 8)"),
    ]
}

# Before v1.29: with padding as the alignment of mpy_init's section wants it.
PADDED_JUMP = {
    LD: [
        (
            EARLY[0],
            'env.jump = env.arch.asm_jump(env.find_addr("mpy_init"))\n'
            '    size = align_to(len(env.jump), env.known_syms["mpy_init"].section.alignment)\n'
            '    env.full_text = bytearray(env.jump.ljust(size, b"\\0"))',
        ),
        NOT_LATER,
    ]
}


def build(box, module, arch, tree):
    """The file of a module, built with a tree."""
    mpy = box.path(f"build/{arch}/{module}.mpy")
    shutil.rmtree(box.path("build"), ignore_errors=True)
    folder = box.path("natmod/tiny" if module == "tiny" else "natmod/finaliser")
    status, output = box.make("-C", folder, f"ARCH={arch}", f"MPY_DIR={tree}")
    true(status == 0 or print(output))
    return mpy.read_bytes()


expected = {}


def same(changes, *builds):
    with Sandbox() as box:
        shutil.copytree(TOP / "natmod/finaliser", box.path("natmod/finaliser"))
        tree = altered(box.path("tree"), changes)
        for key in builds:
            if key not in expected:
                expected[key] = build(box, *key, MPY_DIR)
            true(build(box, *key, tree) == expected[key] or print("differs:", key))


@case
def without_realloc_maybe():
    same(NO_REALLOC_MAYBE, ("finaliserproxy", "armv7m"))


@case
def short_jump_on_armv6m():
    same(SHORT_JUMP, ("finaliserproxy", "armv6m"), ("tiny", "armv6m"))


@case
def jump_without_padding():
    # finaliserproxy is one object, whose code is aligned on x64; tiny has mpy_init in its second.
    same(EARLY_JUMP, ("finaliserproxy", "x64"), *(("tiny", a) for a in ("x86", "armv7m")))


@case
def jump_with_padding():
    same(PADDED_JUMP, ("finaliserproxy", "x64"), ("tiny", "armv6m"))


def refused(replacement):
    with Sandbox() as box:
        tree = altered(box.path("tree"), {LD: [replacement]})
        status, output = box.make("-C", box.path("natmod/tiny"), "ARCH=armv7m", f"MPY_DIR={tree}")
        eq((bool(status), box.mpy.exists()), (True, False))
        true(f"link error: {entry.STRANGE}\n" in output or print(output))


@case
def layouts_that_nobody_knows():
    refused(("bytearray(env.arch.asm_jump(8))", "bytearray()"))
    refused(("env.full_text[: len(jump)] = jump", "env.full_text[:4] = bytes(4)"))
    refused(("self.asm_jump = asm_jump", "self.jump = asm_jump"))


DISASSEMBLERS = {
    "x86": ("objdump", "-mi386"),
    "x64": ("objdump", "-mi386:x86-64"),
    "armv6m": ("arm-none-eabi-objdump", "-marm", "-Mforce-thumb"),
    "armv7m": ("arm-none-eabi-objdump", "-marm", "-Mforce-thumb"),
    "rv32imc": ("riscv64-unknown-elf-objdump", "-mriscv:rv32"),
    "rv64imc": ("riscv64-unknown-elf-objdump", "-mriscv:rv64"),
    "xtensa": ("xtensa-lx106-elf-objdump", "-mxtensa"),
}


@case
def where_the_jumps_go():
    with Sandbox() as box:
        for arch, command in DISASSEMBLERS.items():
            for distance in (0x10, 0x7FE, 0x800, 0xFFE, 0x1234, 0x17FC, 0x1ABCC):
                file = box.path("jump")
                file.write_bytes(entry.JUMPS[arch](distance))
                shown = subprocess.run(
                    [*command, "-D", "-bbinary", file], capture_output=True, text=True
                )
                true(re.search(rf"\b0x{distance:x}\b", shown.stdout) or print(shown))


@case
def too_far_on_xtensa():
    raises(SystemExit, entry.xtensa, 0x20010, match="the code is too long")


end()
