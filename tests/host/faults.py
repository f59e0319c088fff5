# SPDX-License-Identifier: MIT
# Makes everything that can fail in the modules fail in turn, in the sanitizer interpreter, which
# counts allocations: see tests/support/inject.py. Stock firmware runs the same scripts and the
# same random programs of the finaliser.
# targets: host
# timeout: 900

import ast
import sys

sys.path.insert(0, "tests/host")

import check  # noqa: E402
from _tools import ASAN, OUT, TOP, Failed, interpreter, report, run  # noqa: E402
from check import case, eq, true  # noqa: E402
from runner import protocol, scripts  # noqa: E402

import natmods  # noqa: E402

# The heap is small, because each collection scans all of it.
HEAP = "512k"
SUPPORT = str(TOP / "tests/support")


@case
def build():
    interpreter()


def inject(script, flavour=""):
    """Run a script, whose cases must pass, maybe with another flavour of msgpack."""

    def fn():
        # Sections after a soft reset do not run here.
        source = scripts.read(TOP / "tests" / script).sections()[0]
        file = OUT / script.replace("/", "_")
        OUT.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
        command = [ASAN / "micropython", "-X", f"heapsize={HEAP}", file]
        target = f"unix-asan-{flavour}" if flavour else "unix-asan"
        status, output = run(
            command, 600, MICROPYPATH=SUPPORT, CHECK_TARGET=target, MSGPACK=flavour
        )
        if status != 0:
            raise Failed(f"status {status}\n" + report(output) + protocol.last(output))
        result = protocol.read(output, str(file), script)
        if result.failures:
            failures = result.failures
            raise Failed("\n".join(f"{f.case}, line {f.line}: {f.detail}" for f in failures))
        true(result.passed > 0)
        eq(len(result.notes), 1)
        check.note(f"{name}: {result.notes[0]}")

    name = f"{script}, {flavour}" if flavour else script
    fn.__name__ = name
    case(fn)


inject("msgpack/faults.py")
inject("msgpack/imports.py")
inject("msgpack/faults.py", "small")
inject("msgpack/imports.py", "small")
inject("finaliser/faults.py")
inject("ioctl/faults.py")
inject("finaliser/random_programs.py")


def documented(stub):
    """The names of functions, classes and their methods in a stub."""
    for node in ast.parse(stub.read_text()).body:
        if getattr(node, "name", "_").startswith("_"):
            continue
        yield node.name
        for inner in getattr(node, "body", []) if isinstance(node, ast.ClassDef) else []:
            if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("__"):
                yield f"{node.name}.{inner.name}"


def rows(script):
    """The names in the first arguments of a script's rows."""
    for node in ast.walk(ast.parse((TOP / "tests" / script).read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Row":
            if isinstance(node.args[0], ast.Constant):
                yield from node.args[0].value.split()


@case
def every_documented_function_has_a_row():
    for module in natmods.MODULES:
        names = list(documented(module.stub))
        true(names)
        eq(sorted(set(names) - set(rows(f"{module.folder.name}/faults.py"))), [])


check.end()
