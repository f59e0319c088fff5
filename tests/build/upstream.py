# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 1800
#
# Modules that are written against MicroPython's own py/dynruntime.h. Its examples are built
# unchanged, and what a program still uses of them works when nothing else refers to them. make
# test-long does this for all architectures, make test for two.

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from _examples import PROGRAM, USES
from _project import Project, board, run_on_unix
from _sandbox import MPY_DIR, TOP
from check import case, end, eq, long, true

EXAMPLES = Path(MPY_DIR, "examples/natmod")
TOOLKIT = TOP / "dynruntime/toolkit.mk"

# Where division is a function of libgcc.
LIBRARY = {"armv6m": ("LINK_RUNTIME=1",)}

RESULTS = {
    "features0": "3628800",
    "features1": "(42, 144, [0, 0, 0, 0], 500, b'\\x00\\x10\\x00 ', "
    '("can\'t compute negative Fibonacci number",))',
    "features3": "((<class 'bool'>, <class 'int'>, <class 'str'>), (None, False, True, b'', ()), "
    "{'a': 1})",
    "features4": "(24, 120, <class 'Factorial'>, "
    "FactorialError('argument must be zero or above',))",
    "random": "(2002244, 57842, 661, 'g')",
    "heapq": "([1, 3, 4, 5, 9], ('empty heap',))",
    "framebuf": "(358, 4666, 3, <class 'FrameBuffer'>)",
    "re": "('abb', (1, 3), ('bb', None), 'c', ['a', 'b', 'c'], 1, '<re ', '<match')",
    "deflate": "(15, True, (22,))",
    "kept": "('a_name_in_the_table', 1, True, b'ab__', 2)",
}

# More than the examples it needs what the toolkit does: the block that is its BSS begins with a
# variable that nothing refers to, it uses a qstr when it is called, and it needs functions of C's
# library.
KEPT = """\
#include <string.h>

#include "py/dynruntime.h"

uint32_t first[8];
mp_uint_t count;

static mp_obj_t next(void) {
    return mp_obj_new_int(++count);
}
static MP_DEFINE_CONST_FUN_OBJ_0(next_obj, next);

static mp_obj_t name(void) {
    return MP_OBJ_NEW_QSTR(MP_QSTR_a_name_in_the_table);
}
static MP_DEFINE_CONST_FUN_OBJ_0(name_obj, name);

// Copy a text that is shorter over as many underscores.
static mp_obj_t pad(mp_obj_t buffer_in, mp_obj_t text_in) {
    mp_buffer_info_t buffer, text;
    mp_get_buffer_raise(buffer_in, &buffer, MP_BUFFER_RW);
    mp_get_buffer_raise(text_in, &text, MP_BUFFER_READ);
    memset(buffer.buf, '_', buffer.len);
    memcpy(buffer.buf, text.buf, text.len);
    return mp_obj_new_int(strlen(text.buf));
}
static MP_DEFINE_CONST_FUN_OBJ_2(pad_obj, pad);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY
    mp_store_global(MP_QSTR_next, MP_OBJ_FROM_PTR(&next_obj));
    mp_store_global(MP_QSTR_name, MP_OBJ_FROM_PTR(&name_obj));
    mp_store_global(MP_QSTR_pad, MP_OBJ_FROM_PTR(&pad_obj));
    MP_DYNRUNTIME_INIT_EXIT
}

uint32_t last[8];
"""

USES[
    "kept"
] = """
next, name, pad = m.next, m.name, m.pad
def use():
    n = next()
    padded = bytearray(4)
    length = pad(padded, b"ab")
    return name(), next() - n, 0 < n < 100, bytes(padded), length
"""


@contextmanager
def example(name):
    """One of MicroPython's examples, with the toolkit in its Makefile, or the module above."""
    with tempfile.TemporaryDirectory() as folder:
        p = Project(Path(folder))
        if name == "kept":
            p.write("Makefile", f"MOD = kept\nSRC = kept.c\ninclude {TOOLKIT}\n")
            p.write("kept.c", KEPT)
        else:
            shutil.copytree(EXAMPLES / name, p.top, dirs_exist_ok=True)
            makefile = (p.top / "Makefile").read_text()
            line = "include $(MPY_DIR)/py/dynruntime.mk\n"
            eq(makefile.count(line), 1)
            p.write("Makefile", makefile.replace(line, f"include {TOOLKIT}\n"))
        yield p


def build(name, arch, out):
    """Build an example into a folder; the .mpy file."""
    with example(name) as p:
        makefile = (p.top / "Makefile").read_text()
        mod = f"{name}_{arch}" if "MOD = " + name + "_$(ARCH)" in makefile else name
        p.built(arch, f"BUILD_DIR={out}", *LIBRARY.get(arch, ()), name=mod, folder=out)
        return out / arch / f"{mod}.mpy"


def survive(arch, interpreter):
    """Build all examples and use them on a board or a unix port."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        out = Path(folder)
        files = dict(zip(USES, pool.map(lambda name: build(name, arch, out), USES)))

        def outputs(run):
            for name, mpy in files.items():
                program = PROGRAM.replace("NAME", repr(mpy.stem)).replace("USE", USES[name])
                output = run(mpy, program)
                # features1 prints a line as well.
                yield name, output.splitlines()[-2:]

        if interpreter.startswith("unix"):
            got = dict(outputs(lambda mpy, program: run_on_unix(interpreter, mpy.parent, program)))
        else:
            with board(interpreter) as run:
                got = dict(outputs(lambda mpy, program: run([mpy], program)))
        for name in USES:
            eq((name, *got[name]), (name, RESULTS[name], "True"))


@case
def survive_on_unix():
    survive("x64", "unix-x64")


@case
def survive_on_a_cortex_m3():
    survive("armv7m", "mps2-an385")


if long:

    @case
    def survive_everywhere():
        survive("x86", "unix-x86")
        survive("armv6m", "mps2-an385")
        survive("armv7emsp", "mps2-an386")
        survive("armv7emdp", "mps2-an500")
        survive("rv32imc", "virt-rv32")
        survive("xtensa", "xtensa")
        survive("xtensawin", "xtensawin")


def errors(p, *arguments):
    """The link errors of a module that must not be built."""
    status, output = p.make(*arguments)
    true(status == 2 or print(output))
    return [line for line in output.splitlines() if line.startswith("link error: ")]


@case
def floats_are_refused():
    with example("features2") as p:
        found = errors(p, "ARCH=armv7emsp", "SRC=main.c prod.c", "LINK_RUNTIME=1")
        remedy = (
            "use mp_binary_get_val_array and mp_binary_set_val_array (see dynruntime/README.md)"
        )
        names = [line.split("'")[1] for line in found if "passes a float" in line]
        true(all(remedy in line for line in found if "passes a float" in line))
        kinds = ("mp_obj_get_float", "mp_obj_new_float")
        eq(sorted(names), sorted([*kinds, "mp_obj_get_float_to_f", "mp_obj_new_float_from_f"]))
        # Nothing else is missing but what is C's.
        eq([line for line in found if "passes a float" not in line and "'roundf'" not in line], [])


@case
def btree_is_refused():
    if list(Path(MPY_DIR, "lib/berkeley-db-1.xx").glob("*")):
        return  # This tree has the submodule.
    with example("btree") as p:
        line = p.refused("ARCH=armv7m")
        true("lib/berkeley-db-1.xx/btree/bt_close.c: this MicroPython tree has no " in line)
        remedy = "submodule update --init lib/berkeley-db-1.xx, or give MPY_DIR= another"
        true(remedy in line or print(line))


@case
def variables_that_cannot_be():
    with example("kept") as p:
        source = KEPT.replace("uint32_t first[8]", "static mp_uint_t first[8]")
        source = source.replace("++count", "++first[count]").replace("count;", "count = 3;")
        p.write("kept.c", source)
        static, value = errors(p, "ARCH=armv7m")
        true("kept.o: variable 'first' in .bss: " in static and "remove its 'static'" in static)
        true("kept.o: variable 'count' in .data: " in value and "assign that in mpy_init" in value)


@case
def a_missing_division_names_its_remedy():
    with example("random") as p:
        (error,) = errors(p, "ARCH=armv6m")
        true("'__aeabi_idiv'" in error and "LINK_RUNTIME=1 links it" in error or print(error))


@case
def settings_for_toolkit_h():
    with example("kept") as p:
        for setting in (
            "WHOLE=yes",
            "SMALL=yes",
            "NATMOD_SRC=raise.c",
            "LAYOUTS=STR",
            "STACK=100",
        ):
            line = p.refused("ARCH=armv7m", setting)
            name = setting.split("=")[0]
            true(f"{name}: for sources with toolkit.h, but kept.c " in line or print(line))


end()
