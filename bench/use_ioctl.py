# SPDX-License-Identifier: MIT
# Uses the function and the constants of ioctl once, as memory is measured after that.
import io


def use(m):
    stream = io.BytesIO(b"abc")
    m.ioctl(stream, m.SEEK, (0, 2))
    for request in (m.FLUSH, m.POLL, m.GET_OPTS, m.SET_OPTS, m.GET_DATA_OPTS, m.SET_DATA_OPTS):
        try:
            m.ioctl(stream, request)
        except OSError:
            pass
    for wrong in ((stream, 77), (None, m.GET_FILENO), (stream, m.GET_BUFFER_SIZE, "")):
        try:
            m.ioctl(*wrong)
        except (TypeError, ValueError):
            pass
    m.ioctl(stream, m.CLOSE)
    m.version, m.__version__
