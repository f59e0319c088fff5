# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# Byte-for-byte exchange with python3-msgpack: random documents in both directions, and
# whether both accept the same bytes when those are damaged.
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import peers  # noqa: E402

import check  # noqa: E402
import generate  # noqa: E402
import msgpack  # noqa: E402
from check import case, eq  # noqa: E402

DOCUMENTS = int(os.environ.get("MSGPACK_COMPARE_DOCUMENTS", "1500"))
DAMAGED = int(os.environ.get("MSGPACK_COMPARE_DAMAGED", "10000"))

peer = peers.micropython()


def there():
    if peer is None:
        check.skip("no unix-x64 interpreter or no x64 module has been built")


def unpack(data, **options):
    options.setdefault("strict_map_key", False)
    return msgpack.unpackb(data, **options)


def ask(*words):
    """The bytes of the answer; a refusal fails the case."""
    there()
    status, _, rest = peer.ask(*words).partition(" ")
    if status != "ok":
        raise AssertionError(f"{' '.join(str(w) for w in words)[:300]}: {status} {rest}")
    return bytes.fromhex(rest)


def any_ext(code, data):
    """python3-msgpack 1.0.3 packs every code, but its ExtType refuses to be made with some."""
    return tuple.__new__(msgpack.ExtType, (code, data))


def flat(pairs):
    return ["#map"] + [x for pair in pairs for x in pair]


def canonical(data, **options):
    obj = unpack(data, object_pairs_hook=flat, ext_hook=lambda c, d: ["#ext", c, d], **options)
    return msgpack.packb(obj)


def compare(got, want, about):
    if got != want:
        raise AssertionError(f"{about}: got {got.hex()[:400]}, expected {want.hex()[:400]}")


@case
def ours_of_the_same_documents():
    # both make the document from a seed, and write the same bytes
    there()
    for seed in range(DOCUMENTS):
        compare(ask("make", seed), msgpack.packb(generate.document(seed, dict)), seed)


@case
def theirs_and_back():
    there()
    for seed in range(DOCUMENTS):
        data = msgpack.packb(generate.document(seed + 100000, dict))
        compare(ask("again", data.hex()), data, seed)
        compare(ask("canonical", data.hex()), canonical(data), seed)


@case
def ours_and_back():
    there()
    for seed in range(DOCUMENTS):
        data = ask("make", seed + 200000)
        compare(msgpack.packb(unpack(data)), data, seed)


@case
def options():
    there()
    for seed in range(DOCUMENTS // 3):
        data = msgpack.packb(generate.document(seed + 300000, dict))
        obj = unpack(data)
        text = data.hex()
        compare(ask("single", text), msgpack.packb(obj, use_single_float=True), seed)
        compare(ask("double", text), data, seed)
        compare(ask("old", text), msgpack.packb(obj, use_bin_type=False), seed)
        compare(ask("raw", text), canonical(data, raw=True), seed)
        compare(ask("tuples", text), canonical(data, use_list=False), seed)


@case
def fed_in_pieces():
    there()
    for seed in range(DOCUMENTS // 3):
        data = msgpack.packb(generate.document(seed + 400000, dict))
        for step in (1, 2, 7, 64):
            compare(ask("fed", data.hex(), step), data, (seed, step))


def damage(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if not data:
            return b""
        i = rng.randrange(len(data))
        what = rng.randrange(5)
        if what == 0:
            data[i] = rng.randrange(256)
        elif what == 1:
            data[i] ^= 1 << rng.randrange(8)
        elif what == 2:
            del data[i : i + rng.randrange(1, 4)]  # noqa: E203
        elif what == 3:
            data[i:i] = bytes([rng.choice((0xC1, 0x91, 0x81, 0xDC, 0xDF, 0xFF, 0xA1, 0xC7, 0xD6))])
        else:
            del data[i:]
    return bytes(data)


def outcome(data):
    """Bytes of the value, or the kind of error."""
    try:
        return canonical(data).hex()
    except UnicodeError:
        return "UnicodeError"
    except msgpack.ExtraData:
        return "ExtraData"
    except msgpack.FormatError:
        return "FormatError"
    except msgpack.StackError:
        return "StackError"
    except ValueError:
        return "ValueError"


@case
def damaged():
    # accepted by both with the same value, or by neither. Which error comes first when there
    # are several is each one's own business.
    there()
    rng = random.Random(20240229)
    accepted = 0
    for n in range(DAMAGED):
        data = damage(rng, msgpack.packb(generate.document(n % 700, dict)))
        want = outcome(data)
        status, _, rest = peer.ask("canonical", data.hex() or "00").partition(" ")
        if not data:
            continue
        if status == "ok":
            accepted += 1
            if rest != want:
                raise AssertionError(f"{data.hex()}: got {rest}, expected {want}")
        elif not want.endswith("Error") and want != "ExtraData":
            raise AssertionError(f"{data.hex()}: got {rest}, expected {want}")
        elif rest.split(" ")[0] not in (
            "UnicodeError",
            "ExtraData",
            "FormatError",
            "StackError",
            "ValueError",
        ):
            raise AssertionError(f"{data.hex()}: got {rest}, expected {want}")
    # the damage is neither always fatal nor always harmless
    eq(DAMAGED / 50 < accepted < DAMAGED * 0.9, True)


@case
def random_bytes():
    there()
    rng = random.Random(5)
    for n in range(DAMAGED):
        data = rng.randbytes(rng.randrange(1, 30))
        want = outcome(data)
        status, _, rest = peer.ask("canonical", data.hex()).partition(" ")
        if status == "ok" and rest != want:
            raise AssertionError(f"{data.hex()}: got {rest}, expected {want}")
        if status != "ok" and not want.endswith("Error") and want != "ExtraData":
            raise AssertionError(f"{data.hex()}: got {rest}, expected {want}")


@case
def negative_ext_codes():
    there()
    for code in range(-128, 128):
        if code != -1:
            data = msgpack.packb(any_ext(code, b"abc"))
            compare(ask("again", data.hex()), data, code)


if peer is not None:
    peer.close()
check.end()
