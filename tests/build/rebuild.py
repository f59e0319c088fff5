# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# After a change everything that depends on it is built again, and nothing else.

import os
import shutil
import sys

from _sandbox import MPY_DIR, SOURCE, Sandbox
from check import case, end, eq, true


def built(result):
    """What a make has compiled and linked, such as ["CC tiny.c", "LINK"]."""
    status, output = result
    true(status == 0 or print(output))
    words = [line.split() for line in output.splitlines() if line.startswith(("CC ", "LINK "))]
    return sorted("CC " + w[-1] if w[0] == "CC" else "LINK" for w in words)


ALL = ["CC context.c", "CC mem.c", "CC tiny.c", "LINK"]


def build(box, *arguments):
    return built(box.make_module("ARCH=armv7m", *arguments))


@case
def no_change():
    with Sandbox() as box:
        eq(built(box.make("ARCH=armv7m")), ALL)
        time = box.mpy.stat().st_mtime_ns
        eq(built(box.make("ARCH=armv7m")), [])
        eq(build(box), [])
        eq(box.mpy.stat().st_mtime_ns, time)


@case
def change():
    # The other cases build as the top Makefile does, but without it.
    with Sandbox() as box:
        eq(build(box), ALL)
        box.write("natmod/tiny/tiny.h", "#define ANSWER 43\n")
        eq(built(box.make("ARCH=armv7m")), ["CC tiny.c", "LINK"])
        eq(built(box.make("ARCH=armv7m", "CFLAGS_EXTRA=-DX=1")), ALL)


@case
def source():
    with Sandbox() as box:
        build(box)
        box.write("natmod/tiny/tiny.c", SOURCE.replace("ANSWER)", "ANSWER + 1)"))
        eq(build(box), ["CC tiny.c", "LINK"])


@case
def header_of_the_module():
    with Sandbox() as box:
        build(box)
        before = box.mpy.read_bytes()
        box.write("natmod/tiny/tiny.h", "#define ANSWER 43\n")
        eq(build(box), ["CC tiny.c", "LINK"])
        true(box.mpy.read_bytes() != before)
        eq(build(box), [])


@case
def shared_header_and_shared_source():
    with Sandbox() as box:
        build(box)
        os.utime(box.path("dynruntime/toolkit.h"))
        eq(build(box), ALL)
        os.utime(box.path("dynruntime/mem.c"))
        eq(build(box), ["CC mem.c", "LINK"])


@case
def new_name():
    with Sandbox() as box:
        build(box)
        box.write("natmod/tiny/tiny.c", SOURCE.replace("MP_QSTR_answer", "MP_QSTR_question"))
        eq(build(box), ALL)


@case
def flags():
    with Sandbox() as box:
        build(box)
        eq(build(box, "CFLAGS_EXTRA=-DX=1"), ALL)
        eq(build(box, "CFLAGS_EXTRA=-DX=1"), [])
        eq(build(box, "CFLAGS_EXTRA=-DX=2"), ALL)
        eq(build(box), ALL)


@case
def list_of_sources():
    with Sandbox() as box:
        build(box)
        before = box.mpy.read_bytes()
        box.write("natmod/tiny/more.c", "int more(int x);\nint more(int x) {\n    return x;\n}\n")
        makefile = box.path("natmod/tiny/Makefile").read_text()
        box.write("natmod/tiny/Makefile", makefile.replace("tiny.c", "tiny.c more.c"))
        eq(build(box), sorted([*ALL, "CC more.c"]))
        box.write("natmod/tiny/Makefile", makefile)
        eq(build(box), ALL)
        eq(box.mpy.read_bytes(), before)


@case
def failing_link():
    with Sandbox() as box:
        build(box)
        box.write("natmod/tiny/tiny.c", SOURCE.replace("(void)nm;", "void f(void *); f(nm);"))
        eq((box.make_module("ARCH=armv7m")[0], box.mpy.exists()), (2, False))
        box.write("natmod/tiny/tiny.c", SOURCE)
        eq(build(box), ["CC tiny.c", "LINK"])


# A Python that kills the build where it mends an object file, as that for RISC-V does.
KILLS = """\
#!/bin/sh
case "$*" in *mend_riscv.py*) kill -9 $PPID; exit 1 ;; esac
exec {} "$@"
"""


@case
def killed_before_an_object_file_is_mended():
    with Sandbox() as box:
        makefile = box.path("natmod/tiny/Makefile").read_text()
        box.write("natmod/tiny/Makefile", f"SMALL = yes\n{makefile}")
        box.write("python", KILLS.format(sys.executable))
        box.path("python").chmod(0o755)
        arguments = "ARCH=rv32imc", f"PYTHON={box.path('python')}"
        eq((box.make_module(*arguments)[0], list(box.top.rglob("*.mpy"))), (-9, []))
        eq(built(box.make_module("ARCH=rv32imc")), ["CC tiny", "LINK"])


@case
def compiler():
    with Sandbox() as box:
        build(box)
        for tool in ("gcc", "nm"):
            os.makedirs(box.path("other"), exist_ok=True)
            box.path(f"other/my-{tool}").symlink_to(shutil.which(f"arm-none-eabi-{tool}"))
        eq(build(box, f"CROSS={box.path('other')}/my-"), ALL)


@case
def tree():
    with Sandbox() as box:
        build(box)
        box.path("tree").symlink_to(MPY_DIR)
        eq(build(box, f"MPY_DIR={box.path('tree')}"), ALL)
        # The same place with another version in it, as after a git checkout.
        box.path("copy/tools").mkdir(parents=True)
        for name in os.listdir(MPY_DIR):
            if name not in ("py", "tools"):
                box.path(f"copy/{name}").symlink_to(os.path.join(MPY_DIR, name))
        shutil.copytree(os.path.join(MPY_DIR, "py"), box.path("copy/py"))
        box.path("copy/tools").rmdir()
        box.path("copy/tools").symlink_to(os.path.join(MPY_DIR, "tools"))
        copy = f"MPY_DIR={box.path('copy')}"
        eq(build(box, copy), ALL)
        eq(build(box, copy), [])
        with open(box.path("copy/py/mpconfig.h"), "a") as f:
            f.write("#undef MICROPY_VERSION_MICRO\n#define MICROPY_VERSION_MICRO 99\n")
        eq(build(box, copy), ALL)


@case
def architectures_do_not_share_objects():
    with Sandbox() as box:
        build(box)
        eq(built(box.make_module("ARCH=x64")), ALL)
        eq(build(box), [])
        eq(box.path("build/x64/tiny.mpy").read_bytes()[2] >> 2, 2)
        eq(box.mpy.read_bytes()[2] >> 2, 5)


@case
def in_parallel():
    with Sandbox() as box:
        eq(build(box, "-j4"), ALL)
        eq(build(box, "-j4"), [])


@case
def same_bytes_from_another_folder():
    files = []
    for _ in range(2):
        with Sandbox() as box:
            build(box)
            files.append(box.mpy.read_bytes())
    eq(files[0], files[1])


@case
def clean():
    with Sandbox() as box:
        build(box)
        box.write("build/deps/kept", "")
        eq(box.make("clean")[0], 0)
        eq(sorted(os.listdir(box.path("build"))), ["deps"])


end()
