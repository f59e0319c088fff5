# SPDX-License-Identifier: MIT
"""MicroPython's raw REPL over a terminal: run source, reset softly, notice faults."""

import os
import re
import select
import time

PROMPT = b"raw REPL; CTRL-B to exit\r\n>"

# Output of the stock firmware's exception handlers (Cortex-M, RISC-V).
FAULT = re.compile(rb"(?i)exception caught:\s+(R0:|RA=)")


class Died(Exception):
    """The board hangs, has faulted, or the emulator has ended; with its last output."""

    def __init__(self, reason, output):
        super().__init__(reason)
        self.reason = reason
        self.output = output.decode(errors="replace").replace("\r\n", "\n")


class RawRepl:
    def __init__(self, fd):
        self.fd = fd
        self.pending = b""

    def enter(self, timeout):
        """Interrupt whatever runs and get the prompt."""
        self._write(b"\r\x03\x03\r\x01", time.monotonic() + timeout)
        self._until(PROMPT, time.monotonic() + timeout)
        self.pending = b""

    def soft_reset(self, timeout):
        """Make a soft reset; return what the board, or a finaliser, prints meanwhile."""
        deadline = time.monotonic() + timeout
        self._write(b"\x04", deadline)
        output = self._until(PROMPT, deadline)
        return text(output.replace(b"OK\r\n", b"", 1).replace(b"MPY: soft reboot\r\n", b""))

    def run(self, source, timeout, echo=None):
        """Run the source: (stdout, traceback). `echo` is called with each part of stdout."""
        deadline = time.monotonic() + timeout
        self._send(source.encode(), deadline)
        stdout = text(self._until(b"\x04", deadline, echo))
        try:
            traceback = text(self._until(b"\x04", deadline))
            # A script that ends by SystemExit makes a soft reset, whose prompt ends like this too.
            self._until(b">", deadline)
        except Died as e:
            e.output = stdout + e.output
            raise
        return stdout, traceback

    def drain(self):
        """Discard the bytes that another user of the terminal may have left."""
        self._listen(0.05)
        self.pending = b""

    def _send(self, source, deadline):
        """Send the source to the board, which then runs it."""
        self._write(source + b"\x04", deadline)
        self._until(b"OK", deadline)

    def _write(self, data, deadline):
        while data:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [self.fd], [], left)[1]:
                raise Died("the board does not take input", self.pending)
            data = data[os.write(self.fd, data[:512]) :]

    def _until(self, ending, deadline, echo=None):
        """The bytes before `ending`, which is consumed."""
        echoed = 0
        while True:
            end = self.pending.find(ending)
            if echo:
                stop = end if end >= 0 else len(self.pending)
                echo(text(self.pending[echoed:stop]))
                echoed = max(stop, echoed)
            if end >= 0:
                found = self.pending[:end]
                self.pending = self.pending[end + len(ending) :]
                return found
            if FAULT.search(self.pending):
                self._listen(0.3)
                raise Died("the board has faulted", self.pending)
            left = deadline - time.monotonic()
            if left <= 0 or not self._receive(left):
                raise Died("timeout: the board hangs", self.pending)

    def _listen(self, pause):
        """Receive until there is such a pause; whatever goes on sending is heard for 2 s."""
        end = time.monotonic() + 2
        while time.monotonic() < end and self._receive(pause):
            pass

    def _receive(self, timeout):
        """Wait for bytes; False if none came."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            data = b""
        if not data:
            raise Died("the emulator has ended", self.pending)
        self.pending += data
        return True


def text(data):
    return data.decode(errors="replace").replace("\r\n", "\n")
