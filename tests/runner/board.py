# SPDX-License-Identifier: MIT
"""One emulated board: its emulator, its UARTs and the raw REPL on the first of them."""

import os
import re
import resource
import select
import signal
import socket
import termios
import threading
import time
import tty

from . import children
from .paths import TESTS
from .rawrepl import Died, RawRepl

START_TIMEOUT = 60


def qemu_command(target, uart2_fd=None, icount=None):
    """How the emulator is started. With `icount`, instructions take 2**icount ns of its time."""
    if target.qemu == "node":
        main = TESTS / "boards/rpi-pico/emulator/main.mjs"
        return [target.qemu, main, target.interpreter.parent / "rom.bin", target.interpreter]
    if target.is_user_mode:
        call0 = [] if target.arch == "xtensawin" else ["--xtensa-abi-call0"]
        return [target.qemu, *call0, "-cpu", target.machine, target.interpreter]
    command = [target.qemu, "-machine", target.machine, "-nographic", "-monitor", "null"]
    command += ["-semihosting", "-serial", "pty", "-kernel", target.interpreter]
    if target.qemu == "qemu-system-riscv32":
        command += ["-bios", "none"]
    if uart2_fd is not None:
        command += ["-chardev", f"socket,id=uart2,fd={uart2_fd}", "-serial", "chardev:uart2"]
    if icount is not None:
        command += ["-icount", f"shift={icount}"]
    return command


class Board:
    def __init__(self, target, icount=None, options=(), uart2=None):
        self.target = target
        self.icount = icount
        self.options = options  # Further options for the emulator.
        self.uart2 = uart2 or echo  # What is at the other end of the second UART, with a socket.
        self.process = None
        self.fd = None

    @property
    def on_our_terminal(self):
        """Are its standard input and output the REPL's? (QEMU's boards open a terminal.)"""
        return self.target.qemu == "node" or self.target.is_user_mode

    def start(self):
        """Start the emulator; `pty` is then the name of the terminal that leads to the REPL."""
        ours = theirs = None
        if self.target.has_uart2:
            ours, theirs = socket.socketpair()
            threading.Thread(target=self.uart2, args=(ours,), daemon=True).start()
        command = qemu_command(self.target, theirs and theirs.fileno(), self.icount)
        command += self.options
        self.output, output = os.pipe()
        if self.on_our_terminal:
            self._start_on_terminal(command, output)
        else:
            self.process = children.start(
                command,
                stdin=children.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()] if theirs else [],
            )
        os.close(output)
        if theirs:
            theirs.close()
        if not self.on_our_terminal:
            self.pty = self._find_pty()
            # This end stays open even while mpremote uses the terminal: QEMU checks for a user of
            # its terminal only once a second.
            self.fd = os.open(self.pty, os.O_RDWR | os.O_NOCTTY)
            tty.setraw(self.fd, termios.TCSANOW)
        self.repl = RawRepl(self.fd)
        self._guarded(self.repl.enter, START_TIMEOUT)

    def _start_on_terminal(self, command, output):
        """Start the emulator with a pseudo terminal as its standard input and output."""
        far, self.fd = os.openpty()
        tty.setraw(self.fd, termios.TCSANOW)
        self.pty = os.ttyname(self.fd)
        # A program that crashes must not leave a core file.
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
        self.process = children.start(command, stdin=far, stdout=far, stderr=output)
        os.close(far)

    def stop(self):
        if self.process:
            children.stop(self.process)
            os.close(self.output)
            self.process = None
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def enter(self):
        """Take the REPL back after another program has used the terminal."""
        self.repl.drain()
        self._guarded(self.repl.enter, START_TIMEOUT)

    def run(self, source, timeout, echo=None):
        return self._guarded(self.repl.run, source, timeout, echo)

    def write(self, data):
        """Send bytes to the REPL's UART as they are."""
        os.write(self.fd, data)

    def soft_reset(self):
        return self._guarded(self.repl.soft_reset, START_TIMEOUT)

    def _guarded(self, fn, *args):
        """Call fn; if the emulator has ended, raise an error with its last output."""
        try:
            return fn(*args)
        except (Died, OSError) as e:
            died = e if isinstance(e, Died) else Died("the emulator has ended", b"")
            if self.target.qemu == "node" and self.process.poll() is None:
                # On this signal the emulator prints where the board hangs.
                self.process.send_signal(signal.SIGUSR2)
            said = self._said(0.5)
            if said:
                died.output += "\nThe emulator said:\n" + said
            raise died

    def _said(self, timeout=0):
        said = b""
        while select.select([self.output], [], [], timeout)[0]:
            data = os.read(self.output, 4096)
            if not data:
                break
            said += data
        return said.decode(errors="replace").strip()

    def _find_pty(self):
        said = ""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            said += self._said(0.1)
            match = re.search(r"char device redirected to (\S+)", said)
            if match:
                return match[1]
            if self.process.poll() is not None:
                break
        raise Died("QEMU does not start", said.encode())


def echo(peer):
    """Send back whatever the board writes to its second UART, until QEMU ends.

    It always goes on receiving: a board may write everything before it reads, and the socket holds
    only some hundred bytes that come one by one.
    """
    waiting = b""
    with peer:
        try:
            while True:
                readable, writable, _ = select.select([peer], [peer] if waiting else [], [])
                if readable:
                    data = peer.recv(4096)
                    if not data:
                        return
                    waiting += data
                if writable:
                    waiting = waiting[peer.send(waiting) :]
        except OSError:
            pass
