# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# tools/release_check.py: its stamps, and what it says of each kind of failure. The steps take
# hours: here they are functions of the test's own, and debootstrap is a script.

import contextlib
import io
import os
import subprocess
import tempfile
from pathlib import Path

import _release  # noqa: F401  (which makes the tools importable)
from check import case, end, eq, raises, true

import release_check
from _sandbox import Sandbox
from release_check import Failed

GIT = "git -c user.name=test -c user.email=test@localhost"


@contextlib.contextmanager
def project(**steps):
    """A checkout with a file and these steps; main(*names) is its status and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        (top / "VERSION").write_text("1.2.3\n")
        (top / ".gitignore").write_text("build/\n")
        command = f"git init -q && git add . && {GIT} commit -qm first"
        subprocess.run(command, shell=True, check=True, cwd=top)
        names = {
            (release_check, "TOP"): top,
            (release_check, "FOLDER"): top / "build/release-check",
            (release_check, "STEPS"): steps,
            (release_check.parts, "TOP"): top,
            (release_check.parts, "STAMPS"): top / "build/test-long",
        }
        before = {key: getattr(*key) for key in names}
        for (module, name), value in names.items():
            setattr(module, name, value)
        try:
            yield top
        finally:
            for (module, name), value in before.items():
                setattr(module, name, value)


def main(*names):
    """What a run prints, and what it says at its end when something is wrong, or None."""
    printed = io.StringIO()
    wrong = None
    with contextlib.redirect_stdout(printed):
        try:
            release_check.main(list(names))
        except SystemExit as e:
            wrong = e.code
    return printed.getvalue(), wrong


def steps(calls, **broken):
    """Steps a and b, which note that they ran."""

    def step(name):
        def function():
            calls.append(name)
            if name in broken:
                broken[name]()
            return f"3 {name}s"

        function.__doc__ = f"does {name}"
        return function

    return {name: step(name) for name in "ab"}


def fail():
    raise Failed("it broke")


@case
def stamps():
    calls = []
    with project(**steps(calls)) as top:
        text, wrong = main()
        eq((calls, wrong), (["a", "b"], None))
        true("| does a | 3 as | 0 |" in text or print(text))
        # With the same tree nothing runs again, unless it is named.
        text, wrong = main()
        eq((calls, wrong), (["a", "b"], None))
        true("a: passed with this tree before" in text and "| does b | 3 bs | 0 |" in text)
        main("b")
        eq(calls, ["a", "b", "b"])
        eq((top / "build/release-check/report.md").read_text().split("\n")[0][:12], "v1.2.3, tree")
        # What is committed since is not what passed.
        (top / "VERSION").write_text("1.2.4\n")
        subprocess.run(f"{GIT} commit -qam second", shell=True, check=True, cwd=top)
        text, wrong = main("a")
        eq((calls, wrong), (["a", "b", "b", "a"], None))
        true("| does b | **not passed** | – |" in text and "not run yet: b" in text)


@case
def a_failing_step():
    calls = []
    with project(**steps(calls, a=fail)):
        for n in range(1, 3):
            text, wrong = main()
            # The others run all the same, once.
            eq((calls.count("a"), calls.count("b")), (n, 1))
            eq(wrong, "release-check: a: it broke")
            true("| does a | **not passed** | – |" in text)


@case
def a_stamp_goes_when_its_step_fails_later():
    with project(**steps([])):
        main()
        release_check.STEPS["a"] = steps([], a=fail)["a"]
        eq(main("a")[1], "release-check: a: it broke")
        true("a: passed with" not in main()[0])


@case
def the_parts_of_test_long():
    with project(**steps([])) as top:
        tree = release_check.parts.tree_hash()
        (top / "build/test-long/unix").write_text(
            '{"tree": "%s", "passed": 7, "skipped": 1, "minutes": 2}' % tree
        )
        (top / "build/test-long/boards").write_text(
            '{"tree": "another", "passed": 7, "skipped": 1, "minutes": 2}'
        )
        text, _ = main()
        true("| – part `unix` | 7 passed, 0 failed, 1 skipped | 2 |" in text)
        true("| – part `boards` | **not passed** | – |" in text)


@case
def what_is_not_committed():
    calls = []
    with project(**steps(calls)) as top:
        (top / "new").write_text("")
        text, wrong = main()
        eq(calls, [])
        true(wrong.startswith("release-check: not committed") and "?? new" in wrong)
        (top / "new").unlink()
        # A step that changes the tree has tested another one.
        change = steps(calls, a=lambda: (top / "VERSION").write_text("2\n"))
        release_check.STEPS["a"] = change["a"]
        eq(main("a")[1], "release-check: a: the tree has changed meanwhile")
        eq(list((top / "build/release-check").glob("*.json")), [])


@case
def unknown_step():
    with project(**steps([])):
        eq(main("c")[1], "release-check: no step 'c'; there are a, b")


@case
def two_releases():
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder, "one"), Path(folder, "other")
        for place in one, other:
            (place / "x64").mkdir(parents=True)
            (place / "x64/a.mpy").write_text("a")
            (place / "b").write_text("b")
        eq(release_check.compare(one, other), 2)
        (other / "b").write_text("c")
        (one / "x64/c").write_text("")
        (other / "d").write_text("")
        error = raises(Failed, release_check.compare, one, other)
        true(": b, d, x64/c (in" in str(error) or print(error))


@case
def commands():
    with project() as top:
        log = top / "build/log"
        os.environ["MPY_DIR"] = "another tree"
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            text = release_check.run("echo 1; echo 2 >&2; echo $MPY_DIR$MAKEFLAGS", log)
            eq((text, log.read_text()), ("1\n2\n\n", "1\n2\n\n"))
            true(shown.getvalue().endswith("\n1\n2\n\n"))
            error = raises(Failed, release_check.run, "echo no; exit 3", log)
        eq(str(error), f"echo no; exit 3: exit status 3; its output is {log}")
    eq(
        release_check.totals("1 passed, 1 failed\n...\n2 passed, 0 failed\nthe end\n"),
        "2 passed, 0 failed",
    )
    error = raises(Failed, release_check.totals, "a target: 2 passed, 0 failed in all\n")
    eq(str(error), "the tests did not get to their end")


@case
def the_chroot():
    with Sandbox() as box:
        path = box.fake_tools(id="echo 1000")
        status, output = box.run("tools/chroot.sh", "make", "root", PATH=path)
        eq((status, output), (1, "chroot.sh: a chroot is for root; run it with sudo\n"))
    with Sandbox() as box:
        path = box.fake_tools(
            id="echo 0", debootstrap="echo I: one; echo E: no such suite; exit 1"
        )
        box.write("tools/archive.sh", "#!/bin/sh\necho http://localhost/\n")
        status, output = box.run("tools/chroot.sh", "make", str(box.top / "root"), PATH=path)
        true(status == 1 and "debootstrap fails: E: no such suite (all output: " in output)
        status, output = box.run("tools/chroot.sh", "run", "nowhere", "id", PATH=path)
        eq((status, output), (1, "chroot.sh: there is no chroot in 'nowhere'\n"))
        for words in (), ("run", "root"), ("mend", "root"):
            status, output = box.run("tools/chroot.sh", *words, PATH=path)
            true(status == 2 and output.startswith("usage: chroot.sh make DIR"))


end()
