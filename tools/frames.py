#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Show what travels on the line of a co-processor: a line of text for each frame.

usage: frames.py [--baud 921600] PORT [PORT]
       frames.py --log FILE

PORT is a serial adapter that listens: its RX is connected to one wire of the line, that of
another one to the other wire. It needs Python's serial. FILE is what the emulated Pico's
--line-log wrote. docs/coprocessor-protocol.md describes frames, docs/coprocessor-net.md the
messages of sockets.
"""

import argparse
import queue
import sys
import threading
import time
from binascii import crc32
from collections import Counter, deque
from struct import pack, unpack_from

from printing import printable

START = 0xA5
HEADER = 9
OVERHEAD = 13
DATA, ACK, PING, PONG, HELLO = range(5)
KINDS = "DATA", "ACK", "PING", "PONG", "HELLO"
LAST, ASK, GAP, BUSY = 0x10, 0x20, 0x40, 0x80
STALE = 0.05  # Seconds after which the beginning of a frame is none.
MOST = 16384  # Bytes of a payload.
HALF = 0x8000  # Of the sequence numbers.

REQUESTS = {
    1: "OPEN",
    2: "CLOSE",
    3: "CONNECT",
    4: "GRANT",
    5: "DATA",
    6: "SENDTO",
    7: "HANDSHAKE",
    16: "BIND",
    17: "LISTEN",
    18: "OPTION",
    19: "RESOLVE",
    20: "WRAP",
    21: "TELL",
}
REPLIES = {
    1: "CLOSED",
    2: "CONNECTED",
    3: "ERROR",
    4: "GRANT",
    5: "DATA",
    6: "END",
    7: "INCOMING",
    8: "DATAGRAM",
    16: "ANSWER",
}


def unwound(data, crc):
    """The seed with which the CRC-32 of the data is `crc`."""
    state = crc ^ 0xFFFFFFFF
    for byte in reversed(data):
        # Each of the table's entries has another highest byte.
        index = HIGHEST[state >> 24]
        state = (state ^ TABLE[index]) << 8 & 0xFFFFFFFF | index ^ byte
    return state ^ 0xFFFFFFFF


def _table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        yield value


TABLE = list(_table())
HIGHEST = {value >> 24: index for index, value in enumerate(TABLE)}


class Frame:
    def __init__(self, time, data):
        self.time = time  # Of its first byte, in seconds.
        self.size = len(data)
        _, kind, self.channel, n, self.seq, self.ack = unpack_from("<BBBHHH", data)
        self.kind = kind & 15
        self.flags = kind & 0xF0
        self.payload = data[HEADER : HEADER + n]
        self.is_again = False


class Wire:
    """One direction: finds its frames."""

    def __init__(self):
        self.seeds = deque(maxlen=4)  # Of the CRC in the last sessions.
        self.numbers = deque(maxlen=2)  # The sender's, in the last sessions.
        self.other = None
        self.guesses = deque(maxlen=64)
        self.data = bytearray()
        self.times = []  # [(offset in the data, its time)]
        self.skipped = 0  # Bytes that belong to no frame.
        self.restart()

    def restart(self):
        """A session begins."""
        self.end = None  # The sequence number after all that was sent.
        self.messages = {}  # {channel: the beginning of its message}

    def feed(self, time, data):
        """Yield the frames that end in the data."""
        if self.data and time - self.times[-1][1] > STALE:
            yield from self.frames(is_stale=True)
        self.times.append((len(self.data), time))
        self.data += data
        yield from self.frames()

    def frames(self, is_stale=False):
        while self.data:
            size = self.size()
            if size is None and not is_stale:
                return
            if not size:
                self.skipped += 1
            else:
                yield self.seen(Frame(self.times[0][1], bytes(self.data[:size])))
            self.drop(size or 1)

    def size(self):
        """Of the frame that the data begins with; 0: there is none, None: it is not complete."""
        data = self.data
        if data[0] != START:
            return 0
        if len(data) < OVERHEAD:
            return None
        kind, _, n = unpack_from("<BBH", data, 1)
        if n > MOST or kind & 15 > HELLO:
            return 0
        size = n + OVERHEAD
        if len(data) < size:
            return None
        crc = unpack_from("<I", data, size - 4)[0]
        return size if self.is_right(kind & 15, bytes(data[1 : size - 4]), crc) else 0

    def is_right(self, kind, data, crc):
        if kind == HELLO:
            return crc32(data) == crc
        if any(crc32(data, seed) == crc for seed in self.seeds):
            return True
        # The session began unheard. Two frames that need the same seed have the right one.
        seed = unwound(data, crc)
        if seed not in self.guesses:
            self.guesses.append(seed)
            return False
        self.seeds.append(seed)
        return True

    def drop(self, n):
        del self.data[:n]
        times = [(max(0, at - n), time) for at, time in self.times] if self.data else []
        # The last one that is not after the first byte counts.
        while len(times) > 1 and times[1][0] == 0:
            times.pop(0)
        self.times = times

    def seen(self, frame):
        if frame.kind == HELLO and len(frame.payload) == 14:
            me, peer = unpack_from("<II", frame.payload, 6)
            self.met(me)
            self.other.met(peer)
            self.learn()
            self.other.learn()
        elif frame.kind == DATA:
            span = len(frame.payload) + bool(frame.flags & LAST)
            end = frame.seq + span & 0xFFFF
            frame.is_again = self.end is not None and (end - self.end - 1 & 0xFFFF) >= HALF
            if not frame.is_again:
                self.end = end
        return frame

    def met(self, number):
        """The sender's number in this session; 0 is unknown."""
        if number and number not in self.numbers:
            self.numbers.append(number)
            self.restart()

    def learn(self):
        """The seeds that the numbers make."""
        for mine in self.numbers:
            for theirs in self.other.numbers:
                seed = crc32(pack("<II", mine, theirs))
                if seed not in self.seeds:
                    self.seeds.append(seed)


class Line:
    """Both directions: describes their frames."""

    def __init__(self, left="left", right="right"):
        self.wires = Wire(), Wire()
        self.wires[0].other, self.wires[1].other = self.wires[1], self.wires[0]
        width = max(len(left), len(right))
        self.arrows = f"{left:>{width}} → {right:{width}}", f"{left:>{width}} ← {right:{width}}"
        self.counts = Counter()
        self.last = None
        self.repeated = 0  # How often a HELLO came again.

    def feed(self, time, direction, data):
        """Bytes of direction 0 or 1 at a time in seconds; yields lines of text."""
        wire = self.wires[direction]
        for frame in wire.feed(time, data):
            if wire.skipped:
                yield self.row(frame.time, direction, "", f"{wire.skipped} bytes of no frame")
                self.counts["lost"] += wire.skipped
                wire.skipped = 0
            self.counts["frames"] += 1
            self.counts["bytes"] += frame.size
            self.counts["again"] += frame.is_again
            what = direction, KINDS[frame.kind], described(wire, frame)
            if frame.kind == HELLO and what == self.last:
                self.repeated += 1
                continue
            if self.repeated:
                yield f"{'':10}     and {self.repeated} times more"
                self.repeated = 0
            self.last = what
            yield self.row(frame.time, *what)

    def row(self, time, direction, kind, text):
        text = printable(f"{self.arrows[direction]}  {kind:5}  {text}")
        return f"{time * 1000:10.1f} ms  {text}".rstrip()

    @property
    def summary(self):
        counts = self.counts
        return (
            f"{counts['frames']} frames, {counts['bytes']} bytes; "
            f"retransmissions: {counts['again']}, bytes of no frame: {counts['lost']}"
        )


def described(wire, frame):
    """What a frame says, besides its kind."""
    words = []
    if frame.kind == HELLO:
        words.append(hello(frame))
    elif frame.kind == DATA:
        words.append("again" if frame.is_again else message(wire, frame))
    elif frame.kind == ACK:
        words.append(f"of all before {frame.ack}")
    else:
        words.append(f"round {frame.seq}")
    if frame.flags & GAP and frame.kind != HELLO:
        words.append("data is missing")
    if frame.flags & BUSY and frame.kind != HELLO:
        words.append("data was refused")
    return ", ".join(words)


def hello(frame):
    if len(frame.payload) != 14:
        return "of another version"
    _, _, buffer, _, me, peer = unpack_from("<BBHHII", frame.payload)
    to = f"{peer:08x}" if peer else "anybody"
    return f"from {me:08x} to {to}, receives {buffer} bytes"


def message(wire, frame):
    channel, payload = frame.channel, frame.payload
    is_first = channel not in wire.messages
    # Only the beginning of a message is kept.
    begun = wire.messages.setdefault(channel, payload[:2])
    if frame.flags & LAST:
        del wire.messages[channel]
    names = {16: REQUESTS, 17: REPLIES}.get(channel)
    if not names:
        what = "rpc" if channel < 16 else f"channel {channel}"
        return f"{what}: {len(payload)} bytes" + ("" if is_first else " more")
    name = names.get(begun[0], f"kind {begun[0]}") if begun else "nothing"
    if not is_first:
        return f"{name} {begun[1]}: {len(payload)} bytes more"
    if len(payload) < 2:
        return name
    number, rest = payload[1], payload[2:]
    text = fields(name, rest)
    return " ".join([name, *([str(number)] if number else []), *([text] if text else [])])


def fields(name, data):
    """The text of a message of sockets after its kind and number."""
    try:
        if name == "OPEN":
            kind = {1: "TCP", 2: "UDP"}[data[0]]
            return f"{kind}, a connection of {data[1]}" if data[1] else kind
        if name in ("CONNECT", "INCOMING"):
            return address(data)
        if name == "GRANT":
            return f"{unpack_from('<H', data)[0]} bytes"
        if name == "DATA":
            return f"{len(data)} bytes  {start(data)}"
        if name in ("SENDTO", "DATAGRAM"):
            n = data[0] + 1
            return f"{address(data[1:n])} {len(data) - n} bytes"
        if name == "BIND":
            return address(data[1:])
        if name == "LISTEN":
            return f"backlog {data[1]}"
        if name == "OPTION":
            return "level {}, {} = {}".format(*unpack_from("<HH", data, 1), data[5:].hex())
        if name == "RESOLVE":
            return data[1:].decode(errors="replace")
        if name == "ANSWER":
            error = unpack_from("<h", data, 1)[0]
            found = ", ".join(data[3:].decode(errors="replace").split("\0"))
            return f"error {error}" if error else found or "done"
        if name == "ERROR":
            return str(unpack_from("<h", data)[0])
        if name == "WRAP":
            return "TLS"
        if name == "TELL":
            what = ("reason", "certificate", "cipher", "ciphers", "chain")[data[1]]
            return f"{what} from {unpack_from('<H', data, 2)[0]} on"
    except Exception:
        return f"{len(data)} bytes"
    return ""


def address(data):
    return f"{data[2:].decode(errors='replace')}:{unpack_from('<H', data)[0]}"


def start(data):
    """The beginning of the data, up to the end of its first line, if it is text."""
    line = data[:40].split(b"\r\n")[0].split(b"\n")[0]
    is_text = line and line.isascii() and line.decode().isprintable()
    return f'"{line.decode()}"' if is_text else ""


class NoLog(Exception):
    """The file is another one, or damaged."""


def logged(file):
    """(time, direction, bytes) of a log."""
    good = 0
    try:
        for line in file:
            microseconds, direction, data = line.split()
            yield float(microseconds) / 1e6, "><".index(direction), bytes.fromhex(data)
            good += 1
    except ValueError:
        raise NoLog(f"{file.name} is no log of --line-log after {good} lines") from None


def heard(names, baud):
    """The same of serial ports, as it arrives."""
    from serial import Serial

    arrived = queue.Queue()
    began = time.monotonic()

    def listen(direction, port):
        try:
            while True:
                data = port.read(max(1, port.in_waiting))
                arrived.put((time.monotonic() - began, direction, data))
        except OSError as e:
            arrived.put(e)

    for direction, port in enumerate([Serial(name, baud) for name in names]):
        threading.Thread(target=listen, args=(direction, port), daemon=True).start()
    print("Listening.", flush=True)
    while True:
        row = arrived.get()
        if isinstance(row, OSError):
            raise row
        yield row


def main(words):
    about, _, rest = __doc__.partition("usage: ")
    usage, _, rest = rest.partition("\n\n")
    parser = argparse.ArgumentParser(usage=usage, description=about, epilog=rest)
    parser.add_argument("--baud", type=int, default=921600)
    parser.add_argument("--log", type=argparse.FileType())
    parser.add_argument("port", nargs="*")
    args = parser.parse_args(words)
    if bool(args.log) == bool(args.port) or len(args.port) > 2:
        parser.error("one or two ports, or --log FILE")
    line = Line()
    error = None
    try:
        for row in logged(args.log) if args.log else heard(args.port, args.baud):
            for text in line.feed(*row):
                print(text, flush=True)
    except KeyboardInterrupt:
        print()
    except (OSError, NoLog) as e:
        error = e
    print(line.summary)
    if error:
        sys.exit(f"frames: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
