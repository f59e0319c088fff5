# SPDX-License-Identifier: MIT
# targets: host
# timeout: 900
#
# Runs all tests of the modules once more, in an interpreter that has the modules built in and that
# checks every access to memory; see asan/heap.c. Those of msgpack run with its small flavour, too.

import re
import shutil
import sys

sys.path.insert(0, "tests/host")

import check  # noqa: E402
from _tools import ASAN, FOUND, SANITIZERS, Failed  # noqa: E402
from _tools import flavoured, interpreter, report, run  # noqa: E402
from check import case, eq, true  # noqa: E402
from runner import examples, paths, scripts, unix  # noqa: E402
from runner.targets import Target  # noqa: E402

import natmods  # noqa: E402

TARGET = Target(ASAN.name, "unix")
SMALL, BOTH = (flavoured(TARGET, flavour) for flavour in ("small", "both"))
OURS = {*natmods.FOLDERS, "dynruntime", "small"}


class Session(unix.Session):
    said = ""

    def start(self):
        super().start()
        # Frames are larger here and keep old pointers, so more memory than usual stays in use.
        self.command += ["-X", "heapsize=3m"]

    def _run(self, file, timeout):
        status, output = super()._run(file, timeout)
        self.said += report(output)
        return status, output


sessions = {target: Session(target, []) for target in (TARGET, SMALL, BOTH)}


@case
def build():
    interpreter()


@case
def modules_are_built_in():
    source = f"for name in {natmods.NAMES}: print(hasattr(__import__(name), '__file__'))"
    eq(run([ASAN / "micropython", "-c", source]), (0, "False\n" * len(natmods.NAMES)))


def foreign_names(folder):
    """Names without our prefix that our objects put into an interpreter."""
    objects = [o for o in folder.rglob("*.o") if o.parent.name in OURS]
    true({o.parent.name for o in objects} == OURS)
    status, output = run(["nm", "--defined-only", "--extern-only", *objects])
    eq(status, 0)
    names = re.findall(r"^[0-9a-f]+ [A-Z] (?:__odr_asan\.)?(\w+)$", output, re.MULTILINE)
    true("natmod_msgpack_module" in names)
    # small/usermod.c wraps a function of the interpreter.
    return [n for n in names if not n.startswith("natmod_") and not n.startswith("__wrap_")]


@case
def global_names_have_a_prefix():
    eq(foreign_names(ASAN), [])


@case
def modules_are_instrumented():
    for folder in OURS:
        objects = [o for o in ASAN.rglob("*.o") if o.parent.name == folder]
        status, output = run(["nm", "--undefined-only", *objects])
        eq((folder, status, "__ubsan_handle_" in output), (folder, 0, True))


def catches(where, source):
    status, output = run([ASAN / "micropython", "-X", "heapsize=1m", "-c", source])
    eq(status, FOUND)
    true(where in report(output))


@case
def errors_are_found():
    # Access memory through addresses, as a faulty module would.
    start = "import uctypes, gc\nb = bytearray(40)\n"
    catches("use-after-poison", start + "print(uctypes.bytes_at(uctypes.addressof(b), 41))")
    # The object is made deep in the stack, in frames that leave no pointer to it.
    freed = """
def deep(n):
    return uctypes.addressof(bytearray(40)) if n == 0 else deep(n - 1)
def scrub(n):
    a = b = c = d = e = f = None
    n and scrub(n - 1)
a = deep(8)
scrub(20)
gc.collect()
"""
    catches("use-after-poison", start + freed + "print(uctypes.bytes_at(a, 40))")


@case
def stack_is_checked_for_those_that_use_much():
    # Call the functions at each level of a recursion, down to the stack's limit.
    source = """
import finaliserproxy, msgpack
def nothing():
    pass
def failures(fn):
    found = [0]
    def deeper():
        try:
            fn()
        except RuntimeError:
            found[0] += 1
        deeper()
    try:
        deeper()
    except RuntimeError:
        pass
    return found[0]
most = failures(nothing)
print(failures(finaliserproxy.poll) <= most, failures(lambda: msgpack.packb(1)) > most)
"""
    eq(run([ASAN / "micropython", "-c", source]), (0, "True True\n"))


@case
def each_flavour_is_tested():
    source = "import msgpack; print(msgpack, end=''); msgpack.Packer"
    for flavour, status, start in (
        ("", 0, "<module 'msgpack'>"),
        ("small", 1, "<module 'msgpack_small'>Traceback"),
        ("both", 0, "<module 'msgpack_small'>"),
    ):
        got, output = run([ASAN / "micropython", "-c", source], MSGPACK=flavour)
        eq((flavour, got, output[: len(start)]), (flavour, status, start))


def test(script, target):
    session = sessions[target]

    def fn():
        session.said = ""
        if script.is_example:
            result = examples.run(session, script)
        else:
            result = session.run_script(script)
        failures = result.failures
        if script.path.parent.name == "finaliser":
            # Frames are larger here and keep old pointers, so objects die later than these tests
            # expect. But nothing may crash.
            failures = [f for f in failures if f.case in ("exit", "exception", "check.end()")]
        elif not failures:
            true(result.passed + len(result.skips) > 0)
        if session.said:
            raise Failed(session.said)
        if failures:
            raise Failed("\n".join(f"{f.case}, line {f.line}: {f.detail}" for f in failures))

    fn.__name__ = f"{script.path.parent.name}/{script.path.stem}"
    if target.flavour:
        fn.__name__ += f", {target.flavour}"
    case(fn)


try:
    for target, session in sessions.items():
        session.start()
        session.env.update(SANITIZERS, MSGPACK=target.flavour)
    for script in scripts.collect([], ""):
        if script.path.parent.name not in (*natmods.FOLDERS, "examples"):
            continue
        for target in (TARGET, SMALL):
            if script.wants(target) and not script.wanted_in_vain(target):
                test(script, target)
        # With both, the tests are those of the full one once it has taken over.
        if script.path.stem == "handover":
            test(script, BOTH)
finally:
    shutil.rmtree(paths.SCRATCH, ignore_errors=True)

check.end()
