# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# A module that is added: its folder is all that build, deploy, runner and sizes ask for.

import sys
from types import SimpleNamespace

from _sandbox import MAKEFILE, TOP, Sandbox
from check import case, end, eq, true

for folder in ("tests", "tests/release"):
    sys.path.append(str(TOP / folder))

import _fake  # noqa: E402
from runner.install import find_mpremote  # noqa: E402

import natmods  # noqa: E402

ARMV7M = 6 | 3 << 8 | 5 << 10  # What sys.implementation._mpy is there.


def add_hello(box):
    """Add natmod/hello to the scratch tree."""
    box.write("natmod/hello/Makefile", MAKEFILE.replace("tiny", "hello"))
    box.write("natmod/hello/hello.c", box.path("natmod/tiny/tiny.c").read_text())
    box.write("natmod/hello/tiny.h", "#define ANSWER 43\n")


@case
def found_in_the_tree():
    with Sandbox() as box:
        add_hello(box)
        eq([m.name for m in natmods.find(box.top)], ["hello", "tiny"])
        eq(box.run("tools/natmods.py"), (0, "hello tiny\n"))
        # The module's name is the Makefile's, not the folder's.
        box.write("natmod/other/Makefile", "# A module.\nMOD := nam3d\n")
        eq([m.name for m in natmods.find(box.top)], ["hello", "nam3d", "tiny"])
        eq(natmods.find(box.top)[1].stub, box.path("natmod/other/nam3d.pyi"))
        box.write("natmod/other/Makefile", "SRC = other.c\n")
        status, output = box.run("tools/natmods.py")
        eq((status, output.count("\n"), "does not set MOD" in output), (1, 1, True))


@case
def built_deployed_and_measured():
    with Sandbox() as box:
        add_hello(box)
        status, output = box.make("ARCH=armv7m")
        eq((status, box.path("build/armv7m/hello.mpy").exists()), (0, True))
        true("hello           armv7m" in output or print(output))

        module = SimpleNamespace(__version__="1", __file__="/lib/hello.mpy")
        fake = _fake.Board(_fake.implementation((1, 25, 0, ""), ARMV7M), hello=module)
        environment = {"MPREMOTE": " ".join(find_mpremote())}
        deploy = "tools/deploy.py", "--from", "build"
        with fake as board:
            status, output = box.run(*deploy, board.pty, "hello", **environment)
        eq((status, "hello: version 1 works" in output), (0, True) if status == 0 else output)
        data = box.path("build/armv7m/hello.mpy").read_bytes()
        eq(fake.files, {"/lib/hello.mpy": data})
        status, output = box.run(*deploy, "/dev/ttyNONE", "helo")
        true("unknown module helo; known are: hello tiny\n" in output or print(output))

        status, output = box.run("bench/size.py", "--static", "armv7m")
        true("size: armv7m hello: mpy has no budget\n" in output or print(output))


@case
def with_a_small_flavour():
    with Sandbox() as box:
        add_hello(box)
        box.write("natmod/hello/small/hello.c", box.path("natmod/hello/hello.c").read_text())
        box.write("natmod/hello/small/tiny.h", "#define ANSWER 44\n")
        makefile = "MOD = hello\nSRC = hello.c\nBUILD_DIR = ../../../build/small\n"
        box.write("natmod/hello/small/Makefile", makefile + "include ../../module.mk\n")
        eq(box.run("tools/natmods.py", "small"), (0, "hello\n"))

        small, full, plain = (
            box.path(f"build/{name}.mpy")
            for name in ("small/armv7m/hello", "small/armv7m/hello_full", "armv7m/hello")
        )
        for answer in (43, 45):
            # What is built anew is copied anew.
            box.write("natmod/hello/tiny.h", f"#define ANSWER {answer}\n")
            status, output = box.make("ARCH=armv7m")
            true("hello-small     armv7m" in output or print(output))
            eq((status, full.read_bytes() == plain.read_bytes()), (0, True))
            eq(small.read_bytes() == plain.read_bytes(), False)
        status, output = box.run("bench/size.py", "--static", "armv7m")
        true("size: armv7m hello-small: mpy has no budget\n" in output or print(output))


@case
def known_to_the_runner():
    with Sandbox() as box:
        add_hello(box)
        for folder in ("harness", "build"):
            box.path(f"tests/{folder}").mkdir()
        box.write("tests/hello/first.py", "# needs: hello\nimport hello\n")
        box.write("tests/hello/second.py", "import hello, tiny\n")
        box.write("tests/other/third.py", "import hello\n")
        status, output = box.run("tests/run.py", "--list", "--target", "unix-x64")
        names = [line.split()[1] for line in output.splitlines()]
        eq((status, names), (0, ["tests/hello/first.py", "tests/hello/second.py"]))
        show = (
            "import sys; sys.path.insert(0, 'tests')\n"
            "from runner import main, scripts, targets\n"
            "main.unix.Session = lambda target, needs, icount: print(needs)\n"
            "for file in ('first', 'second'):\n"
            "    script = scripts.read(f'tests/hello/{file}.py')\n"
            "    args = main.arguments([])\n"
            "    main.open_session(args, targets.select(['unix-x64'])[0], [script])\n"
        )
        eq(box.run(sys.executable, "-c", show), (0, "['hello']\n['hello', 'tiny']\n"))


end()
