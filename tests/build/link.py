# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Modules that would fail on a board must fail when they are linked. Messages name the symbol
# and the object file.

import sys

from _sandbox import SOURCE, TOP, Sandbox
from check import case, end, eq, raises, true

sys.path.insert(0, str(TOP / "tools"))

import mpyinfo  # noqa: E402

RETURNS = "MP_OBJ_NEW_SMALL_INT(ANSWER)"
COUNT = "(mp_obj_t)(uintptr_t)counter++"


def link(value, before="", arch="armv7m"):
    """Build a module that stores `value`; the link errors, or [] when it links."""
    with Sandbox() as box:
        source = SOURCE.replace("size_t", before + "\nsize_t", 1).replace(RETURNS, value)
        box.write("natmod/tiny/tiny.c", source)
        status, output = box.make_module(f"ARCH={arch}", "V=1")
        errors = [line for line in output.splitlines() if line.startswith("link error: ")]
        eq((bool(status), box.path(f"build/{arch}/tiny.mpy").exists()), (bool(errors), not errors))
        return errors


def fails(errors, *words):
    eq(len(errors), 1)
    for word in ("tiny.o", *words):
        true(word in errors[0] or print(errors))


@case
def good():
    eq(link(RETURNS), [])
    eq(link(RETURNS, arch="x64"), [])


@case
def library_function():
    divides = "MP_OBJ_NEW_SMALL_INT((int)((long long)(uintptr_t)nm / (int)(uintptr_t)&nm))"
    fails(link(divides), "'__aeabi_ldivmod'", "undefined symbol")
    eq(link(divides, arch="x64"), [])


@case
def undeclared_function():
    fails(link("strdup_of(1)", "mp_obj_t strdup_of(int);"), "'strdup_of'", "undefined symbol")


@case
def initialised_variable():
    fails(link(COUNT, "static volatile int counter = 7;"), "'counter'", ".data")


@case
def zeroed_variable():
    fails(link(COUNT, "static volatile int counter;"), "'counter'", ".bss")
    fails(link(COUNT, "volatile int counter;"), "'counter'", ".bss")


@case
def constant_table():
    table = 'static const char *const names[] = {"one", "two", "three"};'
    eq(link("mp_obj_new_str(names[(uintptr_t)nm & 1], 3)", table), [])


@case
def constant_table_on_xtensa():
    # ESP32's memory for code allows whole words only, so a table of bytes must not lie there.
    table = "static const uint8_t table[] = {%s};" % ", ".join(str(i) for i in range(100, 200))
    source = SOURCE.replace("size_t", table + "\nsize_t", 1)
    source = source.replace(RETURNS, "MP_OBJ_NEW_SMALL_INT(table[(uintptr_t)nm & 63])")
    with Sandbox() as box:
        box.write("natmod/tiny/tiny.c", source)
        eq(box.make_module("ARCH=xtensawin")[0], 0)
        mpy = box.path("build/xtensawin/tiny.mpy")
        info = mpyinfo.read(mpy)
        eq((info.arch, mpy.read_bytes()[2] >> 2), ("xtensawin", 10))
        true(info.rodata >= 100)
        true(info.text < 1500 or print(info))
        # The rodata follows the text and says so: the table is in the second part.
        data = mpy.read_bytes()
        at = data.index(bytes(range(100, 200)))
        true(at > info.text)


@case
def direct_call_on_xtensa():
    with Sandbox() as box:
        source = SOURCE.replace(RETURNS, "MP_OBJ_NEW_SMALL_INT(hidden((int)(uintptr_t)nm))")
        hidden = '__attribute__((noinline, visibility("hidden"))) int hidden(int);\n'
        body = "\nint hidden(int x) {\n    return x * 3;\n}\n"
        box.write("natmod/tiny/tiny.c", source.replace("size_t", hidden + "size_t", 1) + body)
        status, output = box.make_module("ARCH=xtensa")
        errors = [line for line in output.splitlines() if line.startswith("link error: ")]
        fails(errors, "'hidden'", "is called directly")
        true(status)


@case
def objects_do_not_share_names_on_xtensa():
    # The same offset in the sections of two objects: each function must remain itself.
    with Sandbox() as box:
        for name, op in (("a", "+"), ("b", "-")):
            text = '#include "toolkit.h"\nvoid NAME_set(int (**p)(int));\nstatic int f(int x) {\n'
            text += "    return x OP 3;\n}\nvoid NAME_set(int (**p)(int)) {\n    *p = f;\n}\n"
            box.write(f"natmod/tiny/{name}.c", text.replace("NAME", name).replace("OP", op))
        makefile = box.path("natmod/tiny/Makefile").read_text()
        box.write("natmod/tiny/Makefile", makefile.replace("tiny.c", "tiny.c a.c b.c"))
        for arch in ("xtensa", "xtensawin"):
            eq(box.make_module(f"ARCH={arch}")[0], 0)
            # A pointer to each of the two functions.
            two = mpyinfo.read(box.path(f"build/{arch}/tiny.mpy")).relocations
            box.write("natmod/tiny/Makefile", makefile.replace("tiny.c", "tiny.c a.c"))
            eq(box.make_module(f"ARCH={arch}")[0], 0)
            eq(two - mpyinfo.read(box.path(f"build/{arch}/tiny.mpy")).relocations, 1)
            box.write("natmod/tiny/Makefile", makefile.replace("tiny.c", "tiny.c a.c b.c"))


LATE = """\
NATMOD_INIT_DATA static const byte data[] = "data";
NATMOD_INIT_TABLE static const void *const table[] = { data };

static mp_obj_t late(natmod_t *nm, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)table;
    return RESULT;
}

"""


def small(arch, *results):
    """Build a module with a function, so that the code of the import comes last: the link errors
    for each result of the function."""
    found = []
    with Sandbox() as box:
        makefile = box.path("natmod/tiny/Makefile").read_text()
        box.write("natmod/tiny/Makefile", makefile.replace("include", "SMALL = yes\ninclude"))
        for result in results:
            source = SOURCE.replace("void natmod", LATE.replace("RESULT", result) + "void natmod")
            source = source.replace(RETURNS, "natmod_fun_new(nm, late, 0, 0, false)")
            box.write("natmod/tiny/tiny.c", source)
            status, output = box.make_module(f"ARCH={arch}", "V=1")
            errors = [line for line in output.splitlines() if line.startswith("link error: ")]
            eq(bool(status), bool(errors))
            found.append(errors)
    return found


@case
def what_the_import_needs():
    uses = (
        "natmod_fun_new(nm, late, 0, 0, false)",
        "mp_obj_new_bytes(data, 4)",
        "mp_obj_new_bytes((const byte *)table, 4)",
    )
    for arch in ("armv6m", "armv7m", "armv7emdp", "rv32imc"):
        good, *others = small(arch, "MP_OBJ_FROM_PTR(nm)", *uses)
        eq((good, len(others)), ([], len(uses)))
        for errors in others:
            eq(len(errors), 1)
            true("'late' uses what is dropped after the import" in errors[0])
    for arch in ("x64", "xtensa", "xtensawin"):
        eq(small(arch, *uses), [[]] * len(uses))


@case
def float_call():
    for call in ("mp_obj_new_float_from_f(1.0f)", "mp_obj_new_float_from_d(1.0)"):
        fails(link(call), f"'{call.split('(')[0]}'", "passes a float")


@case
def float_call_around_the_check():
    # The function table's own names do not even compile.
    e = raises(AssertionError, link, "mp_fun_table.obj_new_float_from_f(1.0f)")
    true("(True, False)" in str(e))


# Functions that the firmware calls, and two that only the module calls.
SLOTS = """\
static mp_uint_t tiny_read(mp_obj_t self, void *buf, mp_uint_t size, int *error) {
    return 0;
}
NATMOD_SLOT(read, tiny_read)
static const mp_stream_p_t tiny_protocol = { .read = NATMOD_ENTRY_OF(tiny_read) };

static void tiny_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
}
NATMOD_SLOT(print, tiny_print)

static mp_obj_t tiny(void) {
    return MP_OBJ_NULL;
}

static mp_obj_t other(void) {
    return MP_OBJ_FROM_PTR(&tiny_protocol);
}

NATMOD_OWN_TABLE static mp_obj_t (*const own[])(void) = { tiny, other };

"""
INIT = """\
    mp_obj_type_t *type = natmod_type_new(nm, MP_QSTR_answer, 0, 2);
    NATMOD_SET_SLOT(type, print, tiny_print, 1);
    NATMOD_SET_SLOT_AS_IS(type, protocol, &tiny_protocol, 2);
    own[(uintptr_t)nm & 1]();
"""


def slots(arch, settings, *changes):
    """Build a module with such functions and some changes: (whether it is built, all output)."""
    with Sandbox() as box:
        makefile = box.path("natmod/tiny/Makefile").read_text()
        box.write("natmod/tiny/Makefile", makefile.replace("include", settings + "\ninclude"))
        source = SOURCE.replace("void natmod", SLOTS + "void natmod").replace("(void)nm;", INIT)
        for old, new in changes:
            true(old in source)
            source = source.replace(old, new)
        box.write("natmod/tiny/tiny.c", source)
        status, output = box.make_module(f"ARCH={arch}", "V=1")
        return not status, output


@case
def entries():
    for arch, settings in ("armv7m", "SMALL = yes"), ("rv32imc", "WHOLE = yes"), ("x64", ""):
        done, output = slots(arch, settings)
        true(done or print(output))


@case
def slot_without_an_entry():
    done, output = slots("armv7m", "SMALL = yes", ("NATMOD_SLOT(print, tiny_print)", ""))
    true(not done and "'tiny_print_entry' undeclared" in output or print(output))
    done, output = slots("x64", "", ("NATMOD_SET_SLOT(", "MP_OBJ_TYPE_SET_SLOT("))
    true(not done and "use NATMOD_SET_SLOT" in output or print(output))


@case
def entry_of_another_kind():
    done, output = slots("x64", "", ("NATMOD_SLOT(print", "NATMOD_SLOT(attr"))
    true(not done and "conflicting types for 'tiny_print'" in output or print(output))


@case
def constants_without_entries():
    builtin = ("NATMOD_OWN_TABLE", "static MP_DEFINE_CONST_FUN_OBJ_0(tiny_obj, tiny);\n")
    stored = ("own[(", "mp_store_global(MP_QSTR_tiny, MP_OBJ_FROM_PTR(&tiny_obj));\n    own[(")
    slot = ("NATMOD_SLOT(read, tiny_read)", "")
    read = ("NATMOD_ENTRY_OF(tiny_read)", "tiny_read")
    for arch in "armv7m", "rv32imc":
        done, output = slots(arch, "SMALL = yes", builtin, stored, slot, read)
        named = [line.split("'")[1] for line in output.splitlines() if "constant data" in line]
        eq((done, named), (False, ["other", "tiny", "tiny_read"]))


end()
