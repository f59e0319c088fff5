# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The check that each source begins with its SPDX line, and what adds it.

from _sandbox import Sandbox
from check import case, end, eq

LICENCE = "SPDX-License-Identifier: MIT"
# Sources without the line, and what they begin with afterwards.
FILES = {
    "a.c": ("int a;\n", f"// {LICENCE}\nint a;\n"),
    "a.h": ("", f"// {LICENCE}\n"),
    "a.py": ("#!/usr/bin/python3\nb\n", f"#!/usr/bin/python3\n# {LICENCE}\nb\n"),
    "a.mk": ("c = d\n", f"# {LICENCE}\nc = d\n"),
    "a.ld": ("MEMORY\n", f"/* {LICENCE} */\nMEMORY\n"),
}


@case
def files_without_it_are_named_and_mended():
    with Sandbox() as box:
        for name, (before, _) in FILES.items():
            box.write(name, before)
        status, output = box.run("tools/spdx.py", *FILES)
        eq((status, [line.split(":")[0] for line in output.splitlines()]), (1, list(FILES)))
        eq(box.run("tools/spdx.py", "--fix", *FILES), (0, ""))
        for name, (_, after) in FILES.items():
            eq(box.path(name).read_text(), after)
        eq(box.run("tools/spdx.py", *FILES), (0, ""))
        # Not the line of another licence, or below other lines.
        box.write("a.c", f"// {LICENCE}-0\nint a;\n")
        box.write("a.mk", f"c = d\n# {LICENCE}\n")
        status, output = box.run("tools/spdx.py", *FILES)
        eq((status, [line.split(":")[0] for line in output.splitlines()]), (1, ["a.c", "a.mk"]))


end()
