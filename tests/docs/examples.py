# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# The examples in the modules' documents print what the documents say.

import re

from _documents import BOARD, BUILD, INTERPRETER, TOP, alike, examples, program, prompt, statements
from check import case, end, eq, skip, true

import natmods

DOCUMENTS = [f"natmod/{folder}/README.md" for folder in natmods.FOLDERS]
DOCUMENTS += ["docs/migrating.md"]
MODULES = {
    "unix": [BUILD / "x64" / f"{name}.mpy" for name in natmods.NAMES],
    "board": [BUILD / "armv7m" / f"{name}.mpy" for name in natmods.NAMES],
}


def there(where):
    interpreter = INTERPRETER if where == "unix" else BUILD / BOARD / "firmware.elf"
    for file in (interpreter, *MODULES[where]):
        if not file.exists():
            skip(f"{file.relative_to(TOP)} has not been built")


def run_sessions(document, sessions):
    there("unix")
    todo = [statement for session in sessions for statement in statements(session)]
    outputs = prompt([source for _, source, _ in todo])
    for (line, source, expected), output in zip(todo, outputs):
        # Compared with the source, so that a failure shows which statement it is.
        eq((line, source, output), (line, source, expected))


def run_program(example):
    there("board" if example.kind == "board" else "unix")
    output = program(example)
    if example.kind != "board" or not alike(output, example.output):
        eq(output, example.output)


def add(name, fn, *args):
    def run():
        fn(*args)

    run.__name__ = name
    case(run)


@case
def documents_have_examples():
    for document in DOCUMENTS:
        true(len(examples(TOP / document)) > 1)
    true(len(examples(TOP / "natmod/msgpack/README.md")) > 10)


@case
def links():
    wrong = []
    for document in DOCUMENTS:
        path = TOP / document
        text = path.read_text() if path.exists() else ""
        titles = re.findall(r"^#+ (.*)$", text, re.M)
        anchors = {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles}
        for link in re.findall(r"\]\(([^)]+)\)", text):
            file, _, anchor = link.partition("#")
            if not (link.startswith("https://") or (path.parent / file).exists()):
                wrong.append((document, link))
            if not file and anchor not in anchors:
                wrong.append((document, link))
    eq(wrong, [])


for document in DOCUMENTS:
    found = examples(TOP / document)
    sessions = [e for e in found if e.kind == "session"]
    if sessions:
        add(f"{document} sessions", run_sessions, document, sessions)
    for example in found:
        if example.kind != "session":
            add(f"{document}:{example.line}", run_program, example)

end()
