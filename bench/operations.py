"""What the bench measures, as statements that cortexm3.py and x64.py put into their programs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    name: str
    function: str  # Known as f in the statement.
    argument: str  # doc, data (MessagePack) or text (JSON); known as x.
    statement: str = "f(x)"

    @property
    def is_json(self):
        return self.function.startswith("json")


# `stream` is a BytesIO that a first run, which does not count, has made grow.
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

# Which operation of json does what one of ours does, and which of the recorded C module.
JSON_PEER = {
    "packb": "json.dumps",
    "pack, new BytesIO": "json.dump, new BytesIO",
    "unpackb": "json.loads",
}
C2020_PEER = {
    "packb": "pack, new BytesIO",
    "pack, reused BytesIO": "pack, reused BytesIO",
    "pack, new BytesIO": "pack, new BytesIO",
    "unpackb": "unpack(BytesIO)",
    "unpack(BytesIO)": "unpack(BytesIO)",
}
# How much less than the C module of 2020 we want to need: geometric mean, and any document.
TARGETS = {
    "packb": (0.35, 0.6),
    "pack, reused BytesIO": (0.5, 0.9),
    "unpackb": (0.45, 0.95),
}
