# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# tools/frames.py, which shows the frames of a line.

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import tty
from importlib.util import find_spec

sys.path[:0] = [".", "tools"]

import frames  # noqa: E402
from _documented import documented, messages  # noqa: E402
from _world import Random, World  # noqa: E402
from check import case, end, eq, skip, true  # noqa: E402

from coprocessor.link import Link  # noqa: E402

EXAMPLE = [("AB".index(sender), data) for sender, data in documented()]


def shown(stream, line=None):
    """The lines of text without their times."""
    line = line or frames.Line("A", "B")
    rows = []
    for i, (direction, data) in enumerate(stream):
        rows += [text[15:] for text in line.feed(i / 1000, direction, data)]
    return rows, line.counts


@case
def example_of_the_document():
    rows, counts = shown(EXAMPLE)
    eq(
        rows,
        [
            "A → B  HELLO  from 00111111 to anybody, receives 256 bytes",
            "A ← B  HELLO  from 00222222 to 00111111, receives 256 bytes",
            "A → B  HELLO  from 00111111 to 00222222, receives 256 bytes",
            "A → B  DATA   rpc: 2 bytes",
            "A ← B  DATA   rpc: 5 bytes",
            "A → B  ACK    of all before 6",
            "A → B  DATA   rpc: 4 bytes",
            "A → B  PING   round 1",
            "A ← B  PONG   round 1",
            "A → B  DATA   again",
            "A ← B  ACK    of all before 8",
            "A ← B  PING   round 0",
            "A → B  PONG   round 0",
        ],
    )
    size = sum(len(data) for _, data in EXAMPLE)
    eq(dict(counts), {"frames": 13, "bytes": size, "again": 1})


@case
def one_wire():
    rows, counts = shown([row for row in EXAMPLE if row[0] == 0])
    # Its second HELLO has both numbers.
    eq((len(rows), counts["lost"]), (8, 0))


@case
def session_that_began_before():
    # The second frame confirms what the first one told of the session.
    rows, counts = shown(EXAMPLE[3:])
    eq(rows[:2], ["A → B         15 bytes of no frame", "A → B  ACK    of all before 6"])
    eq((counts["frames"], counts["lost"]), (8, 15 + 18))


@case
def byte_by_byte():
    line = frames.Line("A", "B")
    pieces = [(who, bytes((byte,))) for who, data in EXAMPLE for byte in data]
    rows = [text for i, piece in enumerate(pieces) for text in line.feed(i / 1e5, *piece)]
    eq([row[15:] for row in rows], shown(EXAMPLE)[0])
    # The time is that of the first byte.
    eq(rows[1].split()[0], "0.3")


@case
def damage():
    hello, data = EXAMPLE[:3], EXAMPLE[3][1]
    for at in range(len(data)):
        wrong = data[:at] + bytes((data[at] ^ 4,)) + data[at + 1 :]
        line = frames.Line("A", "B")
        rows, _ = shown([*hello, (0, wrong)], line)
        # Much later, as a length that is too great waits for bytes.
        rows += [text[15:] for text in line.feed(1, 0, EXAMPLE[5][1])]
        eq(
            rows[3:],
            [f"A → B         {len(data)} bytes of no frame", "A → B  ACK    of all before 6"],
        )


@case
def start_byte_in_front():
    line = frames.Line("A", "B")
    shown([*EXAMPLE[:3], (0, b"\xa5\xa5\x00" + EXAMPLE[3][1])], line)
    # It might be the beginning of a longer frame until the line has been silent.
    rows = [text[15:] for text in line.feed(1, 0, b"")]
    eq(rows, ["A → B         3 bytes of no frame", "A → B  DATA   rpc: 2 bytes"])


def session(sent, seed=1):
    """[(direction, bytes)] of two links that send messages: (direction, channel, data)."""
    random = Random(seed)
    world = World(random)
    stream = []
    links = []
    for i, end_ in enumerate(world.ends):

        def write(view, i=i, end_=end_):
            stream.append((i, bytes(view)))
            end_.tx.extend(view)
            return len(view)

        end_.write = write
        links.append(Link(end_, clock=world.clock, random=random.bits))
    for direction, channel, data in [(0, 0, None), *sent]:
        if data is not None:
            links[direction].send(channel, data, wait=False)
        for _ in range(30):
            world.tick()
            for link in links:
                link.poll()
    return stream


@case
def new_session():
    rows, counts = shown(session([(0, 40, b"x" * 300)]) + session([(1, 40, b"y")], seed=2))
    data = [row for row in rows if "DATA" in row]
    eq(
        data,
        [
            "A → B  DATA   channel 40: 101 bytes",
            "A → B  DATA   channel 40: 101 bytes more",
            "A → B  DATA   channel 40: 98 bytes more",
            "A ← B  DATA   channel 40: 1 bytes",
        ],
    )
    eq((counts["again"], counts["lost"]), (0, 0))


@case
def messages_of_sockets():
    told = messages()
    rows, _ = shown(session([(who, 16 + who, data) for who, data, _ in told]))
    rows = [row[14:] for row in rows if "DATA  " in row]
    eq(
        rows,
        [
            "RESOLVE example.org",
            "ANSWER 93.184.216.34",
            "OPEN 1 TCP",
            "CONNECT 1 93.184.216.34:80",
            "CONNECTED 1",
            "GRANT 1 2048 bytes",
            'DATA 1 16 bytes  "GET / HTTP/1.0"',
            "GRANT 1 1536 bytes",
            'DATA 1 15 bytes  "HTTP/1.0 200 OK"',
            "END 1",
            "CLOSE 1",
            "CLOSED 1",
        ],
    )


@case
def names_that_would_control_the_terminal():
    rows, _ = shown(session([(0, 16, b"\x13\x00\x01\x1b[2J\x07\n1.0 ms\xc2\x9b")]))
    eq([row[14:] for row in rows if "RESOLVE" in row], [r"RESOLVE \x1b[2J\x07\n1.0 ms\x9b"])


@case
def other_messages_of_sockets():
    for name, data, text in (
        ("OPEN", "0202", "UDP, a connection of 2"),
        ("SENDTO", "0600356c6f63616c", None),
        ("SENDTO", "033500686162", "h:53 2 bytes"),
        ("DATAGRAM", "033500686162", "h:53 2 bytes"),
        ("BIND", "01500068", "h:80"),
        ("LISTEN", "0105", "backlog 5"),
        ("OPTION", "0101000200010000000", None),
        ("OPTION", "010100020001000000", "level 1, 2 = 01000000"),
        ("INCOMING", "500068", "h:80"),
        ("ANSWER", "01feff", "error -2"),
        ("ANSWER", "010000", "done"),
        ("ERROR", "6f00", "111"),
        ("WRAP", "0101", "TLS"),
        ("HANDSHAKE", "", ""),
        ("TELL", "01010004", "certificate from 1024 on"),
        ("TELL", "01050000", "4 bytes"),
        ("GRANT", "05", "1 bytes"),
        ("OPEN", "0900", "2 bytes"),
    ):
        if text is not None:
            eq(frames.fields(name, bytes.fromhex(data)), text)


def run(*words, feed=None):
    """What the command prints until it is interrupted, or ends."""
    command = [sys.executable, "tools/frames.py", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, **pipes, text=True)
    if feed:
        feed(process)
    return process.communicate(timeout=60)[0].splitlines()


def named(rows):
    """The rows with the names of EXAMPLE's sides."""
    return [row.rstrip()[15:].replace("left", "A").replace("right", "B") for row in rows]


WIDE = [row.replace("A →", " A →").replace("A ←", " A ←") for row in shown(EXAMPLE)[0]]


@case
def log_of_the_emulator():
    with tempfile.NamedTemporaryFile("w") as file:
        for i, (direction, data) in enumerate(EXAMPLE):
            file.write(f"{i}.5 {'><'[direction]} {data.hex()}\n")
        file.flush()
        *rows, last = run("--log", file.name)
    eq(named(rows), WIDE)
    true(last.startswith("13 frames, ") and "retransmissions: 1" in last)


@case
def files_that_are_no_log():
    good = f"0.5 > {EXAMPLE[0][1].hex()}\n".encode()
    for bad in b"1.5 >", b"1.5 > 0", b"1.5 ? 00", b"soon > 00", b"\xff > 00":
        with tempfile.NamedTemporaryFile() as file:
            file.write(good + bad)
            file.flush()
            *_, summary, last = run("--log", file.name)
        true(summary.startswith(("0 frames, ", "1 frames, ")) or print(summary))
        true(last.startswith(f"frames: {file.name} is no log of ") or print(last))


@case
def serial_ports():
    if not find_spec("serial"):
        skip("there is no serial: make setup installs python3-serial")
    got = []
    with contextlib.ExitStack() as at_end:
        pairs = [os.openpty() for _ in range(2)]
        for fd in sum(pairs, ()):
            at_end.callback(os.close, fd)
            tty.setraw(fd)

        def feed(process):
            eq(process.stdout.readline(), "Listening.\n")
            for direction, data in EXAMPLE:
                os.write(pairs[direction][0], data)
                got.append(process.stdout.readline())
            process.send_signal(signal.SIGINT)

        last = run(*(os.ttyname(far) for _, far in pairs), feed=feed)[-1]
    eq(named(got), WIDE)
    true(last.startswith("13 frames, ") and "retransmissions: 1" in last)


@case
def adapters_that_are_not_there():
    if not find_spec("serial"):
        skip("there is no serial: make setup installs python3-serial")
    near, far = os.openpty()
    tty.setraw(far)

    def pull(process):
        eq(process.stdout.readline(), "Listening.\n")
        os.write(near, EXAMPLE[0][1])
        process.stdout.readline()
        os.close(near)

    for name, feed in (os.ttyname(far), pull), ("/dev/nowhere", None):
        summary, last = run(name, feed=feed)
        true(summary.startswith("1 frames, " if feed else "0 frames, ") or print(summary))
        true(last.startswith("frames: ") or print(last))
    os.close(far)


end()
