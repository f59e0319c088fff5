# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# What the parts of msgpack take, and what bench/README.md says of it.

import re

from _bench import TOP
import check
from check import case, end, eq, raises, true

import parts
import size


def said(name):
    text = (TOP / "bench/README.md").read_text()
    (figure,) = re.findall(rf"^\| {name} \| ([0-9,]+) \|$", text, re.MULTILINE)
    return int(figure.replace(",", ""))


def near(found, figure):
    """Names come in chunks, and when a new one is needed depends on the path too."""
    return abs(found - figure) <= size.CHUNK


@case
def parts_take_what_is_said():
    for name, *variant in parts.VARIANTS:
        # Each is a build of its own.
        if (
            name.startswith("packb and unpackb alone, for size")
            or check.long
            and "for size" in name
        ):
            found = parts.measure(*variant)
            true(near(found, said(name)))
            true(found > size.WANTED["msgpack"])


@case
def all_is_what_make_size_says():
    budget = size.json.loads(size.BUDGET.read_text())
    true(near(said("all"), budget["armv7m"]["msgpack"]["import"]))


@case
def sources_that_have_changed():
    parts.copy()
    raises(parts.Failed, parts.replace, "Makefile", "^no such line$", "", 1)
    eq(parts.replace("VERSION", r"^[0-9.]+$", "9", 1), None)
    eq((parts.COPY / "VERSION").read_text(), "9\n")


end()
