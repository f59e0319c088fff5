# SPDX-License-Identifier: MIT
"""Messages over a line that loses, damages and inserts bytes: each arrives once and in order, or
the session ends. docs/coprocessor-protocol.md describes what is on the line."""

import sys
import time
from errno import ECONNRESET, ETIMEDOUT
from struct import pack, unpack_from

from .framing import Framing, const, crc32
from .line import Line

try:
    from _thread import get_ident
except ImportError:

    def get_ident():
        return 0


try:
    from os import urandom
except ImportError:

    def urandom(n):
        return b""


_VERSION = const(1)

# Kinds of frames, and flags.
_DATA = const(0)
_ACK = const(1)
_PING = const(2)
_PONG = const(3)
_HELLO = const(4)
_LAST = const(0x10)  # The message ends here.
_ASK = const(0x20)  # Answer at once.
_GAP = const(0x40)  # Data was lost, or can be sent again after it was refused: send a PING.
_BUSY = const(0x80)  # Data was refused: send a PING later.

_OVERHEAD = const(13)
_RESERVE = const(27)  # Of the peer's receive buffer: for a HELLO, or an ACK and a PING.
_MIN_BUFFER = const(64)
_MIN_PAYLOAD = const(16)
_MAX_BUFFER = const(16384)
_MAX_MESSAGE = const(65536)
_MAX_FLIGHT = const(16)  # Frames that are not acknowledged.
_MAX_QUEUE = const(8)  # Messages that are not on their way.

# Milliseconds.
_HELLO_EVERY = const(200)
_PING_AFTER = const(150)
_PING_LEAST = const(20)
_PING_MOST = const(1600)
_REFUSED = const(300)  # Data that was refused is sent again after so long.
_ACK_AFTER = const(5)  # An acknowledgement waits for company so long after the last byte.
_AWAY = const(500)  # Silence while the program served the link less often is not the peer's.
_WAIT = const(10)

_PIECES = const(4)  # Sent between two reads, during which the peer's acknowledgements wait.
_ROUNDS = const(4)  # Of a scheduled function.

_TIME = const(0x3FFFFFFF)
_SEQ = const(0xFFFF)

# A message: [channel, its memoryview, where the next piece begins, its state, flags of its end].
_QUEUED = const(0)
_SENT = const(1)
_ACKNOWLEDGED = const(2)


if sys.implementation.name == "cpython":

    def _milliseconds():
        return int(time.monotonic() * 1000)


def _random():
    if sys.implementation.name == "cpython":
        number = _milliseconds()
    else:
        number = time.ticks_us()
    # Two boards may have the same poor source.
    return number ^ int.from_bytes(urandom(4), "little")


class Link(Framing):
    """One end of a line; link.pyi describes its functions."""

    def __init__(
        self,
        stream,
        *,
        rx=256,
        frame=256,
        timeout=10000,
        keepalive=10000,
        irq=True,
        clock=None,
        random=_random
    ):
        if not (_MIN_BUFFER <= rx <= _MAX_BUFFER and _MIN_PAYLOAD <= frame <= _MAX_BUFFER):
            raise ValueError("rx, frame")
        self.timeout = timeout
        self.session = 1
        self.up = False
        self.resets = []
        if sys.implementation.name == "cpython":
            self.clock = clock or _milliseconds
        else:
            self.clock = clock or time.ticks_ms
        self._random = random
        self._keepalive = keepalive
        self._rx = rx
        self._open(stream if hasattr(stream, "wait") else Line(stream), frame)
        self._handlers = {}
        self._stream = None
        self._busy = False
        self._me = self._pinged = 0
        self._queue = []
        # Pieces that are not acknowledged: [message, from, to, 1 if it is the message's last]
        self._flight = []
        self._now = self._arrived = self.clock() & _TIME
        self._clear(0)
        self.own()
        if irq and hasattr(stream, "irq") and hasattr(stream, "IRQ_RXIDLE"):
            self._stream = stream
            stream.irq(self._irq, stream.IRQ_RXIDLE)

    def own(self):
        """Make the calling thread the owner."""
        self._owner = get_ident()

    # Sessions.

    def _clear(self, peer):
        """Begin a session that is not up yet, with a number that no frame on its way has."""
        old = self._me
        while self._me in (0, old):
            self._me = (self._random() ^ self._me + 1) & _TIME
        self._peer = peer
        self.up = False
        # What the CRC of this session's frames begins with; None: there is no session.
        self._seed_in = self._seed_out = None
        self._queue.clear()
        self._flight.clear()
        self._resend = 0  # Index in _flight of the piece to send next, or its length.
        # Sequence numbers: of the first piece in _flight, of that piece, and after the last one.
        self._una = self._next = self._end = 0
        self._out = 0  # Bytes that may be in the peer's receive buffer.
        self._probing = False  # No data is sent until a PONG tells what was lost.
        self._round = 0  # Counts the times that this began.
        self._ping = False  # A PING is due.
        self._expected = 0
        self._owed = 0  # Bytes received and not acknowledged.
        self._answer = 0  # Flags of an acknowledgement that is due at once.
        self._pong = -1  # Round of the PING to answer.
        self._gap = False  # The peer knows that data must be sent again.
        self._greeting = True  # A hello is due.
        self._sent = self._heard = self._asked = self._now
        # Time until a PING follows what is not acknowledged: now, and after an answer.
        self._rto = self._patience = _PING_AFTER

    def reset(self, peer=0):
        """End the session; the next one begins at once."""
        self._clear(peer)
        self.session += 1
        for function in self.resets:
            function()

    def _hello(self, flags, data):
        if len(data) != 14:
            return
        version, _, rx, frame, peer, me = unpack_from("<BBHHII", data)
        if version != _VERSION or rx < _MIN_BUFFER or frame < _MIN_PAYLOAD or not peer:
            return
        if peer == self._me:
            # An echo, or the peer has drawn the same number.
            if not self.up:
                self._clear(0)
                self._greeting = False
            return
        if self.up and (peer != self._peer or me != self._me):
            self.reset(peer)
        self._peer = peer
        if not self.up and me == self._me:
            self._window = window = min(rx, _MAX_BUFFER) - _RESERVE
            half = window // 2 - _OVERHEAD
            size = half if half >= _MIN_BUFFER else window - _OVERHEAD
            self._most = self._size = min(size, frame, self._most_payload)
            # Its last eight bytes are both numbers.
            self._seed_in = crc32(data[6:])
            self._seed_out = crc32(data[6:10], crc32(data[10:]))
            self._heard = self._asked = self._sent = self._now
            self.up = True
        if flags & _ASK:
            self._greeting = True

    # What arrives.

    def _take(self, kind, channel, seq, ack, data):
        flags = kind & 0xF0
        kind &= 15
        if kind == _HELLO:
            self._hello(flags, data)
            return
        self._heard = self._now
        self._acknowledged((ack - self._una) & _SEQ)
        flight = self._flight
        if kind == _PONG and self._probing and seq == self._round:
            # All that was sent before the PING has arrived or is lost. If it was the only one, it
            # tells how long answers take.
            if self._pinged == 1:
                taken = (self._now - self._asked) & _TIME
                self._patience = min((self._patience + _PING_LEAST + 3 * taken) >> 1, _PING_AFTER)
            self._probing = False
            self._rto = self._patience
            self._resend = self._out = 0
            self._next = self._una
            # What is left of messages is cut anew: at most twice _MAX_FLIGHT pieces are kept.
            i = len(flight) - 1
            while i > 0:
                piece = flight[i]
                i -= 1
                if piece[0] is flight[i][0]:
                    piece[1] = flight.pop(i)[1]
            self._size = max(self._size // 2, min(self._most, _MIN_PAYLOAD))
        elif flags & _GAP and flight and not (self._probing and self._pinged):
            self._probe()
        elif flags & _BUSY and flight and not self._probing:
            self._probe()
            self._ping = False
            self._sent = self._now
            self._rto = _REFUSED
        if kind == _PING:
            self._pong = seq
        if kind != _DATA:
            return
        self._owed += _OVERHEAD + len(data)
        last = flags // _LAST & 1
        span = len(data) + last
        skip = (self._expected - seq) & _SEQ
        self._answer |= flags & _ASK
        if skip > _SEQ >> 1:
            if not self._gap:
                self._gap = True
                self._answer |= _GAP
            return
        if skip >= span:
            # It has arrived before.
            self._answer |= _ASK
            return
        before = self._expected
        self._expected = (seq + span) & _SEQ
        self._gap = False
        handler = self._handlers.get(channel)
        # If it raises an exception, it has had the data.
        if handler and handler(data[skip:] if skip else data, last == 1) is False:
            self._expected = before
            self._gap = True
            self._answer |= _BUSY

    def _acknowledged(self, n):
        if not n or n > (self._end - self._una) & _SEQ:
            return
        flight = self._flight
        while flight:
            message, start, end, last = flight[0]
            span = end - start + last
            if span > n:
                break
            n -= span
            flight.pop(0)
            self._una = (self._una + span) & _SEQ
            if last:
                message[3] = _ACKNOWLEDGED
            if self._resend:
                self._resend -= 1
                self._out -= _OVERHEAD + end - start
            else:
                self._next = self._una
            self._size = min(self._most, self._size + self._size // 8 + 1)
        self._sent = self._now
        self._rto = self._patience
        if not flight:
            self._probing = self._ping = False

    # What is sent.

    def _probe(self):
        if not self._probing:
            self._probing = True
            self._pinged = 0  # Counts the PINGs of this round.
            self._round = (self._round + 1) & _SEQ
        self._ping = True

    def _serve(self):
        """Look at the timers, and write frames while the line takes them, but no more data than
        fits between two reads. Is there perhaps more?"""
        now = self._now
        sent = (now - self._sent) & _TIME
        silence = (now - self._heard) & _TIME
        if not self.up:
            if sent >= _HELLO_EVERY:
                self._greeting = True
        elif silence >= self._keepalive:
            self.reset()
        elif self._flight and sent >= self._rto:
            self._probe()
            self._sent = now
            self._rto = min(self._rto * 2, _PING_MOST)
        elif (
            silence >= self._keepalive >> 1 and (now - self._asked) & _TIME >= self._keepalive >> 3
        ):
            self._ping = True
        pieces = _PIECES
        while self._flush():
            if self._greeting:
                self._greeting = False
                kind = _HELLO
                if not self.up:
                    self._sent = now
                    kind = _HELLO | _ASK
                self._write(
                    kind,
                    0,
                    0,
                    pack(
                        "<BBHHII",
                        _VERSION,
                        0,
                        self._rx,
                        self._most_payload,
                        self._me,
                        self._peer,
                    ),
                )
            elif not self.up:
                return
            elif self._pong >= 0:
                self._write(_PONG, 0, self._pong)
                self._pong = -1
            elif self._ping:
                self._ping = False
                self._pinged += 1
                self._asked = now
                self._write(_PING, 0, self._round)
            elif not self._probing and pieces and self._piece():
                pieces -= 1
            else:
                if (
                    self._answer
                    or self._owed
                    and (self._owed > self._rx >> 2 or (now - self._arrived) & _TIME >= _ACK_AFTER)
                ):
                    self._write(_ACK)
                return not pieces

    def _piece(self):
        """Send a piece of a message, if there is one and the peer can receive it."""
        flight = self._flight
        size = self._size
        is_new = self._resend == len(flight)
        if self._resend >= _MAX_FLIGHT:
            return False
        if not is_new:
            message, start, end, last = piece = flight[self._resend]
        elif self._queue:
            message = self._queue[0]
            start, end, last = message[2], len(message[1]), 1
            piece = [message, start, end, last]
        else:
            return False
        n = min(end - start, size)
        out = self._out + _OVERHEAD + n
        if self._out and out > self._window:
            return False
        if end - start > n:
            # It is too long for one frame.
            end = start + n
            if not is_new:
                flight.insert(self._resend + 1, [message, end, piece[2], last])
            piece[2] = end
            piece[3] = last = 0
        if is_new:
            flight.append(piece)
            message[2] = end
            self._end = (self._end + n + last) & _SEQ
            if last:
                message[3] = _SENT
                self._queue.pop(0)
        self._resend += 1
        self._out = out
        seq = self._next
        self._next = (seq + n + last) & _SEQ
        self._sent = self._now
        kind = message[4] if last else 0
        if out + _OVERHEAD + size > self._window or self._resend >= _MAX_FLIGHT:
            kind |= _ASK
        self._write(kind, message[0], seq, message[1][start:end])
        return True

    # What a program calls.

    def poll(self):
        """Serve the link without waiting. Did anything arrive, or is there more to send?"""
        if get_ident() != self._owner:
            raise RuntimeError("thread")
        if self._busy:
            raise RuntimeError("in handler")
        self._busy = True
        try:
            now = self.clock() & _TIME
            gap = (now - self._now) & _TIME
            self._now = now
            if gap > _AWAY:
                self._heard += gap
            n = self._read()
            return self._serve() or n > 0
        finally:
            self._busy = False

    def since(self, start):
        """Milliseconds from a time of the clock to the last poll."""
        return (self._now - start) & _TIME

    def wait(self, ready, timeout=None):
        """Serve the link until ready() is true."""
        if timeout is None:
            timeout = self.timeout
        session = self.session
        start = self.clock()
        while True:
            got = self.poll()
            if ready():
                return
            if self.session != session:
                raise OSError(ECONNRESET)
            if self.since(start) >= timeout:
                raise OSError(ETIMEDOUT)
            if not got:
                self._line.wait(_WAIT if self._flush() else 1)
                # The scheduled function may have served the link.
                if ready():
                    return

    def connect(self, timeout=None):
        """Wait until the peer answers."""
        self.wait(self._has_place, timeout)

    def on(self, channel, handler):
        """Call handler(view, is_last) with each piece of a message on the channel."""
        self._handlers[channel] = handler

    def send(self, channel, data, wait=True, timeout=None):
        """Send a message; with wait=False, queue it, or return False. With wait=None, the caller
        polls."""
        done = _SENT
        flags = _LAST
        if type(data) is not bytes:
            data = self.octets(data)
            if wait:
                done = _ACKNOWLEDGED
                flags = _LAST | _ASK
            else:
                data = bytes(data)
        if not 0 <= channel <= 255:
            raise ValueError("channel")
        if len(data) > _MAX_MESSAGE:
            raise ValueError("too long")
        if not self._has_place():
            if wait:
                self.wait(self._has_place, timeout)
            elif not self._busy:
                self.poll()
            if not self._has_place():
                return False
        message = [channel, memoryview(data), 0, _QUEUED, flags]
        self._queue.append(message)
        if not wait:
            if not (self._busy or wait is None):
                self.poll()
            return True
        session = self.session
        try:
            self.wait(lambda: message[3] >= done, timeout)
        except BaseException:
            if session == self.session:
                if message[2] == 0 and message[3] == _QUEUED:
                    # Or an equal one, which is the same to the peer.
                    self._queue.remove(message)
                elif message[3] < done:
                    self.reset()
            raise
        return True

    def _has_place(self):
        return self.up and len(self._queue) < _MAX_QUEUE

    def resume(self):
        """A handler that has refused data will take it now."""
        self._answer |= _GAP

    def close(self):
        """Serve the link no more by a scheduled function."""
        if self._stream:
            self._stream.irq(None, 0)
            self._stream = None

    def _irq(self, stream):
        if not self._busy and get_ident() == self._owner:
            try:
                for _ in range(_ROUNDS):
                    if not stream.any():
                        return
                    self.poll()
            except OSError:
                # The line fails in the next call of the program, too.
                pass
