# SPDX-License-Identifier: MIT
# dynruntime/riscv.s: which calls take four bytes, and which are left to the linker.
# targets: host
# needs: nothing

import os
import re
import subprocess
import tempfile

import check
from check import case, eq

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MACROS = os.path.join(TOP, "dynruntime/riscv.s")
COMPILER = "riscv64-unknown-elf-gcc", "-mno-relax", f"-Wa,{MACROS}", "-x", "assembler", "-"


def assembled(source, *flags):
    """[(instruction, relocation)] of what the assembler makes of the source."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.o")
        subprocess.run([*COMPILER, *flags, "-c", "-o", out], input=source, text=True, check=True)
        command = ["riscv64-unknown-elf-objdump", "-dr", out]
        listing = subprocess.run(command, text=True, check=True, capture_output=True).stdout
    return re.findall(r":\t[0-9a-f]+ +\t(\w+).*\n\t+[0-9a-f]+: R_RISCV_(\w+)\t\w+$", listing, re.M)


def is_made(line, instruction, relocation):
    source = f"f: nop\n.globl memset\nmemset: nop\n{line}\n"
    for flags in (
        ("-march=rv32imc", "-mabi=ilp32"),
        ("-march=rv64imc", "-mabi=lp64"),
    ):
        eq(assembled(source, *flags), [(instruction, relocation)])


@case
def functions_of_the_module():
    is_made("call f", "jal", "JAL")
    is_made("tail f", "j", "RVC_JUMP")
    is_made("call memset@plt", "jal", "JAL")
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
    eq(assembled(source, "-march=rv32imc", "-mabi=ilp32"), each * 3)


check.end()
