# SPDX-License-Identifier: MIT
"""Runs scripts on interpreters of this machine: MicroPython's unix port, and CPython."""

import os
import signal
import tempfile
from pathlib import Path

from . import children, install, protocol
from .paths import SCRATCH, SUPPORT, TOP
from .protocol import Failure, Result

CPYTHON = "/usr/bin/python3"


class Session:
    """One target during one run of the runner."""

    def __init__(self, target, names, icount=None):
        self.target = target
        self.names = names

    def start(self):
        folder = SCRATCH / self.target.name
        folder.mkdir(parents=True, exist_ok=True)
        # There may be several for the target.
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self.env["CHECK_TARGET"] = self.target.name
        if self.target.kind == "cpython":
            install.check_cpython(CPYTHON, self.names)
            self.command = [CPYTHON, "-B"]
            self.env["PYTHONPATH"] = f"{SUPPORT}:{TOP}:{TOP}/natmod/msgpack"
        else:
            install.check_interpreter(self.target)
            lib = install.into_folder(self.target, self.names, self.folder / "lib")
            self.command = [self.target.interpreter]
            self.env["MICROPYPATH"] = f"{lib}:{asyncio_folder(self.target)}"
        return None

    def stop(self):
        pass

    def run_script(self, script):
        """Each section runs in a process of its own."""
        result = Result()
        output = ""
        sections = script.sections()
        for number, source in enumerate(sections):
            file = script.path
            if len(sections) > 1:
                file = self.folder / script.path.name
                file.write_text(source)
            # No string of the environment is longer than 128 KiB.
            self.env["CHECK_RESET_OUTPUT"] = output[-60000:] if number else ""
            status, output = self._run(file, script.timeout)
            trouble = None if status == 0 else failure(status, output, file, script)
            result.add(protocol.read(output, str(file), script.name, trouble))
        return result

    def run_program(self, script, echo=None):
        """(output, error) of a program that is not a test; error is "" on success."""
        status, output = self._run(script.path, script.timeout)
        if echo:
            echo(output)
        return output, "" if status == 0 else meaning(status)

    def _run(self, file, timeout):
        return children.run([*self.command, file], timeout, env=self.env, cwd=TOP)


def asyncio_folder(target):
    """The folder with the asyncio package that firmware of boards has built in."""
    return install.tree(target) / "extmod"


def failure(status, output, file, script):
    """The Failure of a process that failed, with its traceback if there is one."""
    _, traceback, lines = output.rpartition("Traceback (most recent call last):\n")
    if status == 1 and traceback:
        lines = (traceback + lines).splitlines()
        return protocol.failure("exception", lines, str(file), script.name)
    return Failure("exit", 0, f"{meaning(status)}; {protocol.last(output)}")


def meaning(status):
    """A process's exit status in words."""
    if status is None:
        return "timeout: the script hangs"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"
