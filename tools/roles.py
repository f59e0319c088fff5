# SPDX-License-Identifier: MIT
"""The two sides of coprocessor/: the files and native modules of each, for dist.py and deploy.py.

A side has the modules that its programs import and what these import, as the compiled sources say.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

import natmods

TOP = Path(__file__).resolve().parents[1]
PACKAGE = "coprocessor"
SOURCES = TOP / PACKAGE
OLDEST = (1, 25)
ABI = "6"  # The version of .mpy files with bytecode, whatever the architecture.

# The package's own modules, and the names under which programs find the client's modules on
# firmware that has none of its own.
if natmods.RELEASE:
    OWN = tuple(natmods.RELEASE["coprocessor"])
    DROP_IN = tuple(natmods.RELEASE["drop_in"])
else:
    OWN = tuple(sorted(path.stem for path in SOURCES.glob("*.py")))
    DROP_IN = tuple(sorted(path.stem for path in SOURCES.glob("drop-in/*.py")))


@dataclass(frozen=True)
class Role:
    imported: tuple  # By programs.
    native: tuple  # Native modules, which is for a test to check.
    without: tuple = ()  # What would be imported only for the other side.


BOTH = "aio", "link", "line", "mailbox"
ROLES = {
    "client": Role(
        ("socket", "ssl", "tls", "network", "client", *BOTH),
        ("finaliserproxy", "msgpack"),
    ),
    # start() is in the package's own file.
    "server": Role(("netserver", "server", *BOTH), ("msgpack",), ("socket",)),
}


def imports(source):
    """(modules of the package, other modules) that a file imports, wherever it does."""
    own, others = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            # `from . import name` may mean a module or a name of __init__.
            own.update([node.module] if node.module else [alias.name for alias in node.names])
        elif isinstance(node, ast.ImportFrom):
            others.add(node.module)
        elif isinstance(node, ast.Import):
            others.update(alias.name for alias in node.names)
    return own, others


def needs(build, role):
    """(modules of the package, native modules) that the role needs, both sorted."""
    sources = {path.stem: path.read_text() for path in Path(build, "obj", PACKAGE).glob("*.py")}
    found, native = set(), set()
    todo = {"__init__", *ROLES[role].imported}
    while todo:
        name = todo.pop()
        found.add(name)
        own, others = imports(sources.get(name, ""))
        native |= others & set(natmods.NAMES)
        todo |= (own & set(sources)) - found - set(ROLES[role].without)
    return sorted(found), sorted(native)


def file(name):
    """The name of a module's file, in a release and in the board's lib folder."""
    return f"{PACKAGE}/{name}.mpy"


def drop_in(name):
    """The file in a release for programs that import this name."""
    return f"{PACKAGE}/drop-in/{name}.py"


def package(role):
    """What mip and index.json call the files of a role; "drop-in" is one, too."""
    return f"{PACKAGE}-{role}"
