# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 500
#
# A client of MQTT through a co-processor, with mosquitto as the broker and its commands as the
# client's peers.

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from binascii import crc32

sys.path[:0] = ["tests"]

import _wired as wired  # noqa: E402
from _net import free_port  # noqa: E402
from _wired import UNIX  # noqa: E402
from check import case, end, eq, long, skip  # noqa: E402
from runner import children  # noqa: E402

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
LARGE = bytes(range(256)) * 80
MESSAGES = [("down/0", b"none", 0), ("down/1", b"one", 1), ("down/large", LARGE, 1)]


@contextlib.contextmanager
def broker():
    """(its port, a function that waits until its log has a line with some text)"""
    if not MOSQUITTO:
        skip("there is no mosquitto: make setup installs it")
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        # As another user it would outlive a test that is killed.
        file.write(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
        file.flush()
        process = children.start(
            [MOSQUITTO, "-v", "-c", file.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        yield from serving(port, process)


def serving(port, process):
    """Yield what broker() has, as long as the process is wanted."""

    def wait_for(text):
        for line in process.stdout:
            if text in line:
                return
        raise AssertionError("the broker has ended")

    try:
        # Another line has "running on this machine".
        wait_for(b" running\n")
        yield port, wait_for
    finally:
        children.stop(process)
        process.stdout.close()


def exchange(keepalive, seconds):
    """What the client prints and what others get from it; after all else it is idle for some
    seconds."""
    with broker() as (port, wait_for), contextlib.ExitStack() as at_end:
        sub = ["mosquitto_sub", "-p", port, "-t", "up/#", "-q", 1, "-C", 4, "-F", "%t %q %l %x"]
        listener = children.start(sub, stdout=subprocess.PIPE)
        at_end.callback(listener.stdout.close)
        at_end.callback(children.stop, listener)
        wait_for(b"Sending SUBACK")
        words = "mqtt", port, keepalive, seconds
        program = wired.started("_programs.py", UNIX.interpreter, UNIX.interpreter, *words)
        client = at_end.enter_context(program)
        said = [client.stdout.readline().decode().strip()]
        for topic, data, qos in MESSAGES:
            pub = ["mosquitto_pub", "-p", port, "-t", topic, "-q", qos, "-s"]
            subprocess.run([str(word) for word in pub], input=data, check=True, timeout=60)
        output = client.communicate(timeout=seconds + 200)[0].decode()
        heard = listener.communicate(timeout=60)[0].decode().splitlines()
    said += output.splitlines()
    return said, heard


def expected(pinged):
    rows = [("up/0", 0, b"first"), ("up/1", 1, b"second")]
    rows += [("up/large", 1, LARGE), ("up/last", 1, b"%d" % pinged)]
    heard = [f"{topic} {qos} {len(data)} {data.hex()}" for topic, qos, data in rows]
    said = [f"{topic} {len(data)} {crc32(data)}" for topic, data, _ in MESSAGES]
    return ["subscribed", *said, "session 1"], heard


@case
def publish_and_subscribe():
    eq(exchange(20, 0), expected(False))


@case
def kept_alive():
    # A broker closes a connection that is silent for one and a half times the keep-alive time.
    eq(exchange(10, 200) if long else exchange(1, 2), expected(True))


end()
