# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What the folder dynruntime/ does for modules of other projects: copied there alone, or included
# from there in place.

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from _project import Project, run, run_on_board
from _sandbox import MPY_DIR, TOP, Sandbox
from check import case, end, eq, true

import mpyinfo  # On the path that _project has made longer.

HELLO = TOP / "examples/natmod/hello"

COUNT = """
import gc, hello, sys
keep = []
print(hello.__version__, hello.version)
for i in range(300):
    keep.append(bytearray(100))
    if i == 100:
        count = hello.count
        del hello, sys.modules["hello"]
    if i % 10 == 0:
        keep = []
        gc.collect()
    result = (count if i >= 100 else hello.count)()
print(result, count(-302))
"""


@contextmanager
def project(toolkit=None):
    """The example, copied elsewhere, with a copy of dynruntime/ or with that of another folder."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder, "project")
        shutil.copytree(HELLO, top, ignore=shutil.ignore_patterns("build"))
        if toolkit is None:
            shutil.copytree(TOP / "dynruntime", top / "dynruntime")
        makefile = (top / "Makefile").read_text()
        line = f"= {toolkit or 'dynruntime'}\n"
        changed = makefile.replace("= ../../../dynruntime\n", line)
        true(changed != makefile)
        (top / "Makefile").write_text(changed)
        yield Project(top)


def listing(folder):
    """All files and folders below a folder, with their times and sizes."""
    paths = [folder, *folder.rglob("*")]
    return {p: (p.lstat().st_mtime_ns, p.lstat().st_size) for p in paths}


@case
def copied_alone():
    with project() as p:
        eq(run(p.built("x64"), COUNT), "1.0.0 (1, 0, 0)\n300 -2\n")
        eq(p.built("armv7m").read_bytes()[:3], b"M\x06\x17")
        # Nothing but its own folder, and the one for what is built.
        eq(sorted(os.listdir(p.top)), ["Makefile", "build", "dynruntime", "hello.c"])
        eq([name for name in os.listdir(p.top.parent)], ["project"])


@case
def included_in_place():
    with Sandbox() as box, project(box.path("dynruntime")) as p:
        shutil.rmtree(box.path("dynruntime/__pycache__"), ignore_errors=True)
        before = listing(box.top)
        eq(run(p.built("x64"), COUNT), "1.0.0 (1, 0, 0)\n300 -2\n")
        p.built("armv7m")
        eq(sorted(os.listdir(p.top)), ["Makefile", "build", "hello.c"])
        eq(set(listing(box.top).items()) ^ set(before.items()), set())


@case
def with_a_folder_and_a_version_of_its_own():
    with project() as p:
        version = "import hello; print(hello.__version__, hello.version)"
        mpy = p.built("x64", "BUILD_DIR=../out", "NATMOD_VERSION=10.20.30", folder="../out")
        eq(run(mpy, version), "10.20.30 (10, 20, 30)\n")
        true(not (p.top / "build").exists())
        # Unless it says one:
        makefile = (p.top / "Makefile").read_text()
        p.write("Makefile", makefile.replace("NATMOD_VERSION = 1.0.0\n", ""))
        eq(run(p.built("x64"), version), "0.0.0 (0, 0, 0)\n")
        for wrong in ("1.2", "1.2.3-rc1", "1.2.3.4", "v1.2.3", "1.08.0", ""):
            line = p.refused("ARCH=x64", f"NATMOD_VERSION={wrong}")
            true(f"NATMOD_VERSION is '{wrong}', not three numbers" in line or print(line))
        mpy = p.built("x64", "NATMOD_VERSION=1.2.3", "FLAVOUR=small")
        eq(run(mpy, version), "1.2.3+small (1, 2, 3)\n")
        for wrong in ("Small", "a b", "+x"):
            line = p.refused("ARCH=x64", f"FLAVOUR={wrong}")
            true(f"FLAVOUR is '{wrong}', not a word" in line or print(line))


@case
def sources_in_folders_and_with_names_of_the_toolkit_s():
    with project() as p:
        source = (p.top / "hello.c").read_text()
        p.write(
            "src/hello.c",
            source.replace("mp_obj_new_int(", "answer(").replace(
                "typedef", '#include "mem.h"\n\ntypedef', 1
            ),
        )
        (p.top / "hello.c").unlink()
        p.write("src/mem.h", "mp_obj_t answer(mp_int_t n);\n")
        p.write(
            "mem.c",
            '#include "toolkit.h"\n#include "src/mem.h"\n\n'
            "mp_obj_t answer(mp_int_t n) {\n    return mp_obj_new_int(-n);\n}\n",
        )
        answer = "import hello; print(hello.count(), hello.count(41))"
        for settings in ((), ("WHOLE=yes",)):
            mpy = p.built("x64", "SRC=src/hello.c mem.c", *settings)
            eq(run(mpy, answer), "-1 -42\n")


@case
def what_is_missing():
    with project() as p:
        for tree in ("", "/nowhere"):
            line = p.refused("ARCH=x64", tree=tree)
            true(f"no MicroPython source tree at '{tree}'; give MPY_DIR=" in line or print(line))
            true("make setup" not in line or print(line))
        line = p.refused("ARCH=armv7m", "CROSS=nope-")
        true("no compiler 'nope-gcc' for ARCH=armv7m; install it, or" in line or print(line))
        line = p.refused("ARCH=armv7m", "PYTHON=")
        true("no python3 here has pyelftools; install it, or" in line or print(line))
        line = p.refused("ARCH=armv7m", "SRC=a/one.c b/one.c")
        true("two sources have the same name: one.c" in line or print(line))


GREET = """
def greet(name):
    try:
        return f"hello {name}, number {count()}"
    except TypeError:
        raise ValueError("nobody")

def fails():
    raise KeyError(__name__)
"""

TWICE = """
try:
    count("x")
except TypeError:
    twice = [greet("a"), greet("b"), version]
"""

GREETED = """
import gc, hello, sys
greet = hello.greet
print(hello.twice, "\\n" not in hello.greet("c"))
try:
    hello.fails()
except KeyError as e:
    sys.print_exception(e)
del hello, sys.modules["hello"]
for i in range(100):
    keep = [bytearray(100) for j in range(20)]
    gc.collect()
    text = greet(i)
print(text)
"""


def mpy_cross():
    """MPY_CROSS= for make, with that of the test run's MicroPython, which is made if it is not."""
    folder = TOP / "build/mpy-cross"
    command = ["make", "-C", f"{MPY_DIR}/mpy-cross", f"BUILD={folder}"]
    result = subprocess.run(command, capture_output=True, text=True)
    true(result.returncode == 0 or print(result.stdout, result.stderr))
    return f"MPY_CROSS={folder}/mpy-cross"


@case
def python_sources():
    cross = mpy_cross()
    with project() as p:
        p.write("greet.py", GREET)
        p.write("python/twice.py", TWICE)
        sources = "SRC=greet.py hello.c python/twice.py"
        output = run(p.built("x64", sources, cross), GREETED)
        lines = output.splitlines()
        eq(lines[0], "['hello a, number 1', 'hello b, number 2', (1, 0, 0)] True")
        true(lines[-3].startswith('  File "hello.mpy", ') and lines[-3].endswith(" in fails"))
        eq(lines[-2:], ["KeyError: hello", "hello 99, number 103"])
        # What changes is built again.
        p.write("python/twice.py", "twice = version")
        eq(run(p.built("x64", sources, cross), "import hello; print(hello.twice)"), "(1, 0, 0)\n")
        for arch in ("armv7m", "xtensawin", "rv32imc"):
            data = p.built(arch, sources, cross).read_bytes()
            eq((data[2] >> 2, b"greet.py" in data), (mpyinfo.ARCHS.index(arch), False))
        line = p.refused("ARCH=x64", sources, "MPY_CROSS=/nowhere/mpy-cross")
        true(
            "no /nowhere/mpy-cross, which compiles greet.py python/twice.py" in line or print(line)
        )


@case
def sources_in_other_languages():
    with project() as p:
        for name in ("hello.cpp", "hello.cc"):
            line = p.refused("ARCH=x64", f"SRC={name}")
            true("(C++ needs a library that no firmware has): hello.c" in line or print(line))
        line = p.refused("ARCH=x64", "SRC=hello.c a.S")
        true("SRC can have C (.c) and Python (.py) files only: a.S" in line or print(line))


# Divides, with numbers that need 64 bits, and calculates with single floats, in software where the
# processor has no other. Numbers come and go in buffers.
ARITHMETIC = """
#include "toolkit.h"

typedef struct _buf_t {
    uint64_t a, b;
    float x, y;
    double z;
} buf_t;

static mp_obj_t calculate(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(args[0], &info, MP_BUFFER_RW);
    volatile buf_t *buf = info.buf;
    uint64_t a = buf->a;
    buf->a = a / buf->b;
    buf->b = a % buf->b;
    float x = buf->x;
    buf->x = x + buf->y;
    buf->y = x / buf->y;
    buf->z = buf->z / 3 - x;
    return mp_const_none;
}

size_t natmod_state_size(void) {
    return sizeof(natmod_t);
}

NATMOD_INIT void natmod_init(natmod_t *nm) {
    mp_store_global(MP_QSTR_calculate, natmod_fun_new(nm, calculate, 1, 1, false));
}
"""

CALCULATE = """
import hello, struct
FORMAT = "<QQffd"
buf = bytearray(struct.pack(FORMAT, 12345678901234567890, 98765432109, 1.5, 2.25, 2.0))
hello.calculate(buf)
a, b, x, y, z = struct.unpack(FORMAT, buf)
print(a, b, x, round(y * 3 * 1000000), round(z * 6))
"""
CALCULATED = (
    f"{12345678901234567890 // 98765432109} {12345678901234567890 % 98765432109} 3.75 2000000 -5\n"
)


@case
def arithmetic_without_the_library():
    with project() as p:
        p.write("hello.c", ARITHMETIC)
        for arch, name in (("armv6m", "__aeabi_fadd"), ("rv32imc", "__udivdi3")):
            status, output = p.make(f"ARCH={arch}")
            true(status == 2 and f"hello.o: undefined symbol '{name}'" in output or print(output))


@case
def arithmetic_with_the_library():
    with project() as p:
        p.write("hello.c", ARITHMETIC)
        eq(run(p.built("x64", "LINK_RUNTIME=1"), CALCULATE), CALCULATED)
        for arch in ("armv7emsp", "x86"):
            p.built(arch, "LINK_RUNTIME=1")
        line = p.refused("ARCH=xtensawin", "LINK_RUNTIME=1", "CROSS=xtensa-lx106-elf-")
        true("LINK_RUNTIME=1 for xtensawin needs Espressif's compiler" in line or print(line))


def arithmetic_on_board(arch, board, settings=()):
    with project() as p:
        p.write("hello.c", ARITHMETIC)
        mpy = p.built(arch, "LINK_RUNTIME=1", *settings)
        eq(run_on_board(board, mpy, CALCULATE), CALCULATED)


@case
def arithmetic_on_a_cortex_m3():
    arithmetic_on_board("armv7m", "mps2-an385")
    arithmetic_on_board("armv7m", "mps2-an385", settings=["WHOLE=yes"])
    # The code of a Cortex-M0 has jump tables with absolute addresses.
    arithmetic_on_board("armv6m", "mps2-an385")


@case
def arithmetic_on_risc_v():
    arithmetic_on_board("rv32imc", "virt-rv32")


@case
def floats_in_calls_are_refused_all_the_same():
    with project() as p:
        crosses = "mp_obj_new_float_from_f((float)buf->z)"
        p.write("hello.c", ARITHMETIC.replace("return mp_const_none", f"return {crosses}"))
        status, output = p.make("ARCH=armv6m", "LINK_RUNTIME=1")
        wanted = "link error: hello.o: 'mp_obj_new_float_from_f' passes a float across"
        true(status == 2 and wanted in output or print(output))
        # Nor does the library have what is no arithmetic.
        p.write(
            "hello.c", ARITHMETIC.replace("return mp", "extern void no(void);\nno();\nreturn mp")
        )
        status, output = p.make("ARCH=armv6m", "LINK_RUNTIME=1")
        errors = [line for line in output.splitlines() if line.startswith("link error")]
        eq(
            [(line.count("undefined symbol 'no'"), line.count("hello.o")) for line in errors],
            [(1, 1)],
        )


README = (TOP / "dynruntime/README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


@case
def readme_has_the_example():
    # With these two files and a copy of dynruntime/ beside them the module is built.
    source, (makefile,), (session,) = blocks("c")[0], blocks("make"), blocks("python")
    eq(f"// SPDX-License-Identifier: MIT\n{source}", (HELLO / "hello.c").read_text())
    with project() as p:
        p.write("Makefile", makefile)
        p.write("hello.c", source)
        imports, value, result = re.fullmatch(r">>> (.*)\n>>> (.*)\n(.*\n)", session).groups()
        eq(run(p.built("x64"), f"{imports}\nprint(({value}))"), result)


@case
def readme_has_the_interface():
    header = (TOP / "dynruntime/toolkit.h").read_text()
    header = header[header.index("// For what is to be fast") :]
    names = set(re.findall(r"\b(natmod_\w+)\(", header))
    header += (TOP / "dynruntime/slots.h").read_text()
    names |= set(re.findall(r"^#define (NATMOD_\w+)", header, re.M))
    names = {name for name in names if not re.match("NATMOD_(SLOT_|SLOTS_H|FAR_)", name)}
    own = "NATMOD_ENTRY NATMOD_STATICMETHOD NATMOD_UNALIGNED NATMOD_CHECKS_STACK".split()
    own += ["NATMOD_INIT_DATA", "NATMOD_INIT_TABLE", "natmod_stack_init"]
    own += ["natmod_check_layouts", "natmod_nlr_is_known"]
    own += ["natmod_context_new", "natmod_version_store"]
    own += ["NATMOD_FUN_OF", "NATMOD_PLACE", "natmod_in_place_instead"]
    names.add("NATMOD_FAR_CALLS")  # Makefiles define it.
    table = README[README.index("## The C interface") : README.index("## Port an")]
    listed = re.findall(r"^\| `(\w+)`", table, re.M)
    eq(sorted(listed), sorted(names - set(own)))


@case
def readme_names_what_functions_need():
    rows = re.findall(r"^\| `(natmod_\w+)` \| (?:`([^`]*)`)? ?\| [^|]*\|$", README, re.M)
    eq(len(rows) > 20, True)
    calls = {
        "natmod_add_functions": "natmod_add_functions(nm, MP_OBJ_NULL, NULL, 0)",
        "natmod_add_class": "natmod_add_class(nm, NULL, 0, NULL, 0)",
        "natmod_parse_kw": "natmod_parse_kw(nm, 0, NULL, 0, NULL, NULL)",
        "natmod_import_maybe": "natmod_import_maybe(MP_QSTR_sys, MP_QSTR_path)",
        "natmod_exception_new": "natmod_exception_new(nm, MP_QSTR_E, nm->TypeError)",
        "natmod_native_base": "natmod_native_base(nm, mp_const_none, nm->TypeError)",
        "natmod_native_inside": "natmod_native_inside(nm, mp_const_none)",
        "natmod_native_type": "natmod_native_type(nm, nm->TypeError)",
        "natmod_is_callable": "natmod_is_callable(mp_const_none)",
        "natmod_raise": 'natmod_raise(nm->TypeError, "a")',
        "natmod_raise_text": 'natmod_raise_text(nm->TypeError, "a", 1)',
        "natmod_raise_errno": "natmod_raise_errno(nm->TypeError, 5)",
        "natmod_raise_fmt": 'natmod_raise_fmt(nm->TypeError, "%d", 1)',
        "natmod_protect": "natmod_protect(NULL, NULL)",
        "natmod_print": 'natmod_print(NULL, "a")',
        "natmod_copy_text": 'natmod_copy_text(NULL, "a", 1)',
        "natmod_check_stack": "natmod_check_stack(nm)",
    }
    eq({name for name, files in rows if files}, set(calls))
    with project() as p:
        source = (p.top / "hello.c").read_text()
        before = "    mp_store_global(MP_QSTR_count"
        for needs in sorted({files for _, files in rows if files}):
            # Some of them do not return: each has a condition of its own.
            called = "".join(
                f"    if (nm->init_fun == (void *){i}) {{\n        {calls[name]};\n    }}\n"
                for i, (name, files) in enumerate(rows)
                if files == needs
            )
            p.write("hello.c", source.replace(before, called + before))
            stack = ("STACK=1000",) if "stack.c" in needs else ()
            p.built("armv7m", f"NATMOD_SRC={needs}", *stack)


end()
