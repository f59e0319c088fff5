# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Stubs of Python files have the functions and arguments of their sources, and all methods of each
# class.

import ast

from _documents import TOP
from check import case, end, eq, true

STUBS = [
    stub
    for folder in ("coprocessor", "natmod/msgpack", "installer")
    for stub in sorted((TOP / folder).glob("*.pyi"))
    if stub.with_suffix(".py").exists()
]
FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef


def is_public(name):
    return name[0] != "_" or name[:2] == "__"


def arguments(function):
    args = function.args
    # By whichever name, these are given by position.
    names = ["/"] * len(args.posonlyargs) + [a.arg for a in args.args]
    optional = len(args.defaults)
    return {
        "names": names,
        "optional": optional,
        "keywords": sorted(a.arg for a in args.kwonlyargs),
        "rest": (args.vararg is not None, args.kwarg is not None),
        "is_async": isinstance(function, ast.AsyncFunctionDef),
    }


def functions(body, prefix=""):
    """{path: what can be called}, of classes' methods, too."""
    found = {}
    for node in body:
        if isinstance(node, FUNCTIONS) and is_public(node.name):
            found[prefix + node.name] = arguments(node)
        elif isinstance(node, ast.ClassDef) and is_public(node.name):
            found.update(functions(node.body, f"{prefix}{node.name}."))
    return found


def fits(source, given):
    """The stub may leave out optional arguments at the end, which are for the package itself, and
    list the keywords of a function that passes them on."""
    if source is None or source["is_async"] != given["is_async"]:
        return False
    names = source["names"][: len(given["names"])]
    left_out = len(source["names"]) - len(names)
    if source["optional"] - left_out != given["optional"]:
        return False
    if any(name not in (other, "/") for name, other in zip(given["names"], names)):
        return False
    if source["rest"][1]:
        same = set(source["keywords"]) <= set(given["keywords"])
    else:
        same = (source["keywords"], source["rest"]) == (given["keywords"], given["rest"])
    return same and len(names) == len(given["names"])


def read(path):
    return ast.parse(path.read_text()).body


@case
def same_functions():
    true(len(STUBS) > 5)
    for stub in STUBS:
        source = functions(read(stub.with_suffix(".py")))
        described = functions(read(stub))
        wrong = [
            (stub.name, name, source.get(name))
            for name, given in described.items()
            if not fits(source.get(name), given)
        ]
        eq(wrong, [])


@case
def all_methods():
    for stub in STUBS:
        described = functions(read(stub))
        classes = {node.name for node in read(stub) if isinstance(node, ast.ClassDef)}
        missing = [
            name
            for name in functions(read(stub.with_suffix(".py")))
            if name not in described and name.split(".")[0] in classes
        ]
        eq((stub.name, missing), (stub.name, []))


end()
