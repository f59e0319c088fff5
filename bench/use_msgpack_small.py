# SPDX-License-Identifier: MIT
# Uses every function and class of the small flavour of msgpack once, as memory is measured after
# that.
import io


def use(m):
    message = m.packb(
        [1, "two", {"three": 3.5}, b"four", None, m.ExtType(5, b"5"), (1 << 40, -200)],
        default=None,
    )
    m.unpackb(message, ext_hook=None, use_list=False)
    m.loads(m.dumps(True))
    stream = io.BytesIO()
    m.pack({}, stream)
    m.dump([], stream)
    stream.seek(0)
    m.unpack(stream)
    m.load(stream)
    repr(m.ExtType(1, b"")), m.ExtType(1, b"").code
    for error in (m.ExtraData, m.FormatError, m.OutOfData, m.StackError):
        repr(error)
    for wrong in (b"\xc1", b"\x01\x02", b"\xa1", b"\xa1\xff", b"\x91" * 1025):
        try:
            m.unpackb(wrong)
        except (ValueError, m.ExtraData):
            pass
    try:
        m.unpack(stream)
    except EOFError:
        pass
    m.version, m.__version__
