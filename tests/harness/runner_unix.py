# SPDX-License-Identifier: MIT
# The runner must fail when it should: here on the unix interpreter.

import os
import re
import sys

import check
from lib import nested
from lib.nested import contains
from check import case, eq, true

sys.path.insert(0, os.path.dirname(nested.RUN))

from runner import paths, scripts, targets  # noqa: E402

TARGET = "unix-x64"


def outcome(expected, *fixtures, status=1):
    """Run fixtures; the totals must be as expected. Returns the output."""
    got, output = nested.run("--target", TARGET, *nested.fixtures(*fixtures))
    eq(output.splitlines()[-1], expected)
    eq(got, status)
    return output


@case
def failing_case():
    output = outcome("1 passed, 1 failed", "failing_eq")
    contains(output, "FAIL  unix-x64  tests/harness/fixtures/failing_eq.py:14  bad")
    contains(output, "AssertionError: got 42, expected 'forty-two'")


@case
def script_that_never_ends_its_cases():
    contains(outcome("1 passed, 1 failed", "no_end"), "did not reach check.end()")
    outcome("1 passed, 1 failed", "early_exit")


@case
def script_without_a_case():
    contains(outcome("0 passed, 1 failed", "no_case"), "has no case")


@case
def exception_outside_of_cases():
    output = outcome("1 passed, 1 failed", "uncaught")
    contains(output, "fixtures/uncaught.py:12  exception")
    contains(output, "ValueError: outside of any case")
    contains(
        outcome("0 passed, 1 failed", "syntax_error"), "fixtures/syntax_error.py:5  exception"
    )


@case
def hang():
    output = outcome("1 passed, 1 failed", "hang")
    contains(output, "timeout: the script hangs")


@case
def crash():
    contains(outcome("1 passed, 1 failed", "fault"), "killed by SIGSEGV")


@case
def totals_that_do_not_agree():
    contains(outcome("1 passed, 1 failed", "miscounted"), "counted 1 0 0, the script says 2 0 0")


@case
def skips_are_counted_and_named():
    output = outcome("1 passed, 0 failed, 1 skipped", "skipping", status=0)
    contains(output, "not_here: no such thing here")


@case
def the_run_goes_on():
    outcome("3 passed, 2 failed, 1 skipped", "hang", "failing_eq", "skipping")


@case
def nothing_to_run():
    status, output = nested.run("--target", TARGET, "-k", "no file has this name")
    eq(output.splitlines()[-1], "0 passed, 0 failed")
    true(status != 0)


@case
def unknown_target():
    status, output = nested.run("--target", "mps2-an999")
    eq(status, 2)
    eq(len(output.splitlines()), 1)
    contains(output, "unknown TARGET mps2-an999; known are: mps2-an385/armv7m")


@case
def unknown_directive():
    status, output = nested.run(*nested.fixtures("bad_directive"))
    eq(status, 2)
    contains(output, "unknown directive 'need'")


@case
def what_a_script_wants_of_the_firmware():
    status, output = nested.run(*nested.fixtures("bad_wants"))
    eq(status, 2)
    contains(output, "wants {'floots'}; known: ['floats', ")
    for target, runs in ((TARGET, True), ("unix-x64-nofloat", False)):
        options = ("--list", "--target", target, *nested.fixtures("wants_floats", "no_case"))
        status, output = nested.run(*options)
        contains(output, "no_case.py")
        eq("wants_floats.py" in output, runs)


@case
def when_a_script_counts_as_hanging():
    for directives, seconds in (
        ({}, 60),
        ({"targets": "unix-* host"}, 60),
        ({"targets": "host"}, 600),
        ({"targets": "host", "timeout": "900"}, 900),
    ):
        script = scripts.Script(paths.TESTS / "link/any.py", "", directives)
        eq((directives, script.timeout), (directives, seconds))
    own = paths.TESTS / "harness/any.py"
    eq(scripts.Script(own, "").timeout, 600)
    eq(scripts.Script(own, "", {"targets": "mps2-*"}).timeout, 60)


@case
def what_a_script_needs_of_the_modules():
    (script,) = scripts.collect(nested.fixtures("needs_file"), "")
    builtin = next(t for t in targets.TARGETS if t.board == "unix-x64-builtin")
    eq(script.needs, ["msgpack"])
    eq(script.wanted_in_vain(builtin), "the modules' files: they are built in")
    script.directives["needs"] = "file"
    eq(script.needs, list(scripts.MODULES))
    script.directives["needs"] = "msgpack"
    eq(script.wanted_in_vain(builtin), "")
    for target, runs in ((TARGET, True), (builtin.name, False)):
        options = ("--list", "--target", target, *nested.fixtures("needs_file", "no_case"))
        status, output = nested.run(*options)
        contains(output, "no_case.py")
        eq("needs_file.py" in output, runs)
    # It runs what the target runs that it is made of.
    for pattern in ("unix-*", "unix-x64", "unix-x64/x64", "*-builtin"):
        true(builtin.matches(pattern))
    true(not builtin.matches("mps2-an385/armv7m"))


@case
def flavours_of_a_module():
    def runs(target):
        status, output = nested.run("--list", "--target", target)
        eq(status, 0)
        return [line.split()[1] for line in output.splitlines()]

    small, both = runs("unix-x64-small"), runs("unix-x64-both")
    # Only what is about the module that has them, or uses it.
    eq({name.split("/")[-2] for name in small + both}, {"msgpack", "coprocessor", "examples"})
    for name, of_small, of_both in (
        ("tests/msgpack/basic.py", True, True),
        ("tests/msgpack/handover.py", True, True),
        ("tests/msgpack/pack_into.py", False, True),
        ("tests/msgpack/unload.py", True, False),
        ("examples/messagepack.py", True, True),
        ("examples/finaliser.py", False, False),
    ):
        eq((name, name in small, name in both), (name, of_small, of_both))
    (target,) = targets.select(["mps2-an385-both/armv7m"])
    # It runs what the target runs that it is made of.
    for pattern in ("mps2-*", "mps2-an385", "mps2-an385/armv7m", "*-both", "mps2-an385-both"):
        true(target.matches(pattern))
    for pattern in ("mps2-an385/armv6m", "*-*-*", "*-small", "unix-*"):
        true(not target.matches(pattern))
    script = os.path.join(os.path.dirname(nested.RUN), "msgpack/bins.py")
    skip = "old_raw_format: the small flavour has no use_bin_type"
    for target, there in (("unix-x64-small", True), ("unix-x64-both", False), (TARGET, False)):
        status, output = nested.run("--target", target, script)
        eq((target, status, skip in output), (target, 0, there))


@case
def targets_that_take_too_long():
    env = {k: v for k, v in os.environ.items() if k != "TEST_LONG"}
    for more, there in (({}, False), ({"TEST_LONG": "1"}, True)):
        output = nested.run("--list", *nested.fixtures("no_case"), env=dict(env, **more))[1]
        contains(output, "unix-x64-gil")
        eq("unix-x64-pystack" in output, there)


@case
def scripts_that_take_too_long():
    env = {k: v for k, v in os.environ.items() if k != "TEST_LONG"}
    file = os.path.join(os.path.dirname(nested.RUN), "msgpack/lowmem.py")
    for choice, more, there in (
        (["-k", "msgpack/lowmem.py"], {}, False),
        (["-k", "msgpack/lowmem.py"], {"TEST_LONG": "1"}, True),
        ([file], {}, True),
    ):
        output = nested.run("--list", *choice, env=dict(env, **more))[1]
        contains(output, "unix-x86")
        eq("mps2-an386" in output, there)


@case
def missing_file():
    status, output = nested.run("no/such/file.py")
    eq(status, 2)
    contains(output, "no/such/file.py")


@case
def missing_module():
    options = ("--target", TARGET, "--arch", "sparc", *nested.fixtures("imports_msgpack"))
    status, output = nested.run(*options)
    eq(status, 1)
    contains(output, "build/sparc/msgpack.mpy is missing: make ARCH=sparc builds it")
    eq(output.splitlines()[-1], "0 passed, 1 failed")


@case
def wrong_architecture():
    options = ("--target", TARGET, "--arch", "armv7m", *nested.fixtures("imports_msgpack"))
    status, output = nested.run(*options)
    eq(status, 1)
    contains(output, "incompatible .mpy")


@case
def missing_tool():
    """Without QEMU a developer's run says so and goes on; in CI it is a failure."""
    fixture = nested.fixtures("failing_eq")
    without = dict(os.environ, PATH="/nonexistent", CI="")
    status, output = nested.run("--target", "mps2-an386", *fixture, env=without)
    contains(output, "qemu-system-arm is missing: make setup")
    eq(output.splitlines()[-1], "0 passed, 0 failed, 1 skipped")
    true(status != 0)
    status, output = nested.run("--target", "mps2-an386", *fixture, env=dict(without, CI="true"))
    eq(output.splitlines()[-1], "0 passed, 1 failed")
    eq(status, 1)


@case
def newer_micropython():
    """It is tested like the other, unless no archive has it: then even CI goes on."""
    options = ("--target", "next-unix-x64", *nested.fixtures("failing_eq"))
    contains(nested.run("--list", *nested.fixtures("failing_eq"))[1], "next-unix-x64")
    env = dict(os.environ, CI="true", MPY_NEXT="/nonexistent")
    status, output = nested.run(*options, env=env)
    contains(output, "no newer MicroPython in /nonexistent; make setup looks for one")
    eq(output.splitlines()[-1], "0 passed, 0 failed, 1 skipped")
    true(status != 0)


@case
def missing_mpremote():
    env = dict(os.environ, MPREMOTE="/nonexistent/mpremote", CI="true")
    options = ("--target", "mps2-an385/armv7m", *nested.fixtures("failing_eq"))
    status, output = nested.run(*options, env=env)
    contains(output, "mpremote does not run")
    contains(output, "make setup")
    eq(output.splitlines()[-1], "0 passed, 1 failed")
    eq(status, 1)


@case
def environment():
    """A test may run another make."""
    make = {"MAKEFLAGS": " -- PART=host V=1", "MAKELEVEL": "1", "PART": "host", "V": "1"}
    env = dict(os.environ, MPY_DIR="/a/tree", **make)
    options = ("--target", "cpython", *nested.fixtures("environment"))
    status, output = nested.run(*options, env=env)
    contains(output, "1 passed, 0 failed")
    eq(status, 0)


@case
def folder_for_files():
    """Targets that run at once do not share the files that scripts write."""
    names = ["unix-x64", "unix-x86"]
    status, output = nested.run("--target", ",".join(names), *nested.fixtures("folder"))
    eq(status, 0)
    found = re.findall(r"^(\S+) .*: 1 passed, (.+/) \(", output, re.M)
    eq([name for name, folder in sorted(found) if f"/{name}/" in folder], names)


@case
def program():
    options = ("--target", TARGET, "--program", *nested.fixtures("_program"))
    eq(nested.run(*options), (0, "hello\nfrom a program\n"))
    options = ("--target", TARGET, "--program", *nested.fixtures("uncaught"))
    status, output = nested.run(*options)
    eq(status, 1)
    contains(output, "ValueError: outside of any case")


check.end()
