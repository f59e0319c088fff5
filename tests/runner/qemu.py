# SPDX-License-Identifier: MIT
"""Runs scripts on an emulated board."""

import os
import shutil

from . import install, protocol
from .board import Board
from .protocol import Failure, Result
from .rawrepl import Died

# The board's file name for a script that is sent over the raw REPL.
STDIN = "<stdin>"


class Session:
    """One target during one run of the runner: one board, replaced when it dies."""

    def __init__(self, target, names, icount=None):
        self.target = target
        self.names = names
        self.icount = icount
        self.board = None
        self.by_mpremote = install.is_plain(target) or os.environ.get("TEST_LONG") == "1"

    def start(self):
        """Start the board and install the modules, which is a test: return its Result."""
        if not shutil.which(self.target.qemu):
            raise install.Missing(f"{self.target.qemu} is missing: make setup installs it")
        install.check_interpreter(self.target)
        if self.by_mpremote:
            install.find_mpremote()
        self._start(self.by_mpremote)
        return Result(passed=1)

    def _start(self, by_mpremote=False):
        self.board = Board(self.target, self.icount)
        self.board.start()
        install.onto_board(self.board, self.names, by_mpremote)
        self.board.soft_reset()

    def stop(self):
        if self.board:
            self.board.stop()
            self.board = None

    def run_script(self, script):
        """Run the script, on a target with seeds once for each seed that it asks for."""
        if not self.target.has_seeds:
            return self._run_script(script)
        result = Result()
        seeds = script.seeds(self.target)
        for seed in seeds:
            found = self._run_script(script, seed)
            if len(seeds) > 1:
                for failure in found.failures:
                    failure.case += f" with seed {seed}"
            if seed:
                found.skips = []  # The first seed has reported the same ones.
            result.add(found)
        return result

    def _run_script(self, script, seed=None):
        """Run each section after a soft reset; another reset ends the script."""
        result = Result()
        try:
            self._ready()
            reset_output = ""
            for source in script.sections():
                self._prepare(reset_output, seed)
                result.add(self._run_section(source, script))
                # The finalisers that run in the reset are part of what the script tests.
                if not self.board:
                    break
                reset_output = self.board.soft_reset()
        except install.NotInstalled as e:
            result.fail("install", str(e))
            self.stop()
        except Died as e:
            result.failures.append(dead(e))
            self.stop()
        return result

    def _run_section(self, source, script):
        try:
            output, traceback = self.board.run(source, script.timeout * self.target.slowness)
            trouble = None
            if traceback:
                lines = traceback.splitlines()
                trouble = protocol.failure("exception", lines, STDIN, script.name)
        except Died as e:
            output, trouble = e.output, dead(e)
            self.stop()
        return protocol.read(output, STDIN, script.name, trouble)

    def run_program(self, script, echo=None):
        """(output, error) of a program that is not a test; error is "" when it ended well."""
        try:
            self._ready()
            timeout = script.timeout * self.target.slowness
            source = install.before_import(self.target) + script.text
            output, traceback = self.board.run(source, timeout, echo)
            self.board.soft_reset()
        except Died as e:
            self.stop()
            return e.output, e.reason
        return output, traceback.replace(STDIN, script.name)

    def _ready(self):
        if not self.board:
            self._start()

    def _prepare(self, reset_output, seed):
        source = "import check\n"
        source += f"check.slowness = {self.target.slowness}\n"
        source += f"check.target = {self.target.name!r}\n"
        source += f"check.small = {self.target.is_small}\n"
        source += f"check.both = {self.target.flavour == 'both'}\n"
        source += f"check.long = {os.environ.get('TEST_LONG') == '1'}\n"
        source += f"check.reset_output = {reset_output!r}\n"
        if seed is not None:
            source += f"import machine\nmachine.mem32[0x4FFF0004] = {seed}\ndel machine\n"
        source += "if check.both: check.hand_over()\n"
        if self.target.needs_rom:
            source += "import in_rom\ndel in_rom\n"
        # Scripts start with nothing defined, as on unix.
        source += "del check\n"
        _, traceback = self.board.run(source, 60)
        if traceback:
            raise Died("the board is unusable", traceback.encode())


def dead(died):
    """The Failure of a board that has died. The next script gets a new board."""
    return Failure("board", 0, f"{died.reason}; {protocol.last(died.output, 30)}")
