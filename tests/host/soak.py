# SPDX-License-Identifier: MIT
# Sends messages from CPython through pipes to MicroPython and back, in random pieces.
# MicroPython's heap must not grow.
# targets: host
# timeout: 900

import random
import subprocess
import sys
import threading

sys.path.insert(0, "tests/host")

import check  # noqa: E402
import msgpack  # noqa: E402
from _tools import HOST, LONG, TOP  # noqa: E402
from check import case, eq, true  # noqa: E402
from runner import targets  # noqa: E402
from runner.paths import BUILD  # noqa: E402

MESSAGES = 1000000 if LONG else 50000
SEED = 1


def message(rng, i):
    """A random object that is the same after a round trip."""
    text = "x" * rng.randrange(80)
    return rng.choice(
        [
            i,
            -i,
            text,
            text.encode(),
            [i, text, None, True, 1.5],
            {"id": i, text: [i % 3] * rng.randrange(20)},
            (1 << 64) - 1 - i,
            msgpack.ExtType(i % 100, text.encode()),
            {"a": {"b": {"c": [[[i]]]}}},
        ]
    )


def send(pipe):
    """Write in pieces of random sizes."""
    rng = random.Random(SEED)
    sizes = random.Random(SEED + 1)
    waiting = b""
    with pipe:
        for i in range(MESSAGES):
            waiting += msgpack.packb(message(rng, i))
            while len(waiting) > 3000:
                n = sizes.choice([1, 2, 3, 5, 50, 300, 1000, 2900])
                pipe.write(waiting[:n])
                pipe.flush()
                waiting = waiting[n:]
        pipe.write(waiting)


@case
def there_and_back():
    target = targets.select(["unix-x64"])[0]
    process = subprocess.Popen(
        [target.interpreter, HOST / "_soak_echo.py"],
        env={"MICROPYPATH": f"{BUILD / 'x64'}:{TOP / 'tests/support'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        sender = threading.Thread(target=send, args=(process.stdin,), daemon=True)
        sender.start()
        rng = random.Random(SEED)
        back = msgpack.Unpacker(process.stdout, strict_map_key=False)
        for i in range(MESSAGES):
            expected = message(rng, i)
            got = back.unpack()
            if got != expected:
                raise AssertionError(f"message {i}: got {got}, expected {expected}")
        count, grown = back.unpack()
        sender.join()
    eq(process.returncode, 0)
    eq(count, MESSAGES)
    # Stale words on the stack may keep a few objects alive.
    true(grown < 3000)


check.note(f"{MESSAGES} messages")
check.end()
