# SPDX-License-Identifier: MIT
# Uses every function, class and method of msgpack once, as memory is measured after that.
import io


def use(m):
    message = m.packb(
        [1, "two", {"three": 3.5}, b"four", None, m.ExtType(5, b"5"), m.Timestamp(6)]
    )
    m.unpackb(message)
    m.loads(m.dumps(True))
    stream = io.BytesIO()
    m.pack({}, stream)
    m.dump([], stream)
    stream.seek(0)
    m.unpack(stream)
    m.load(stream)
    m.pack_into(1, bytearray(8))
    use_packer(m.Packer())
    use_unpacker(m.Unpacker(), m.packb([1, {2: b"3"}, 4]))
    stamp = m.Timestamp.from_bytes(m.Timestamp(1, 2).to_bytes())
    stamp.from_unix(stamp.to_unix())
    stamp.from_unix_nano(stamp.to_unix_nano())
    hash(stamp), stamp == stamp, stamp < stamp, stamp.seconds, stamp.nanoseconds, repr(stamp)
    repr(m.ExtType(1, b"")), m.ExtType(1, b"").code
    errors = "BufferFull ExtraData FormatError OutOfData PackException PackOverflowError"
    errors += " PackValueError StackError UnpackException UnpackValueError"
    for name in errors.split():
        repr(getattr(m, name))
    for wrong in (b"\xc1", b"\x01\x02", b"\xa1", b"\xa1\xff"):
        try:
            m.unpackb(wrong)
        except (ValueError, m.UnpackException):
            pass
    m.version, m.__version__


def use_packer(packer):
    packer.pack(1)
    packer.pack_array_header(1)
    packer.pack_map_header(1)
    packer.pack_map_pairs([(1, 2)])
    packer.pack_ext_type(1, b"")
    packer.bytes()
    packer.getbuffer()
    packer.reset()


def use_unpacker(unpacker, message):
    unpacker.feed(message)
    unpacker.read_array_header()
    unpacker.unpack()
    unpacker.read_map_header()
    unpacker.skip()
    unpacker.read_bytes(1)
    unpacker.tell()
    unpacker.reset()
    for _ in unpacker:
        pass
