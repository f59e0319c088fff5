# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# Byte-for-byte exchange with a JavaScript implementation from npm.
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import peers  # noqa: E402

import check  # noqa: E402
import msgpack  # noqa: E402
from check import case  # noqa: E402
from generate import document  # noqa: E402
from vectors import INTS, hx  # noqa: E402

DOCUMENTS = int(os.environ.get("MSGPACK_COMPARE_DOCUMENTS", "1500"))

peer = peers.micropython()
script, why = peers.javascript()


def there():
    if peer is None:
        check.skip("no unix-x64 interpreter or no x64 module has been built")
    if script is None:
        check.skip(why)


def ask(who, *words):
    status, _, rest = who.ask(*words).partition(" ")
    if status != "ok":
        raise AssertionError(f"{' '.join(str(w) for w in words)[:300]}: {status} {rest}")
    return rest


@case
def ours_there_and_back():
    # MicroPython writes, JavaScript reads and writes, MicroPython reads and writes
    there()
    for seed in range(DOCUMENTS):
        ours = ask(peer, "plain", seed)
        theirs = ask(script, "again", ours)
        if theirs != ours:
            raise AssertionError(f"{seed}: we wrote {ours[:400]}, they {theirs[:400]}")
        again = ask(peer, "again", theirs)
        if again != ours:
            raise AssertionError(f"{seed}: we wrote {ours[:400]}, then {again[:400]}")


@case
def single_floats():
    there()
    for seed in range(DOCUMENTS // 3):
        ours = ask(peer, "plain", seed + 50000)
        want = ask(script, "single", ours)
        got = ask(peer, "single", ours)
        if got != want:
            raise AssertionError(f"{seed}: we wrote {got[:400]}, they {want[:400]}")


@case
def every_border_of_ints():
    there()
    for value, text in INTS:
        theirs = ask(script, "again", text)
        if theirs != text or ask(peer, "again", theirs) != text:
            raise AssertionError(f"{value}: {text}, they wrote {theirs}")


@case
def what_they_write_from_other_forms():
    # bytes made by python3-msgpack, rewritten by JavaScript, read by us
    there()
    for seed in range(DOCUMENTS // 3):
        data = msgpack.packb(document(seed + 60000, dict, True)).hex()
        theirs = ask(script, "again", data)
        if ask(peer, "again", theirs) != data:
            raise AssertionError(f"{seed}: {data[:400]}")


@case
def their_refusals():
    # what they call an error is none of our values either
    there()
    for text in ("c1", "91c1", "92 01", "a5 6161", "d9", "dd ffffffff"):
        for who in (peer, script):
            answer = who.ask("again", hx(text).hex())
            kind = answer.split()[1] if answer.startswith("error") else "ok"
            if kind == "ok" or (who is peer and kind not in ("ValueError", "FormatError")):
                raise AssertionError(f"{text}: {answer}")


for who in (peer, script):
    if who is not None:
        who.close()
check.end()
