# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The names, values and arguments in ioctl.pyi are those of the module.

import ast

from _documents import BUILD, INTERPRETER, TOP, prompt
from check import case, end, eq, skip, true

STUB = ast.parse((TOP / "natmod/ioctl/ioctl.pyi").read_text())
CONSTANTS = {n.target.id: n.value.value for n in STUB.body if isinstance(n, ast.AnnAssign)}
(FUNCTION,) = (n for n in STUB.body if isinstance(n, ast.FunctionDef))


def ask(*sources):
    for file in (INTERPRETER, BUILD / "x64/ioctl.mpy"):
        if not file.exists():
            skip(f"{file.relative_to(TOP)} has not been built")
    return [s.strip() for s in prompt(["import io, ioctl\n", *(s + "\n" for s in sources)])[1:]]


@case
def constants():
    (output,) = ask("{n: getattr(ioctl, n) for n in dir(ioctl) if n.isupper()}")
    eq(ast.literal_eval(output), CONSTANTS)
    true(len(CONSTANTS) > 5)


@case
def other_names():
    (output,) = ask("[n for n in dir(ioctl) if not n.isupper() and n[0] != '_']")
    eq(sorted(ast.literal_eval(output)), sorted([FUNCTION.name, "version"]))


@case
def arguments():
    # As many as the stub says; one more or less is a TypeError, and so are keywords.
    names = [a.arg for a in FUNCTION.args.posonlyargs]
    default = len(FUNCTION.args.defaults)
    eq((len(FUNCTION.args.args), len(FUNCTION.args.kwonlyargs)), (0, 0))
    given = ["io.BytesIO()", "1"] + ["0"] * (len(names) - 2)
    for n in range(len(names) + 2):
        (output,) = ask(f"ioctl.ioctl({', '.join((given + ['0'])[:n])})")
        fits = len(names) - default <= n <= len(names)
        eq((n, output.startswith("TypeError")), (n, not fits))
    (output,) = ask(f"ioctl.ioctl({', '.join(given[:-1])}, {names[-1]}=0)")
    true(output.startswith("TypeError"))


@case
def everything_is_described():
    true(ast.get_docstring(STUB) and ast.get_docstring(FUNCTION))
    for node, after in zip(STUB.body, STUB.body[1:]):
        if isinstance(node, ast.AnnAssign):
            true(isinstance(after, ast.Expr) or print(node.target.id))


end()
