# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 500
#
# A client of MQTT through a co-processor, with mosquitto as the broker and its commands as the
# client's peers.

import sys

sys.path[:0] = ["tests"]

import _wired as wired  # noqa: E402
from _mosquitto import broker, expected, listener, publish  # noqa: E402
from _wired import UNIX  # noqa: E402
from check import case, end, eq, long  # noqa: E402


def exchange(keepalive, seconds):
    """What the client prints and what others get from it; after all else it is idle for some
    seconds."""
    with broker() as (port, wait_for), listener(port, wait_for) as heard:
        words = "mqtt", port, keepalive, seconds
        program = wired.started("_programs.py", UNIX.interpreter, UNIX.interpreter, *words)
        with program as client:
            said = [client.stdout.readline().decode().strip()]
            publish(port)
            output = client.communicate(timeout=seconds + 200)[0].decode()
        return said + output.splitlines(), heard()


@case
def publish_and_subscribe():
    eq(exchange(20, 0), expected(False))


@case
def kept_alive():
    # A broker closes a connection that is silent for one and a half times the keep-alive time.
    eq(exchange(10, 200) if long else exchange(1, 2), expected(True))


end()
