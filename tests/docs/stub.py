# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The arguments, bases and attributes in msgpack.pyi are those of the module. (Names of functions,
# classes and methods are compared by tests/compare/api.py.)

import ast
import re

from _documents import BUILD, INTERPRETER, TOP, prompt
from check import case, end, eq, skip, true

SOURCE = TOP / "natmod/msgpack"
STUB = ast.parse((SOURCE / "msgpack.pyi").read_text())
CLASSES = {
    node.name: node
    for node in STUB.body
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
}
ALIASES = {"dump": "pack", "dumps": "packb", "load": "unpack", "loads": "unpackb"}
# Positional arguments that each function can be called with.
POSITIONAL = {
    "pack": "1, Stream()",
    "packb": "1",
    "pack_into": "1, bytearray(9)",
    "unpack": "Stream(b'\\1')",
    "unpackb": "b'\\1'",
    "Packer": "",
    "Unpacker": "",
    "ExtType": "",
    "Timestamp": "",
}
# Arguments of methods, by their names in the stub.
METHODS = {"obj": "1", "n": "0", "pairs": "[]", "code": "1", "data": "b'abcd'"}
METHODS.update(seconds="1", nanoseconds="1")
# Arguments that cannot do without each other.
REQUIRED = {"ExtType": {"code": "1", "data": "b''"}, "Timestamp": {"seconds": "1"}}


def functions(body):
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def constructor(cls):
    return functions(CLASSES[cls].body)["__init__"]


def signatures():
    """The functions and constructors of the stub."""
    found = functions(STUB.body)
    found |= {alias: found[name] for alias, name in ALIASES.items()}
    found |= {n: constructor(n) for n in CLASSES if n in POSITIONAL}
    return found


def keywords(name, function):
    """Its {keyword: value to try it with}."""
    arguments = function.args
    found = {a.arg: ast.unparse(d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults)}
    defaults = [None] * len(arguments.args) + arguments.defaults
    for argument, default in zip(arguments.args[::-1], defaults[::-1]):
        if argument.arg != "self":
            found[argument.arg] = ast.unparse(default) if default else None
    return found | REQUIRED.get(name, {})


def ask(sources):
    """What the module's interpreter prints for each expression: a value or an exception."""
    for file in (INTERPRETER, BUILD / "x64/msgpack.mpy"):
        if not file.exists():
            skip(f"{file.relative_to(TOP)} has not been built")
    first = ["import msgpack\n", "from io import BytesIO as Stream\n", "obj = None\n"]
    return [output.strip() for output in prompt(first + sources)[len(first) :]]


def call(name, values):
    """A call with the keyword arguments `values`."""
    words = [f"{keyword}={value}" for keyword, value in values.items()]
    first = POSITIONAL[ALIASES.get(name, name)]
    return f"msgpack.{name}({', '.join(([first] if first else []) + words)})\n"


def refused(output):
    return output.startswith("TypeError: unexpected keyword argument")


@case
def every_function_and_class_is_tried():
    eq(set(signatures()), {*POSITIONAL, *ALIASES})


@case
def aliases():
    assigned = [
        n for n in STUB.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name)
    ]
    said = {node.targets[0].id: node.value.id for node in assigned}
    del said["_bytes"]
    outputs = ask(
        [f"msgpack.{a} is {'msgpack.' * (n in POSITIONAL)}{n}\n" for a, n in said.items()]
    )
    eq(set(outputs), {"True"})
    true(ALIASES.items() <= said.items())


@case
def keywords_of_the_stub():
    # All of them together, with the defaults that the stub says.
    calls = [call(name, keywords(name, node)) for name, node in signatures().items()]
    outputs = ask(calls)
    wrong = [(c, o) for c, o in zip(calls, outputs) if re.match(r"\w+(Error|Data)\b", o)]
    eq(wrong, [])


@case
def keywords_of_the_module():
    # Each that the source knows is in the stub, where the module takes it, and nowhere else.
    known = set(re.findall(r"NATMOD_NAME\(MP_QSTR_(\w+)\)", (SOURCE / "options.c").read_text()))
    known |= {"code", "data", "seconds", "nanoseconds"}
    true(len(known) > 25)
    for name, node in signatures().items():
        said = keywords(name, node)
        tried = sorted(known | set(said))
        values = {k: said.get(k) or "0" for k in tried}
        required = REQUIRED.get(name, {})
        outputs = ask([call(name, required | {k: values[k]}) for k in tried])
        taken = {k for k, output in zip(tried, outputs) if not refused(output)}
        eq((name, sorted(taken ^ set(said))), (name, []))


@case
def unknown_keywords():
    names = list(signatures())
    outputs = ask([call(n, REQUIRED.get(n, {}) | {"no_such": "1"}) for n in names])
    eq([n for n, output in zip(names, outputs) if not refused(output)], [])


@case
def arguments_of_methods():
    # As many as the stub says; one more is a TypeError.
    calls = []
    for cls, node in CLASSES.items():
        for name, method in functions(node.body).items():
            if name.startswith("__"):
                continue
            given = [METHODS[a.arg] for a in method.args.posonlyargs if a.arg != "self"]
            eq((cls, name, len(method.args.kwonlyargs)), (cls, name, 0))
            new = "" if method.decorator_list else "(1)" if cls == "Timestamp" else "()"
            for arguments in (given, given + ["1"]):
                calls.append(f"msgpack.{cls}{new}.{name}({', '.join(arguments)})\n")
    outputs = ask(calls)
    eq([c for c, output in zip(calls[::2], outputs[::2]) if "TypeError" in output], [])
    eq([c for c, output in zip(calls[1::2], outputs[1::2]) if "TypeError" not in output], [])


@case
def bases_of_exceptions():
    named = {n: [ast.unparse(b) for b in node.bases] for n, node in CLASSES.items()}
    errors = {n: bases for n, bases in named.items() if re.search("Exception|Error|Data|Full", n)}
    eq(len(errors), 6)
    outputs = ask([f"[c.__name__ for c in msgpack.{n}.__bases__]\n" for n in errors])
    eq(dict(zip(errors, outputs)), {n: str(bases) for n, bases in errors.items()})


@case
def attributes():
    made = {
        "ExtraData": "msgpack.ExtraData(1, b'2')",
        "ExtType": "msgpack.ExtType(1, b'2')",
        "Timestamp": "msgpack.Timestamp(1)",
    }
    said = {}
    for cls, node in CLASSES.items():
        names = [part.target.id for part in node.body if isinstance(part, ast.AnnAssign)]
        if names:
            said[cls] = names
    eq(sorted(said), sorted(made))
    sources = [f"{made[cls]}.{name} is not None\n" for cls in said for name in said[cls]]
    eq(set(ask(sources)), {"True"})


@case
def everything_is_described():
    bare = []
    for name, node in (CLASSES | functions(STUB.body)).items():
        if not ast.get_docstring(node):
            bare.append(name)
        if isinstance(node, ast.ClassDef):
            for method, part in functions(node.body).items():
                if (method == "__init__" or method[0] != "_") and not ast.get_docstring(part):
                    bare.append(f"{name}.{method}")
    eq(bare, [])


end()
