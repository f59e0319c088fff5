# SPDX-License-Identifier: MIT
# Pack objects into a stream and unpack them again.
import io
import msgpack

# Lists, dicts, strings, bytes, numbers, booleans and None have their own MessagePack types.
message = {"list": [True, False, None, 1, "abc"], "str": "blah", "bytes": b"012345"}

stream = io.BytesIO()
msgpack.pack(message, stream)
print("packed", len(stream.getvalue()), "bytes")

stream.seek(0)
received = msgpack.unpack(stream)
print("unpacked an equal object:", received == message)
for key in sorted(received):
    print("   ", key, received[key])


# Objects of other types go as an ExtType: a type code of your own and bytes.
class MyClass:
    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return "MyClass(%r)" % self.value


def encoder(obj):
    if isinstance(obj, MyClass):
        return msgpack.ExtType(1, obj.value)
    raise TypeError("can't pack %r" % obj)


def decoder(code, data):
    if code == 1:
        return MyClass(data)
    return msgpack.ExtType(code, data)


stream = io.BytesIO()
msgpack.pack(MyClass(b"my_value"), stream, default=encoder)
print("packed", stream.getvalue())

stream.seek(0)
print("unpacked", msgpack.unpack(stream, ext_hook=decoder))
