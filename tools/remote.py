# SPDX-License-Identifier: MIT
"""A board at a serial port, through mpremote: files, programs, and what an error of it means."""

import ast
import os
import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]

# The board prints this before its answers.
MARK = "@deploy "

# mpremote's output when the file system is full; not every firmware has names for error numbers.
NO_SPACE = re.compile(r"OSError: (\[Errno )?28\b")

# Prints [[name, why]] of files that stay.
REMOVE = """
import os
stay = []
for name in {names!r}:
    try:
        os.remove(name)
    except OSError as e:
        stay.append((name, str(e)))
print('@deploy', repr(stay))
"""


class Words:
    """How messages name options: as make's settings, or as those of install.py."""

    as_flags = False


def option(*names):
    return " ".join(f"--{n}" if Words.as_flags else f"{n.upper()}=1" for n in names)


class Failure(Exception):
    """The message says what is wrong and what to do about it."""


def said(output):
    """What a program has printed after the mark; None if it has not, or not in one piece."""
    for line in output.splitlines():
        _, mark, answer = line.partition(MARK)
        if mark:
            try:
                return ast.literal_eval(answer)
            except (ValueError, SyntaxError):
                return None
    return None


class Mpremote:
    """Talks through mpremote to the board at a port."""

    def __init__(self, port, timeout, command=None):
        self.port = port
        self.timeout = timeout
        self.command = command or self.find()

    @staticmethod
    def find():
        found = subprocess.run([TOP / "tools/find-mpremote.sh"], capture_output=True, text=True)
        if found.returncode:
            raise Failure(found.stderr.strip())
        return found.stdout.split()

    def run(self, *words):
        """(status, output) of mpremote commands, with "+" between them; the status None means
        that the board has not answered in time."""
        connect = ["connect", self.port] if self.port else []
        try:
            result = subprocess.run(
                [*self.command, *connect, *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self.timeout,
            )
        except subprocess.TimeoutExpired:
            return None, ""
        except OSError as e:
            raise Failure(f"{self.command[0]} does not run: {e.strerror}") from None
        return result.returncode, result.stdout.decode(errors="replace").replace("\r\n", "\n")

    def do(self, *words):
        """Run mpremote commands that must not fail."""
        status, output = self.run(*words)
        if status != 0:
            raise Failure(self.explain(status, output))

    def put(self, path, place):
        """Copy a file to its place on the board."""
        self._put([path], place, [place])

    def put_all(self, paths, folder):
        """Copy files to a folder on the board."""
        self._put(paths, f"{folder}/", [f"{folder}/{path.name}" for path in paths])

    def _put(self, paths, place, written):
        status, output = self.run("cp", *paths, f":{place}")
        if status != 0:
            # Remove what may be a partial file, which an import would load.
            self.run("exec", REMOVE.format(names=written))
            if NO_SPACE.search(output):
                names = ", ".join(path.name for path in paths)
                raise Failure(f"no space on the board for {names}; remove files from it")
            raise Failure(self.explain(status, output))

    def evaluate(self, source):
        """Run a program on the board; return what it prints after the mark."""
        status, output = self.run("exec", source)
        answer = said(output) if status == 0 else None
        if answer is None:
            raise Failure(self.explain(status, output))
        return answer

    def explain(self, status, output):
        """What an error of mpremote's means."""
        where = self.port or "the port that mpremote found"
        if "no device found" in output:
            return "no board found: connect one by USB, or name its port, as in " + (
                "--port /dev/ttyACM0" if Words.as_flags else "PORT=/dev/ttyACM0"
            )
        if "failed to access" in output:
            return no_access(self.port, self.ports)
        if status is None or "could not enter raw repl" in output:
            return no_answer(where)
        return f"mpremote failed at {where}:\n{output.strip()}"

    def ports(self):
        listed = subprocess.run([*self.command, "connect", "list"], capture_output=True, text=True)
        names = [line.split()[0] for line in listed.stdout.splitlines() if line.strip()]
        return "there are: " + " ".join(names) if names else "there is none at all"


def no_access(port, ports):
    """Why a port cannot be opened; ports() tells which there are."""
    there = os.path.exists(port)
    # Those of Windows are no files.
    if not there and port.upper() not in (listed := ports()).split():
        return f"no board at {port}: there is no such port ({listed})"
    if there and not os.access(port, os.R_OK | os.W_OK):
        return f"no permission for {port}; run: sudo usermod -aG dialout $USER, log in anew"
    return f"{port} is in use by another program; end that first"


def no_answer(port):
    return (
        f"the board at {port} does not answer: is MicroPython on it? "
        "Press its reset button and try again"
    )
