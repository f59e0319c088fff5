# SPDX-License-Identifier: MIT
"""A board at a serial port, through mpremote: files, programs, and what an error of it means."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import ports
from shapes import fits

TOP = Path(__file__).resolve().parents[1]

# The board prints this before its answers.
MARK = "@deploy "

# mpremote's output when the file system is full; not every firmware has names for error numbers,
# and newer mpremotes have words for them.
NO_SPACE = re.compile(r"OSError: (\[Errno )?28\b|No space left on device")
# The same when the board is gone, on Linux, macOS and Windows. Errors of this computer are in
# words; newer mpremotes repeat these where a file's name would be.
GONE = re.compile(
    r"SerialException|termios\.error|device disconnected|Device not configured"
    r"|\] Input/output error|^mpremote: \w+: ([^:]+): \1\.$",
    re.MULTILINE,
)
# What else the board's file system says, and what that means.
BOARD_ERRORS = (
    (
        re.compile(r"OSError: (\[Errno )?30\b|Read-only file system"),
        "its file system is read-only: a computer has it as a drive, or boot.py has mounted it "
        "so. Change that and run this again",
    ),
    (
        re.compile(r"OSError: (\[Errno )?5\b|: Input/output error\.$", re.MULTILINE),
        "it cannot read or write its flash",
    ),
)
# The oldest mpremote that this was tested with.
OLDEST = 1, 24

# Prints [(name, why)] of files and folders that stay.
REMOVE = """
import os
stay = []
for name in {files!r}:
    try:
        os.remove(name)
    except OSError as e:
        stay.append((name, str(e)))
for name in {folders!r}:
    try:
        rest = os.listdir(name)
        if rest:
            stay.append((name, 'it has other files: ' + ', '.join(sorted(rest))))
        else:
            os.rmdir(name)
    except OSError as e:
        stay.append((name, str(e)))
print('@deploy', repr(stay))
"""
STAY = [(str, str)]


def removing(files, folders=()):
    """The program that removes files, and folders that are empty then."""
    return REMOVE.format(files=files, folders=folders)


class Words:
    """How messages name options: as make's settings, or as those of install.py."""

    as_flags = False


def option(*names):
    return " ".join(f"--{n}" if Words.as_flags else f"{n.upper()}=1" for n in names)


def command(role, port=False):
    """The command for a side of the co-processor."""
    if Words.as_flags:
        return f"install.py --role {role}" + (" --port ..." if port else "")
    return f"make deploy ROLE={role}" + (" PORT=..." if port else "")


class Failure(Exception):
    """The message says what is wrong and what to do about it."""


def said(output, shape):
    """What a program has printed after the mark; None if it has not, or not of this shape."""
    for line in output.splitlines():
        _, mark, answer = line.partition(MARK)
        if mark:
            try:
                value = ast.literal_eval(answer)
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                return None
            return value if fits(value, shape) else None
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
        status, output = self.run("cp", path, f":{place}")
        if status != 0:
            self.discard([place], status)
            self.fail(status, output, [path.name])

    def discard(self, names, status):
        """Remove what may be parts of files after an error, if the board can be asked to."""
        if status is not None:
            self.run("exec", removing(names))

    def fail(self, status, output, names):
        """Fail for an error in copying these."""
        if NO_SPACE.search(output):
            raise Failure(f"no space on the board for {', '.join(names)}; remove files from it")
        raise Failure(self.explain(status, output))

    def evaluate(self, source, shape):
        """Run a program on the board; return what it prints after the mark."""
        status, output = self.run("exec", source)
        answer = said(output, shape) if status == 0 else None
        if answer is None:
            raise Failure(self.explain(status, output))
        return answer

    def explain(self, status, output):
        """What an error of mpremote's means."""
        where = self.port or "the port that mpremote found"
        if "no device found" in output:
            return self.no_board()
        if "failed to access" in output:
            return ports.no_access(self.port, self.ports)
        if GONE.search(output):
            return (
                f"the connection to the board at {where} broke: plug the cable in, or take "
                "another one, end other programs that use the port, and run this again. What is "
                "not complete yet has replaced nothing"
            )
        if status is None or "could not enter raw repl" in output:
            return no_answer(where)
        for error, meaning in BOARD_ERRORS:
            if error.search(output):
                return f"the board at {where} cannot do that: {meaning}"
        output = output.strip()
        if status == 0:
            return f"the board at {where} does not give the answer that was expected:\n{output}"
        return f"mpremote failed at {where}:\n{output}{self.too_old()}"

    def connected(self):
        """(name, whether it has a USB number) of each port that mpremote knows."""
        found = subprocess.run([*self.command, "connect", "list"], capture_output=True, text=True)
        lines = [line.split() for line in found.stdout.splitlines() if line.strip()]
        return [(words[0], words[2:3] not in ([], ["0000:0000"])) for words in lines]

    def ports(self):
        return ports.listed([name for name, _ in self.connected()])

    def no_board(self):
        """Why mpremote, which takes the first board that it can open, has found none."""
        for name, has_usb in self.connected():
            if has_usb:
                return ports.no_access(name, lambda: name)
        setting = "--port " if Words.as_flags else "PORT="
        return (
            "no board found: connect one by USB, with a cable that carries data, or name its "
            f"port, as in {setting}{ports.example()}"
        )

    def too_old(self):
        """A line about mpremote's version, if that may be why it has failed."""
        result = subprocess.run([*self.command, "version"], capture_output=True, text=True)
        found = re.search(r"(\d+)\.(\d+)", result.stdout)
        # That of a source tree has no version.
        if found and (found[0] == "0.0" or (int(found[1]), int(found[2])) >= OLDEST):
            return ""
        version = found[0] if found else "of unknown version"
        return (
            f"\nmpremote is {version}; {OLDEST[0]}.{OLDEST[1]} or later is needed: "
            f"{get_mpremote('--upgrade')}"
        )


def get_mpremote(*options):
    """The command that installs mpremote."""
    # Systems that forbid pip to install there.
    managed = os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))
    if managed and sys.prefix == sys.base_prefix:
        return "pipx upgrade mpremote" if options else "pipx install mpremote"
    python = "py" if sys.platform == "win32" else "python3"
    return " ".join([python, "-m", "pip", "install", *options, "mpremote"])


def no_answer(port):
    return (
        f"the board at {port} does not answer: is MicroPython on it? "
        "Press its reset button and try again"
    )
