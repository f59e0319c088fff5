# SPDX-License-Identifier: MIT
"""The documents that the bench packs and unpacks, and their encodings.

/usr/bin/python3 bench/documents.py shows their sizes.

Every codec that is compared can hold them: all ints are below 2**30. JSON_DOCUMENTS names those
without bytes.
"""

import json

import msgpack

JSON_DOCUMENTS = ("a", "b", "b2", "c", "d", "f")
# A program would name the keys of these documents.
KEYED_DOCUMENTS = ("a", "d", "f")


def telemetry():
    """A report of a sensor."""
    report = dict(dev="sensor-17", seq=4711, up=86400123)
    report.update(temp=23.4, hum=41.25, bat=3.71, rssi=-67)
    report.update(ok=True, err=None, loc=["lab", 2, 13], adc=[101, 99, 1023, 512, -3])
    return report


def pin(no):
    odd = no % 2 == 1
    return {
        "no": no,
        "mode": "in" if odd else "out",
        "pull": None if odd else "up",
        "inv": no % 4 >= 2,
    }


def rule(no):
    condition = [f"t{no}", ">", no + 20.5]
    return {
        "if": condition,
        "then": {"set": f"out{no}", "to": 100 * no},
        "hold": no * 30 % 120,
    }


def configuration():
    """A device's settings, nested four deep."""
    gateway = "10.0.0.1"
    address = dict(ip="10.0.0.42", mask="255.255.255.0", gw=gateway, dns=[gateway, "9.9.9.9"])
    wifi = dict(ssid="factory-2g", psk="correct horse", chan=11, power=17.5, dhcp=True)
    wifi["static"] = address
    mqtt = dict(host="broker.local", port=1883, tls=None, keep=60)
    mqtt["will"] = dict(topic="st/42", msg="gone", qos=1)
    return dict(
        version=3,
        hostname="node-42",
        debug=False,
        wifi=wifi,
        mqtt=mqtt,
        pins=[pin(no) for no in range(8)],
        rules=[rule(no) for no in range(6)],
    )


def call(arguments):
    """A remote procedure call."""
    return ["cm", arguments, "method", [1, 2, "x"], {}]


DOCUMENTS = {
    "a": telemetry(),
    "b": [13 * i % 128 for i in range(500)],
    "b2": [1237 * i % 3840 + 256 for i in range(500)],
    "c": [round(0.37 * i - 12.5, 2) for i in range(200)],
    "d": {f"key{i:02}": f"value-{i}" for i in range(100)},
    "e": {"blob": bytes(i % 256 for i in range(4096))},
    "f": configuration(),
    "g": call(b"\x01\x02\x03\x04"),
    "gx": call(msgpack.ExtType(5, b"\x01\x02\x03\x04")),
}

CONTENTS = {
    "a": "telemetry dict",
    "b": "500 fixints",
    "b2": "500 12-bit ints",
    "c": "200 floats",
    "d": "100 str→str",
    "e": "4 kB blob",
    "f": "config tree",
    "g": "RPC call",
    "gx": "RPC call, ext",
}


def msgpack_of(name, single):
    """The document as MessagePack, floats as single or double precision."""
    return msgpack.packb(DOCUMENTS[name], use_bin_type=True, use_single_float=single)


def json_of(name):
    return json.dumps(DOCUMENTS[name])


def nodes(value):
    """The number of objects in the document."""
    if isinstance(value, dict):
        return 1 + sum(nodes(k) + nodes(v) for k, v in value.items())
    return 1 + (sum(nodes(v) for v in value) if isinstance(value, list) else 0)


def main():
    row = "{:<4}{:<16}{:>6}{:>12}{:>12}{:>8}".format
    print(row("", "", "nodes", "float 32", "float 64", "json"))
    for name, value in DOCUMENTS.items():
        text = len(json_of(name)) if name in JSON_DOCUMENTS else "-"
        sizes = [len(msgpack_of(name, single)) for single in (True, False)]
        print(row(name, CONTENTS[name], nodes(value), *sizes, text))


if __name__ == "__main__":
    main()
