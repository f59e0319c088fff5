# SPDX-License-Identifier: MIT
"""What the bench measures, as statements that programs.py puts into its programs."""

from dataclasses import dataclass

import documents


@dataclass(frozen=True)
class Operation:
    name: str
    function: str  # Known as f in the statement.
    argument: str  # doc, data (MessagePack) or text (JSON); known as x.
    statement: str = "f(x)"

    @property
    def is_json(self):
        return self.function.startswith("json")


# `stream` is a BytesIO that a first run, which is not measured, has enlarged.
OPERATIONS = (
    Operation("packb", "msgpack.packb", "doc"),
    Operation("pack, reused BytesIO", "msgpack.pack", "doc", "seek(0); f(x, stream)"),
    Operation("pack, new BytesIO", "msgpack.pack", "doc", "s = BytesIO(); f(x, s); s.getvalue()"),
    Operation("unpackb", "msgpack.unpackb", "data"),
    Operation("unpack(BytesIO)", "msgpack.unpack", "data", "f(BytesIO(x))"),
    Operation("json.dumps", "json.dumps", "doc"),
    Operation("json.dump, new BytesIO", "json.dump", "doc", "f(x, BytesIO())"),
    Operation("json.loads", "json.loads", "text"),
)
# The operations of stock json whose figures must match the recorded ones.
REFERENCE = tuple(o for o in OPERATIONS if o.name in ("json.dumps", "json.loads"))

KEYED_NAMES = ("unpackb, keys named", "json.loads, keys named")


def keyed(document):
    """Decoding, then one lookup of each key by a program that names the keys."""
    statement = "\n".join(["d = f(x)", *lookups(documents.DOCUMENTS[document], "d")])
    ours, theirs = KEYED_NAMES
    return (
        Operation(ours, "msgpack.unpackb", "data", statement),
        Operation(theirs, "json.loads", "text", statement),
    )


def lookups(value, name):
    """Lines that look up all keys in the dicts of a value known by a name."""
    if isinstance(value, dict):
        for key, member in value.items():
            inner = list(lookups(member, name + "_"))
            yield f"{name}_ = {name}[{key!r}]" if inner else f"{name}[{key!r}]"
            yield from inner
    elif isinstance(value, list):
        bodies = [list(lookups(member, name + "_")) for member in value]
        if any(bodies):
            yield f"for {name}_ in {name}:"
            yield from (f"    {line}" for line in bodies[0])


# The operations of json, and of the recorded C module, that correspond to ours.
JSON_PEER = {
    "packb": "json.dumps",
    "pack, new BytesIO": "json.dump, new BytesIO",
    "unpackb": "json.loads",
    "unpackb, keys named": "json.loads, keys named",
}
C2020_PEER = {
    "packb": "pack, new BytesIO",
    "pack, reused BytesIO": "pack, reused BytesIO",
    "pack, new BytesIO": "pack, new BytesIO",
    "unpackb": "unpack(BytesIO)",
    "unpack(BytesIO)": "unpack(BytesIO)",
}
# Goals. C2020_WANTED: our instructions divided by those of the C module of 2020 must not exceed
# these, as the geometric mean and on any document. JSON_WANTED: the least of json's divided by
# ours.
C2020_WANTED = {
    "packb": (0.35, 0.6),
    "pack, reused BytesIO": (0.5, 0.9),
    "unpackb": (0.45, 0.95),
    "unpack(BytesIO)": (0.5, 0.9),
}
JSON_WANTED = {"packb": 6, "unpackb": 3, "unpackb, keys named": 3}
# Those of the small flavour: the geometric mean, and the least.
SMALL_C2020_WANTED = {"packb": 1, "unpackb": 1}
SMALL_JSON_WANTED = {"packb": 3, "unpackb": 1.8}
