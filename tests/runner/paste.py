# SPDX-License-Identifier: MIT
"""The raw REPL of a real board: source goes there no faster than the board can take it."""

import os
import select
import time

from .rawrepl import PROMPT, Died, RawRepl

START = b"\x05A\x01"
END = b"\x04"
MORE = b"\x01"
# Without raw paste the board must find time for each piece; its buffer has 256 bytes.
PIECE = 256
PAUSE = 0.01
# What is shorter is sent in pieces, which is faster.
LONG = 1024


class Gone(Exception):
    """The port has ended: the cable is out, or the board off."""


class PasteRepl(RawRepl):
    """Uses raw paste, which has flow control and compiles without a copy of the source in RAM."""

    def __init__(self, fd):
        super().__init__(fd)
        self.pastes = True

    def _send(self, source, deadline):
        if len(source) > LONG and self.pastes and self._paste(source, deadline):
            return
        for start in range(0, len(source), PIECE):
            self._write(source[start : start + PIECE], deadline)
            time.sleep(PAUSE)
        self._write(END, deadline)
        self._until(b"OK", deadline)

    def _paste(self, source, deadline):
        """Send the source by raw paste; False if the firmware has none."""
        self._write(START, deadline)
        answer = self._take(2, deadline)
        if answer != b"R\x01":
            self.pastes = False
            if answer != b"R\x00":
                # Firmware that does not know the question shows its prompt.
                self._until(PROMPT[2:], deadline)
            return False
        window = int.from_bytes(self._take(2, deadline), "little")
        left = window  # What the board has place for.
        ended = False
        while source and not ended:
            while (left == 0 or self.pending) and not ended:
                byte = self._take(1, deadline)
                ended = byte == END  # There is an error in what came so far.
                left += window if byte == MORE else 0
            self._write(source[:left], deadline)
            source, left = source[left:], max(left - len(source), 0)
        self._write(END, deadline)
        if not ended:
            self._until(END, deadline)
        return True

    def _write(self, data, deadline):
        while data:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([], [self.fd], [], left)[1]:
                raise Died("the board does not take input", self.pending)
            try:
                data = data[os.write(self.fd, data[:PIECE]) :]
            except BlockingIOError:
                time.sleep(PAUSE)
            except OSError:
                raise Gone() from None

    def _receive(self, timeout):
        try:
            return super()._receive(timeout)
        except Died:  # It has nothing but an end of the port to tell.
            raise Gone() from None

    def _take(self, count, deadline):
        while len(self.pending) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not self._receive(left):
                raise Died("timeout: the board hangs", self.pending)
        taken, self.pending = self.pending[:count], self.pending[count:]
        return taken
