# SPDX-License-Identifier: MIT
"""Runs scripts on a real board at a serial port, and leaves the board as it was."""

import binascii
import re
import time

from . import asking, qemu, serial_port
from .install import support_files
from .paste import PasteRepl
from .paths import MODULES
from .protocol import Result
from .rawrepl import Died

import deploy
import questions
import remote

FOLDER = "natmods-test"
# Says whose the folder is.
MARK = "made-by-make-test-board"
# What may be written to the board's flash in a run, and what a script takes that writes files.
LIMIT = 500_000
OF_A_WRITER = 8192
WRITES = re.compile(r"""(?<![.\w])open\([^)\n]*["'](?=[rwxab+]*[wxa+])[rwxab+]+["']""")

ANSWERS = 10
RESETS = 20

# Run on the board, with `folder`.
REMOVE = """
import os
def remove(path):
    for e in list(os.ilistdir(path)):
        name = path + '/' + e[0]
        if e[1] & 0x4000:
            remove(name)
        else:
            os.remove(name)
    os.rmdir(path)
try:
    found = [e[0] for e in os.ilistdir(folder)]
except OSError:
    found = None
state = 'absent'
if found is not None:
    state = 'other'
    if not found or mark in found:
        remove(folder)
        state = 'removed'
print('@deploy', repr(state))
"""
FIRST = "import os, sys\nos.chdir({0!r})\nsys.path.insert(0, {0!r})\ndel os, sys\n"


class Device:
    """A board at a port, with the interface of board.Board."""

    def __init__(self, port):
        self.port = port
        self.serial = serial_port.open_port(port)
        self.repl = PasteRepl(self.serial.fileno())
        self.boot_output = ""  # What boot.py prints at each reset.
        self.reset_seconds = 0.0

    def enter(self):
        """Interrupt whatever runs, and get the raw REPL."""
        try:
            self.repl.drain()
            self.repl.enter(ANSWERS)
        except Died:
            raise remote.Failure(remote.no_answer(self.port)) from None

    def begin(self):
        """Get the raw REPL after a reset, and see what boot.py does in it."""
        self.enter()
        for _ in range(2):  # The first may also show what the program before it leaves.
            begin = time.monotonic()
            try:
                self.boot_output = self.repl.soft_reset(RESETS)
            except Died:
                self.enter()
                raise remote.Failure(
                    f"boot.py on the board blocks: {RESETS} s after a soft reset it still runs. "
                    "Rename it while the tests run, as in: "
                    "mpremote resume fs cp :boot.py boot.py + fs rm :boot.py"
                ) from None
            self.reset_seconds = time.monotonic() - begin

    def run(self, source, timeout, echo=None):
        return self.repl.run(source, timeout, echo)

    def soft_reset(self):
        output = self.repl.soft_reset(RESETS).splitlines(keepends=True)
        # The finalisers come before boot.py, which may print another text each time, such as the
        # time, but as many lines.
        return "".join(output[: len(output) - len(self.boot_output.splitlines())])

    def stop(self):
        """Leave the raw REPL and close the port."""
        try:
            self.serial.write(b"\r\x02")
        except OSError:
            pass
        self.serial.close()


class Session(qemu.Session):
    """The tests of one run on one board."""

    def __init__(self, device, facts, files, scripts, small=False):
        super().__init__(asking.target(facts, small), [file.module for file in files])
        self.board = self.device = device
        self.facts = facts
        self.files = files
        self.support = support_of(scripts)
        self.folder = f"{facts.folder.rstrip('/')}/{FOLDER}"
        self.first = FIRST.format(self.folder)
        self.written = 0
        self.ram = {}  # bytes, by module

    def start(self):
        """Put the files on the board and import the modules: the Result, as it is a test."""
        self._check_space()
        self._do(f"import os\nos.mkdir({self.folder!r})")
        # It makes the text shorter.
        _, lacking = self.device.run("from binascii import a2b_base64", ANSWERS)
        self.has_base64 = not lacking
        self._put(f"{self.folder}/{MARK}", b"")
        for file in [*(f.path for f in self.files), *self.support]:
            self._put(f"{self.folder}/{file.name}", file.read_bytes())
        if self.names:
            self._check_copies()
            self._check_imports()
        self.board.soft_reset()
        return Result(passed=1)

    def stop(self):
        """The board may have died; the next script tries to get it back."""
        self.board = None

    def _start(self):
        self.device.enter()
        try:
            self.device.soft_reset()
        except Died:
            raise remote.Failure(remote.no_answer(self.device.port)) from None
        self.board = self.device

    def remove(self):
        """Remove the folder from the board, also one that an earlier run has left."""
        self.device.enter()
        self.device.soft_reset()
        about = f"folder, mark = {self.folder!r}, {MARK!r}\n"
        if asking.evaluate(self.device, about + REMOVE, str) == "other":
            raise remote.Failure(
                f"the board has a folder :{self.folder} that is not of these tests: rename it"
            )

    def count(self, size):
        """Count bytes that are written to flash."""
        if self.written + size > LIMIT:
            raise remote.Failure(f"the tests would write more than {LIMIT} bytes to the flash")
        self.written += size

    def run_script(self, script):
        try:
            self.count(self._writes(script))
        except remote.Failure as e:
            return Result(skips=[("the file", str(e))])
        result = super().run_script(script)
        kept = []
        for failure in result.failures:
            reason = self._lacking(failure)
            if reason:
                result.skips.append((failure.case, reason))
            else:
                kept.append(failure)
        result.failures = kept
        return result

    def begin(self):
        """Reset the board, and let it import what is in the folder."""
        self._ready()
        self.device.soft_reset()
        self._do(self.first)

    def run_program(self, script, echo=None):
        self._ready()
        self._do(self.first)
        return super().run_program(script, echo)

    def _prepare(self, reset_output, seed):
        self._do(self.first)
        super()._prepare(reset_output, seed)

    def _writes(self, script):
        size = OF_A_WRITER if WRITES.search(script.text) else 0
        if self.facts.writes_code:
            code = sum(f.info.text for f in self.files if f.module in script.needs)
            size += code * len(script.sections())
        return size

    def _lacking(self, failure):
        """What the firmware or the board lacks, if that is why a case has failed."""
        error = failure.detail.split("\n")[0]
        if error.startswith("MemoryError") and self.facts.heap < asking.KNOWN_HEAP:
            return f"{error}, of a heap of {self.facts.heap} bytes"
        if "recursion depth" in error and self.facts.stack < asking.KNOWN_STACK:
            return f"{error}, with a C stack of {self.facts.stack} bytes"
        absent = re.match(r"ImportError: no module named '(\w+)'", error)
        if absent and absent[1] not in [*MODULES, *(f.stem for f in self.support)]:
            return f"the firmware has no module {absent[1]}"
        return ""

    def _check_space(self):
        block = self.facts.block
        sizes = [f.info.size for f in self.files] + [f.stat().st_size for f in self.support]
        # A block more for each, as its name takes place, too; and for what the tests write.
        wanted = sum((size // block + 2) * block for size in sizes) + OF_A_WRITER
        if wanted > self.facts.free:
            raise remote.Failure(
                f"no space: the tests take {wanted} bytes of the board's file system, and "
                f"{self.facts.free} are free; remove files that are not needed"
            )

    def _check_copies(self):
        """The files on the board must be those here, byte for byte."""
        self._do(self.first)
        program = questions.about(self.names, questions.ASK)
        answer = asking.evaluate(self.device, program, questions.BOARD)
        found = {name: digest for name, _, digest, _ in answer["found"]}
        for file in self.files:
            if found.get(f"{self.folder}/{file.path.name}") not in file.digests:
                raise remote.Failure(f"{file.path.name} was not copied well; try another cable")

    def _check_imports(self):
        self.device.soft_reset()
        self._do(self.first)
        results = asking.evaluate(self.device, *questions.importing(self.names))
        for file in self.files:
            result = results[file.module]
            if "error" in result:
                raise remote.Failure(deploy.explain_import(file, self.facts.answer, result))
            wanted = f"{self.folder}/{file.path.name}"
            # A small flavour does not say where it is.
            end = deploy.ENDS.get(file.flavour)
            known = end and not result["file"] and result["version"].endswith(end)
            if result["file"] != wanted and not known:
                where = f"at {result['file']}" if result["file"] else "built in"
                raise remote.Failure(
                    f"the board imports a {file.module} that is {where}, not {wanted}: "
                    "test firmware that does not have it"
                )
            self.ram[file.module] = deploy.firmware.ram(result["growth"], file.info)

    def _put(self, path, data):
        """Write a file, in pieces for which every heap is large enough."""
        self.count(len(data))
        self._do(f"f = open({path!r}, 'wb')")
        for start in range(0, len(data), 512):
            piece = data[start : start + 512]
            if self.has_base64:
                self._do(f"f.write(a2b_base64({binascii.b2a_base64(piece, newline=False)!r}))")
            else:
                self._do(f"f.write({piece!r})")
        self._do("f.close()")

    def _do(self, source):
        output, traceback = self.device.run(source, 60)
        if traceback:
            raise remote.Failure(f"the board fails at {source.splitlines()[0][:60]}\n{traceback}")


def support_of(scripts):
    """The support files that the scripts import, and those that these import."""
    files = {f.stem: f for f in support_files()}
    texts = [script.text for script in scripts]
    found = {"check"}
    while texts:
        names = set(re.findall(r"^\s*(?:import|from) (\w+)", texts.pop(), re.M))
        texts += [files[name].read_text() for name in (names & set(files)) - found]
        found |= names & set(files)
    return [files[name] for name in sorted(found)]


def lost(session, port):
    """What to say when the port has ended."""
    left = f"; the next run removes :{session.folder} from it" if session else ""
    return f"the board at {port} is gone: is the cable out, or was it reset?{left}"
