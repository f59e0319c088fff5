# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# A client of MQTT through a co-processor, with mosquitto as the broker and its commands as the
# client's peers.

import sys

sys.path[:0] = ["tests"]

import _wired as wired  # noqa: E402
from _mosquitto import LONG, broker, expected, listener, publish  # noqa: E402
from _wired import UNIX  # noqa: E402
from check import case, end, eq, long  # noqa: E402


def exchange(keepalive, seconds, pings):
    """The client prints and publishes what it should, and then is idle for some seconds."""
    prints, publishes = expected(pings)
    with broker() as (port, wait_for), listener(port, wait_for) as heard:
        words = "mqtt", port, keepalive, seconds
        program = wired.started("_programs.py", UNIX.interpreter, UNIX.interpreter, *words)
        with program as client:
            said = [client.stdout.readline().decode().strip()]
            publish(port)
            output = client.communicate(timeout=seconds + 200)[0].decode()
        eq(said + output.splitlines(), prints)
        eq(heard(), publishes)


@case
def publish_and_subscribe():
    exchange(LONG, 0, False)


@case
def kept_alive():
    # A broker closes a connection that is silent for one and a half times the keep-alive time.
    exchange(*(10, 200) if long else (4, 6), True)


end()
