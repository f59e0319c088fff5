# SPDX-License-Identifier: MIT
# Calls over a line between two emulated Picos: each returns the right value, or raises what it may
# raise, in time. The module `settings` says what happens to the line; see pico_lines.py.

import gc
import time
from errno import ECONNRESET, ETIMEDOUT

from controls import cut, cycles, end, errors, insert, reset_other, say
from machine import UART
import settings

from coprocessor.client import Client
from coprocessor.link import Link
from coprocessor.rpc import StaleProxy

TIMEOUT = 3000
# A call waits for the link, for data to be acknowledged, and for the answer.
MOST = 3 * TIMEOUT + 200
DATA = bytes(range(250)) * 2
SUM = sum(DATA)

uart = UART(0, settings.BAUD, rxbuf=settings.RX)
if settings.GARBAGE:
    insert(settings.GARBAGE)
    time.sleep_ms(10)
link = Link(uart, rx=settings.RX, timeout=TIMEOUT)
remote = Client(link).remote
buffer = bytearray(len(DATA))
counts = {}


def attempt(function, *args):
    """(result of a call, None), or (None, how it failed)."""
    began = time.ticks_ms()
    try:
        result = function(*args), None
    except StaleProxy:
        result = None, "stale"
    except OSError as e:
        if e.errno not in (ECONNRESET, ETIMEDOUT):
            raise
        result = None, "reset" if e.errno == ECONNRESET else "timeout"
    took = time.ticks_diff(time.ticks_ms(), began)
    assert took <= MOST, took
    what = result[1] or "right"
    counts[what] = counts.get(what, 0) + 1
    return result


def call(expected, function, *args):
    got, failed = attempt(function, *args)
    assert failed or got == expected, got


def session():
    """Calls of every kind."""
    # The use of a name may be a request, too.
    call(5, lambda: remote.add(2, 3))
    box, failed = attempt(lambda: remote.Box(1))
    if failed:
        return
    add, failed = attempt(lambda: box.add)
    if failed:
        return
    call(3, add, 2)
    call(SUM, lambda: box.write(DATA))
    call(DATA, lambda: box.read(len(DATA)))
    call(len(DATA), lambda: box.readinto(buffer))
    call(5, add, 2)


def settle():
    """The line works again, and the server has no object for the client."""
    errors(0)
    for _ in range(10):
        if attempt(lambda: remote.add(1, 2))[0] == 3:
            break
    assert remote.add(1, 2) == 3 and remote.add(2, 2) == 4
    for _ in range(30):
        gc.collect()
        if not remote.left():
            return
        remote.add(b=1, a=2)
    raise AssertionError("%d objects are left" % remote.left())


def events(what, value):
    """[(microseconds from the beginning of a session, what happens then)]"""
    if what == "errors":
        return [(0, lambda _: errors(value[0]))] * value[1]
    if what == "cuts":
        return [(after, lambda us: cut(value[0], us)) for after in value[1]]
    if what == "resets":
        return [(after, reset_other) for after in value]
    return [(0, lambda _: None)] * value


def main():
    for what, value in settings.EVENTS:
        counts.clear()
        for after, event in events(what, value):
            began = time.ticks_us()
            event(after)
            session()
            if what != "errors":
                while time.ticks_diff(time.ticks_us(), began) <= after:
                    link.poll()
                settle()
        settle()
        say(what, value, sorted(counts.items()), cycles(), time.ticks_us())
    end()


def be_reset():
    """The server resets this board at some time."""
    first = True
    while True:
        remote.begin(first)
        first = False
        session()


be_reset() if settings.EVENTS is None else main()
