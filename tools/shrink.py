#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rewrites a package for bytecode that takes less RAM: the same program with other private names.

usage: shrink.py MPY_DIR PACKAGE OUT

MicroPython keeps every name for good, in some 14 bytes, unless its firmware has it. So private
attributes, and parameters of private functions, get names that each firmware has: those
that .mpy files refer to by number. They look odd (`self.KeyError`), so that no subclass of a
program has them. What is for CPython only is left
out, and the modules in BUNDLES become one, as a module takes some 250 bytes of its own.
"""

import ast
import copy
import sys
from collections import Counter
from pathlib import Path

# The files of a module, besides its own. They remain as modules that import from it, except for
# WHOLE, which others use without that module.
BUNDLES = {"link": ["line", "framing"], "client": ["rpc"]}
WHOLE = {"rpc"}

# Private attributes that keep their names: a test on boards looks at them.
KEPT = {"_registry"}
# Names that are not given: streams have them from the firmware.
NOT_GIVEN = {"self", "readline"}

FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef


def is_private(name):
    return name[:1] == "_" and name[:2] != "__"


def firmware_names(mpy_dir):
    """Names in every firmware, those first that no program gives to an attribute."""
    sys.path.insert(0, str(mpy_dir / "py"))
    import makeqstrdata

    names = [
        name
        for name in makeqstrdata.static_qstr_list
        if name.isidentifier() and name[:1] != "_" and name not in NOT_GIVEN
    ]
    return sorted(names, key=lambda name: (name[0].islower(), -len(name), name))


# What is for one implementation.


class Pruner(ast.NodeTransformer):
    """Leaves out what is for CPython only, and `const`, which the compiler knows."""

    def fold(self, node):
        """The branch of an `if`, or None if its condition is another."""
        test = node.test
        if isinstance(test, ast.Compare) and ast.unparse(test.left) == "sys.implementation.name":
            return node.body if test.comparators[0].value == "micropython" else node.orelse
        return None

    def visit_If(self, node):
        self.generic_visit(node)
        branch = self.fold(node)
        return node if branch is None else branch

    def visit_IfExp(self, node):
        self.generic_visit(node)
        branch = self.fold(node)
        return node if branch is None else branch

    def visit_Try(self, node):
        if isinstance(node.body[0], ast.ImportFrom) and node.body[0].module == "micropython":
            if [alias.name for alias in node.body[0].names] == ["const"]:
                return None
        self.generic_visit(node)
        return node

    def visit_ImportFrom(self, node):
        node.names = [alias for alias in node.names if alias.name != "const"]
        return node if node.names else None

    def visit_Module(self, node):
        self.generic_visit(node)
        used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        if "sys" not in used:
            node.body = [
                statement
                for statement in node.body
                if not (isinstance(statement, ast.Import) and statement.names[0].name == "sys")
            ]
        return node


# Modules that become one.


def constant_name(statement):
    """The name in `NAME = const(...)`, of which the compiler wants one only."""
    if isinstance(statement, ast.Assign) and ast.unparse(statement.value).startswith("const("):
        return statement.targets[0].id
    return None


def merged(body):
    """Puts the methods of a class without constructor into the class that inherits from it."""
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    gone = []
    for node in classes.values():
        for base in node.bases:
            parent = classes.get(getattr(base, "id", None))
            if parent and "__init__" not in [getattr(part, "name", "") for part in parent.body]:
                own = [getattr(part, "name", "") for part in node.body]
                node.body += [
                    copy.deepcopy(part)
                    for part in parent.body
                    if isinstance(part, FUNCTIONS) and part.name not in own
                ]
                node.bases.remove(base)
                gone.append(parent)
    return [node for node in body if node not in gone]


def bundle(trees):
    for name, parts in BUNDLES.items():
        body = []
        seen = {}
        for part in [*parts, name]:
            for statement in trees[part].body:
                constant = constant_name(statement)
                if constant in seen:
                    if ast.dump(statement) != seen[constant]:
                        raise SystemExit(f"shrink.py: {constant} of {part}.py has another value")
                    continue
                if constant:
                    seen[constant] = ast.dump(statement)
                if not (isinstance(statement, ast.ImportFrom) and statement.module in parts):
                    body.append(copy.deepcopy(statement) if part in WHOLE else statement)
        body = trees[name].body = merged(body)
        for part in parts:
            if part in WHOLE:
                continue
            left = [
                ast.alias(node.name)
                for node in trees[part].body
                if node in body and hasattr(node, "name")
            ]
            trees[part].body = [ast.ImportFrom(name, left, 1)] if left else []


# Attributes.


class Classes:
    """The private attributes of each family of classes: a class with its bases in the package."""

    def __init__(self, trees):
        self.found = {}
        for tree in trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    self.found[node.name] = node
        self.family = {name: name for name in self.found}
        for name, node in self.found.items():
            for base in node.bases:
                if isinstance(base, ast.Name) and base.id in self.found:
                    old, new = self.family[name], self.family[base.id]
                    self.family = {n: new if f == old else f for n, f in self.family.items()}
        self.methods = set()
        self.owners = {}  # Families of an attribute.
        self.kept = set()
        for name, node in self.found.items():
            functions = [part.name for part in node.body if isinstance(part, FUNCTIONS)]
            self.methods.update(functions)
            attributes = {
                part.attr
                for part in ast.walk(node)
                if isinstance(part, ast.Attribute)
                and isinstance(part.value, ast.Name)
                and part.value.id == "self"
                and isinstance(part.ctx, ast.Store)
            }
            attributes.update(functions)
            for attribute in attributes:
                self.owners.setdefault(attribute, set()).add(self.family[name])
            if "__getattr__" in functions:
                # Other names are those of remote objects.
                self.kept.update(attributes)


def variables(tree):
    """The names that a module has."""
    for statement in tree.body:
        if isinstance(statement, (ast.ClassDef, *FUNCTIONS)):
            yield statement.name
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.alias):
                yield node.asname or node.name
            elif isinstance(node, FUNCTIONS):
                yield node.name


def attribute_names(trees, names):
    """{private attribute: its new name}"""
    classes = Classes(trees)
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    public = {node.attr for node in nodes if isinstance(node, ast.Attribute)} | classes.methods
    # What a string or a module's variable may mean.
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    names_of_modules = {name for tree in trees.values() for name in variables(tree)}
    free = [name for name in names if name not in public]
    result = {}
    taken = {}  # Of each family.
    for name, families in sorted(classes.owners.items()):
        if not is_private(name) or name in KEPT | classes.kept | texts | names_of_modules:
            continue
        used = set().union(*(taken.setdefault(family, set()) for family in families))
        result[name] = next((new for new in free if new not in used), name)
        for family in families:
            taken[family].add(result[name])
    return result


class Attributes(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Attribute(self, node):
        self.generic_visit(node)
        node.attr = self.names.get(node.attr, node.attr)
        return node

    def visit_ClassDef(self, node):
        self.generic_visit(node)
        for part in node.body:
            if isinstance(part, FUNCTIONS):
                part.name = self.names.get(part.name, part.name)
        # They are there before the methods are, and would make the class's dict larger.
        node.body.insert(0, ast.parse("del __module__, __qualname__").body[0])
        return node


# Parameters.


class Parameters(ast.NodeVisitor):
    """Renames parameters in place. Those by keyword only become others, as their defaults would
    take a dict."""

    def __init__(self, tree, private, names):
        self.private = private  # New names of methods.
        # First those that the module has anyway.
        counts = Counter(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        self.names = [name for name, _ in counts.most_common()] + names
        self.keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}

    def visit_FunctionDef(self, node):
        if node.name == "__init__" or node.name[0] != "_" and node.name not in self.private:
            # A program may name them.
            self.rename(node, {arg.arg for arg in node.args.args + node.args.kwonlyargs})
        else:
            self.rename(node, set())
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.rename(node, set())
        self.generic_visit(node)

    def rename(self, function, promised):
        inner = [node for node in ast.walk(function) if node is not function]
        used = {node.id for node in inner if isinstance(node, ast.Name)}
        bound = set()  # In scopes within this one.
        for node in inner:
            if isinstance(node, (*FUNCTIONS, ast.Lambda)):
                bound.update(node.arg for node in ast.walk(node.args) if isinstance(node, ast.arg))
                bound.update(
                    name.id
                    for name in ast.walk(node)
                    if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
                )
            elif isinstance(node, ast.comprehension):
                bound.update(n.id for n in ast.walk(node.target) if isinstance(n, ast.Name))
        args = function.args
        if args.kwonlyargs and not args.vararg and None not in args.kw_defaults:
            args.args += args.kwonlyargs
            args.defaults += args.kw_defaults
            args.kwonlyargs, args.kw_defaults = [], []
        parameters = args.posonlyargs + args.args + args.kwonlyargs
        names = [parameter.arg for parameter in parameters]
        free = [n for n in self.names if n not in used | bound and n not in names]
        new = {}
        for parameter in parameters:
            name = parameter.arg
            if name in promised | self.keywords | bound or name in ("self", *self.names):
                continue
            new[name] = parameter.arg = free.pop(0)
        for node in inner:
            if isinstance(node, ast.Name):
                node.id = new.get(node.id, node.id)


def main():
    mpy_dir, package, out = map(Path, sys.argv[1:])
    trees = {file.stem: ast.parse(file.read_text()) for file in sorted(package.glob("*.py"))}
    for tree in trees.values():
        Pruner().visit(tree)
    names = firmware_names(mpy_dir)
    attributes = attribute_names(trees, names)
    bundle(trees)
    out.mkdir(parents=True, exist_ok=True)
    (out / "names").write_text("".join(f"{old} {new}\n" for old, new in attributes.items()))
    for name, tree in trees.items():
        Attributes(attributes).visit(tree)
        Parameters(tree, set(attributes.values()), names).visit(tree)
        text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        file = out / f"{name}.py"
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


if __name__ == "__main__":
    main()
