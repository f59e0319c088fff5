# SPDX-License-Identifier: MIT
# dynruntime/riscv.s and mend_riscv.py: which calls take two bytes, which four, and which are
# left to the linker.
# targets: host
# needs: nothing

import os
import re
import subprocess
import sys
import tempfile

import check
from check import case, eq

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEND = os.path.join(TOP, "dynruntime/mend_riscv.py")
MACROS = os.path.join(TOP, "dynruntime/riscv.s")
COMPILER = "riscv64-unknown-elf-gcc", "-mno-relax", f"-Wa,{MACROS}", "-x", "assembler", "-"


RV32 = "-march=rv32imc", "-mabi=ilp32", "-Wa,--defsym,natmod_marks_calls=1"
RV64 = "-march=rv64imc", "-mabi=lp64"


def listing(source, flags):
    """What the disassembler makes of what the assembler makes of the source."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.o")
        subprocess.run([*COMPILER, *flags, "-c", "-o", out], input=source, text=True, check=True)
        if flags is RV32:
            marked = out
            out = os.path.join(folder, "mended.o")
            subprocess.run([sys.executable, MEND, marked, out], check=True)
        command = ["riscv64-unknown-elf-objdump", "-dr", out]
        return subprocess.run(command, text=True, check=True, capture_output=True).stdout


def assembled(source, flags):
    """[(instruction, relocation)]"""
    text = listing(source, flags)
    return re.findall(r":\t[0-9a-f]+ +\t(\w+).*\n\t+[0-9a-f]+: R_RISCV_(\w+)\t\w+$", text, re.M)


def is_made(line, instruction, relocation, short=None):
    """short is the relocation on RV32."""
    source = f"f: nop\n.globl memset\nmemset: nop\n{line}\n"
    eq(assembled(source, RV32), [(instruction, short or relocation)])
    eq(assembled(source, RV64), [(instruction, relocation)])


@case
def functions_of_the_module():
    is_made("call f", "jal", "JAL", "RVC_JUMP")
    is_made("tail f", "j", "RVC_JUMP")
    is_made("call memset@plt", "jal", "JAL", "RVC_JUMP")
    is_made("tail memset@plt", "j", "RVC_JUMP")


@case
def functions_that_save_registers():
    is_made("call t0, f", "jal", "JAL")


@case
def functions_of_a_library():
    is_made("call __divdi3@plt", "auipc", "CALL_PLT")
    is_made("tail __divdi3@plt", "auipc", "CALL_PLT")


@case
def one_after_the_other():
    source = "f: nop\n" + "call g@plt\ntail g@plt\ncall f\ntail f\n" * 3
    each = [("auipc", "CALL_PLT")] * 2 + [("jal", "JAL"), ("j", "RVC_JUMP")]
    eq(assembled(source, RV64), each * 3)
    each[2] = ("jal", "RVC_JUMP")
    eq(assembled(source, RV32), each * 3)


@case
def functions_that_a_short_call_does_not_reach():
    # It reaches from 2048 bytes back to 2046 bytes ahead.
    for space, relocation in ((2044, "RVC_JUMP"), (2046, "JAL")):
        source = f"call f\n.zero {space}\nf: nop\n"
        eq(assembled(source, RV32), [("jal", relocation)])
    for space, relocation in ((2048, "RVC_JUMP"), (2050, "JAL")):
        source = f"f: .zero {space}\ncall f\n"
        eq(assembled(source, RV32), [("jal", relocation)])


@case
def calls_after_each_other():
    # Each returns to what follows it, and no mark is left.
    text = listing("call f\ncall f\ntail f\nnop\nf: nop\n", RV32)
    eq(re.findall(r"\t(jal|j)\t", text), ["jal", "jal", "j"])
    eq("natmod" in text, False)


@case
def functions_with_the_name_of_a_macro():
    # The first instruction is a jump, and no call.
    text = listing("f: nop\nnatmod_call_1: tail f\ncall natmod_call_1\n", RV32)
    eq(re.findall(r"\t(jal|j)\t", text), ["j", "jal"])
    eq("<natmod_call_1>:" in text, True)


check.end()
