# SPDX-License-Identifier: MIT
# mosquitto as the broker for a client of MQTT, and its commands as the client's peers.

import contextlib
import os
import shutil
import subprocess
import tempfile
from binascii import crc32

from _net import free_port
from check import skip
from runner import children

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
LARGE = bytes(range(256)) * 40
MESSAGES = [("down/0", b"none", 0), ("down/1", b"one", 1), ("down/large", LARGE, 1)]
# A keep-alive time in seconds that no client exceeds, also not a slow one.
LONG = 3600


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


@contextlib.contextmanager
def listener(port, wait_for):
    """A function that waits for what the client publishes."""
    sub = ["mosquitto_sub", "-p", port, "-t", "up/#", "-q", 1, "-C", 4, "-F", "%t %q %l %x"]
    process = children.start(sub, stdout=subprocess.PIPE)
    try:
        wait_for(b"Sending SUBACK")
        yield lambda: process.communicate(timeout=60)[0].decode().splitlines()
    finally:
        children.stop(process)
        process.stdout.close()


def publish(port):
    """Send the client all MESSAGES."""
    for topic, data, qos in MESSAGES:
        pub = ["mosquitto_pub", "-p", port, "-t", topic, "-q", qos, "-s"]
        subprocess.run([str(word) for word in pub], input=data, check=True, timeout=60)


def expected(pinged):
    """What the client prints, and what the listener gets."""
    rows = [("up/0", 0, b"first"), ("up/1", 1, b"second")]
    rows += [("up/large", 1, LARGE), ("up/last", 1, b"%d" % pinged)]
    heard = [f"{topic} {qos} {len(data)} {data.hex()}" for topic, qos, data in rows]
    said = [f"{topic} {len(data)} {crc32(data)}" for topic, data, _ in MESSAGES]
    return ["subscribed", *said, "session 1"], heard
