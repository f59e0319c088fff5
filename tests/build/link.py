# targets: host
# needs: nothing
# timeout: 300
#
# Modules that would fail on a board must fail when they are linked. Messages name the symbol
# and the object file.

from _sandbox import SOURCE, Sandbox
from check import case, end, eq, raises, true

RETURNS = "MP_OBJ_NEW_SMALL_INT(ANSWER)"
COUNT = "(mp_obj_t)(uintptr_t)counter++"


def link(value, before="", arch="armv7m"):
    """Build a module that stores `value`; the link errors, or [] when it links."""
    with Sandbox() as box:
        source = SOURCE.replace("size_t", before + "\nsize_t", 1).replace(RETURNS, value)
        box.write("natmod/tiny/tiny.c", source)
        status, output = box.make(f"ARCH={arch}", "V=1")
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
def float_call():
    for call in ("mp_obj_new_float_from_f(1.0f)", "mp_obj_new_float_from_d(1.0)"):
        fails(link(call), f"'{call.split('(')[0]}'", "passes a float")


@case
def float_call_around_the_check():
    # The function table's own names do not even compile.
    e = raises(AssertionError, link, "mp_fun_table.obj_new_float_from_f(1.0f)")
    true("(True, False)" in str(e))


end()
