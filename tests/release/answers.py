# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# deploy.py, and install.py with it, and a board whose answers are not what was asked for: a part
# of an answer is another value, or is missing. None may end in a traceback.

import contextlib
import io

from _fake import ABOUT, LIB
from _release import MODULES, release
from check import case, end, true

import deploy
import deploy_role
import in_place
import natmods
import questions
import remote
import roles
import supply
import writing

PORT = "/dev/canned"


class Long(int):
    """A number that a board may write, and that Python makes no decimal text of."""

    def __repr__(self):
        return hex(self)


OTHERS = None, True, 5, -1, Long(1 << 20_000), 1.5, "x", b"x", [], (), {}, (1,), ["x"], {"x": 1}
GOOD = {"growth": 20_000, "file": "", "version": "0.1.0"}
FAILED = {"error": ("MemoryError", "memory allocation failed"), "free": 5000}


class Canned(remote.Mpremote):
    """A board that gives the same answers whatever was done."""

    def __init__(self, answers):
        super().__init__(PORT, 10, ["mpremote"])
        self.answers = answers

    def run(self, *words):
        for program, answer in self.answers.items():
            if str(words[-1]).endswith(program):
                return 0, f"@deploy {answer!r}\n"
        return 0, ""

    def too_old(self):
        return ""


class Built(supply.Tree):
    def get(self, arch, has_native, has_bytecode):
        """All is built."""


def said_of(answers, *words):
    """What deploy.py says: (whether it has done its work, all)."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            args = deploy.arguments(words)
            args.source = Built() if args.in_place else supply.Folder(release("", ("armv7m",)))
            deploy.deploy(args, Canned(answers))
        except remote.Failure as e:
            return False, f"{output.getvalue()}{e}\n"
    return True, output.getvalue()


def changed(answer):
    """All that come of an answer if one part of it is another value, or is missing."""
    yield from OTHERS
    if isinstance(answer, dict):
        for key, value in answer.items():
            rest = {k: v for k, v in answer.items() if k != key}
            yield rest
            yield from ({**rest, key: other} for other in changed(value))
    elif isinstance(answer, (list, tuple)):
        for i, value in enumerate(answer):
            before, after = answer[:i], answer[i + 1 :]
            yield before + after
            for other in changed(value):
                yield before + type(answer)([other]) + after


def survives(answers, *words):
    """Each changed answer is refused, or used without an exception."""
    done, output = said_of(answers, *words)
    true(done or print(output))
    refused = 0
    for program, answer in answers.items():
        for other in changed(answer):
            try:
                refused += not said_of({**answers, program: other}, *words)[0]
            except Exception as e:
                raise AssertionError(f"{words}: {other!r}: {e!r}") from e
    true(refused > 20 or print(refused))


def imports(*names):
    return {name: {**GOOD, "file": f"{LIB}/{name.replace('.', '/')}.mpy"} for name in names}


@case
def an_installation():
    results = imports(*MODULES)
    survives(
        {questions.ASK: ABOUT, questions.IMPORT: results, writing.FINISH: []}, "--force", PORT
    )


@case
def an_import_that_fails():
    # The small flavour is imported first, and then there is no answer about the full one.
    answers = {
        questions.ASK: {**ABOUT, "ram": 1000},
        questions.IMPORT: {"msgpack": FAILED},
        writing.FINISH: [],
    }
    done, output = said_of(answers, "--full", "--small", "--force", PORT, "msgpack")
    true("import msgpack says 'MemoryError: memory" in output or print(output))
    true(not done)
    for other in changed({"msgpack": FAILED}):
        said_of(
            {**answers, questions.IMPORT: other}, "--full", "--small", "--force", PORT, "msgpack"
        )


@case
def a_side_of_the_coprocessor():
    parts = [f"coprocessor.{name}" for part in deploy_role.PARTS["client"] for name in part]
    results = imports(*roles.ROLES["client"].native, *parts)
    answers = {
        questions.ASK: ABOUT,
        deploy_role.LOOK: ["machine.UART"],
        questions.IMPORT: results,
        writing.FINISH: [],
    }
    survives(answers, "--role", "client", "--force", PORT)
    answers[deploy_role.LOOK] += deploy_role.NETWORK
    survives(answers, "--role", "server", "--dry-run", PORT)


@case
def code_in_flash():
    results = imports("msgpack")
    results["msgpack"]["version"] += deploy.ENDS[natmods.IN_PLACE]
    mpy = natmods.built(supply.BUILD, "armv7m", "msgpack", natmods.IN_PLACE)
    block = in_place.block_place(f"{LIB}/msgpack.mpy") + writing.NEW
    digest = in_place.Block(natmods.block(mpy), block).digest
    answers = {
        questions.ASK: ABOUT,
        in_place.LOOK: {"flash": True, "littlefs": True, "files": {block: (digest, 1, True)}},
        questions.IMPORT: results,
        writing.FINISH: [],
    }
    survives(answers, "--in-place", "--force", PORT, "msgpack")


@case
def listing_and_removing():
    found = [("/lib/msgpack.mpy", 100, "12", "full"), ("/lib/network.py", 10, "12", "full")]
    about = {questions.ASK: {**ABOUT, "found": ABOUT["found"] + found}}
    survives(about, "--list", PORT)
    survives({**about, remote.REMOVE[-60:]: []}, "--remove", PORT, "msgpack")


end()
