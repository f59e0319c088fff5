# SPDX-License-Identifier: MIT
# cpython: yes
# needs: msgpack
# also: mps2-an385-notime
# The first thing that a user does: a dict to a stream and back, and a class of their own.
from io import BytesIO

import check
import msgpack
from check import case, eq
from vectors import expect, extra_data, hx

OBJ = {"list": [True, False, None, 1, "abc"], "str": "blah", "bytes": b"012345"}
PARTS = {
    "list": "a4 6c697374 95 c3 c2 c0 01 a3 616263",
    "str": "a3 737472 a4 626c6168",
    "bytes": "a5 6279746573 c4 06 303132333435",
}


class Mine:
    def __init__(self, text):
        self.text = text


def encoder(obj):
    if isinstance(obj, Mine):
        return msgpack.ExtType(1, obj.text.encode())
    raise TypeError("cannot pack " + repr(obj))


def decoder(code, data):
    eq(code, 1)
    return Mine(data.decode())


def packed():
    # a map is written in the order in which the dict itself iterates
    return b"\x83" + b"".join(hx(PARTS[k]) for k in OBJ)


@case
def dict_to_stream():
    s = BytesIO()
    eq(msgpack.pack(OBJ, s), None)
    eq(len(s.getvalue()), 38)
    expect(s.getvalue(), packed())


@case
def dict_from_stream():
    expect(msgpack.unpack(BytesIO(packed())), OBJ)


@case
def dict_to_bytes_and_back():
    expect(msgpack.packb(OBJ), packed())
    expect(msgpack.unpackb(packed()), OBJ)


@case
def default_makes_ext():
    s = BytesIO()
    msgpack.pack(Mine("my_value"), s, default=encoder)
    expect(s.getvalue(), hx("d7 01 6d795f76616c7565"))


@case
def ext_hook_makes_object():
    obj = msgpack.unpack(BytesIO(hx("d7 01 6d795f76616c7565")), ext_hook=decoder)
    eq(type(obj), Mine)
    eq(obj.text, "my_value")


@case
def default_and_ext_hook_inside_containers():
    data = msgpack.packb({"k": [Mine("a"), Mine("bc")]}, default=encoder)
    expect(data, hx("81 a16b 92 d4 01 61 d5 01 6263"))
    obj = msgpack.unpackb(data, ext_hook=decoder)
    eq([m.text for m in obj["k"]], ["a", "bc"])


@case
def constants():
    for value, text in ((None, "c0"), (False, "c2"), (True, "c3")):
        expect(msgpack.packb(value), hx(text))
        got = msgpack.unpackb(hx(text))
        eq(got is value, True)


@case
def json_like_aliases():
    s = BytesIO()
    msgpack.dump([1], s)
    expect(s.getvalue(), b"\x91\x01")
    expect(msgpack.dumps([1]), b"\x91\x01")
    expect(msgpack.load(BytesIO(b"\x91\x01")), [1])
    expect(msgpack.loads(b"\x91\x01"), [1])


@case
def buffers_that_unpackb_takes():
    for data in (b"\x92\x01\xa1a", bytearray(b"\x92\x01\xa1a"), memoryview(b"\x92\x01\xa1a")):
        expect(msgpack.unpackb(data), [1, "a"])
    # a slice that starts and ends inside its buffer
    expect(msgpack.unpackb(memoryview(b"\xc1\x92\x01\xa1a\xc1")[1:5]), [1, "a"])


@case
def result_is_independent_of_the_buffer():
    data = bytearray(b"\x92\xa1a\xc4\x01b")
    got = msgpack.unpackb(data)
    for i in range(len(data)):
        data[i] = 0xC1
    expect(got, ["a", b"b"])


@case
def trailing_bytes():
    e = check.raises(msgpack.ExtraData, msgpack.unpackb, b"\x91\x01\xc0\xc3")
    eq(isinstance(e, ValueError), True)
    expect(extra_data(e), ([1], b"\xc0\xc3"))


check.end()
