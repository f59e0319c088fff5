# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The import is an ImportError where the firmware's objects are not laid out as the module was
# compiled for. Here the firmware is a stock one, and the module's headers are changed.

import shutil
import subprocess

from _altered import altered
from _sandbox import MPY_DIR, SOURCE, TOP, Sandbox
from check import case, end, eq, skip, true

INTERPRETER = TOP / "build/unix-x64/micropython"
MAKEFILE = """\
MOD = tiny
SRC = tiny.c
NATMOD_SRC = layout.c protect.c raise.c
LAYOUTS = %s
WHOLE = yes
include ../module.mk
"""
ALL = "INT FUNCTION TYPE NLR STR LIST TUPLE DICT EXCEPTION INSTANCE"
# By case: the layout that the import names, the header, a member and what replaces it.
CHANGES = {
    "small_ints": ("int", "mpconfig.h", "(MICROPY_OBJ_REPR_A)", "(MICROPY_OBJ_REPR_B)"),
    "context": ("function", "objfun.h", "const mp_module_context_t *context;", "void *n; $"),
    "globals": ("function", "obj.h", "mp_obj_dict_t *globals;", "void *n; $"),
    "slots": ("type", "obj.h", "uint8_t slot_index_make_new;", "uint8_t n; $"),
    "type_name": ("type", "obj.h", "uint16_t name;", "uint16_t n; $"),
    "exception_raised": ("nlr_buf", "nlr.h", "void *ret_val;", "void *n; $"),
    "str_data": ("str", "objstr.h", "const byte *data;", "size_t n; $"),
    "str_len": ("str", "objstr.h", "size_t len;", "size_t n; $"),
    "str_hash": ("str", "objstr.h", "size_t hash;", "$ size_t n;"),
    "list_len": ("list", "objlist.h", "size_t alloc;", "size_t n; $"),
    "list_items": ("list", "objlist.h", "mp_obj_t *items;", "size_t n; $"),
    "tuple": ("tuple", "objtuple.h", "size_t len;", "size_t n; $"),
    "map": ("dict", "obj.h", "size_t alloc;", "size_t n; $"),
    "map_flags": ("dict", "obj.h", "size_t is_ordered : 1;", "$ size_t n : 1;"),
    "exception_args": ("exception", "objexcept.h", "mp_obj_tuple_t *args;", "void *n; $"),
    "instance_members": ("instance", "objtype.h", "mp_map_t members;", "void *n; $"),
    "instance_base": ("instance", "objtype.h", "mp_obj_t subobj[];", "void *n; $"),
}


def imported(name, folder="tiny", tree=MPY_DIR):
    """What comes of an import, after a build with the headers of a tree."""
    if not INTERPRETER.exists():
        skip("there is no build/unix-x64: run make interpreter TARGET=host")
    status, output = box.run("make", "-C", f"natmod/{folder}", "ARCH=x64", f"MPY_DIR={tree}")
    true(status == 0 or print(output))
    program = f"try: import {name}\nexcept ImportError as e: print(e)\nelse: print('imported')"
    result = subprocess.run(
        [INTERPRETER, "-c", program],
        env={"MICROPYPATH": str(box.path("build/x64"))},
        capture_output=True,
        text=True,
    )
    return result.returncode, result.stdout


def refused(name, layout):
    return 0, f"{name}: this firmware has another layout of {layout}\n"


def changed(name):
    _, header, old, new = CHANGES[name]
    return altered(box.path(f"trees/{name}"), {f"py/{header}": [(old, new.replace("$", old))]})


def check_change(name):
    def fn():
        eq(imported("tiny", tree=changed(name)), refused("tiny", CHANGES[name][0]))

    fn.__name__ = name
    case(fn)


with Sandbox() as box:
    box.path("trees").mkdir()
    box.write("natmod/tiny/Makefile", MAKEFILE % ALL)
    box.write("natmod/tiny/tiny.c", SOURCE)

    @case
    def stock_headers():
        eq(imported("tiny"), (0, "imported\n"))

    for name in CHANGES:
        check_change(name)

    @case
    def larger_nlr_buf():
        # Than what protect.c has for one.
        source = box.path("dynruntime/protect.c")
        text = source.read_text()
        changes = ("nlr_buf_t buf;", "struct { void *prev, *ret_val; } buf;"), ("[40]", "[2]")
        less = text
        for old, new in changes:
            eq(less.count(old), 1)
            less = less.replace(old, new)
        source.write_text(less)
        eq(imported("tiny"), refused("tiny", "nlr_buf"))
        source.write_text(text)

    @case
    def layouts_that_a_module_does_not_name():
        box.write("natmod/tiny/Makefile", MAKEFILE % "STR DICT")
        eq(imported("tiny", tree=box.path("trees/list_len")), (0, "imported\n"))

    @case
    def our_modules():
        for folder, name in ("msgpack", "msgpack"), ("finaliser", "finaliserproxy"):
            shutil.copytree(TOP / "natmod" / folder, box.path(f"natmod/{folder}"))
            # The last of the checks.
            tree = box.path("trees/instance_base")
            eq(imported(name, folder, tree), refused(name, "instance"))


end()
