# SPDX-License-Identifier: MIT
"""Numbers of errors: those on the line are MicroPython's own, which are Linux's."""

import errno

_NAMES = {
    "EPERM": 1,
    "ENOENT": 2,
    "EIO": 5,
    "EBADF": 9,
    "EAGAIN": 11,
    "ENOMEM": 12,
    "EACCES": 13,
    "EEXIST": 17,
    "ENODEV": 19,
    "EINVAL": 22,
    "EMFILE": 24,
    "EPIPE": 32,
    "EDESTADDRREQ": 89,
    "EMSGSIZE": 90,
    "ENOPROTOOPT": 92,
    "EPROTONOSUPPORT": 93,
    "EOPNOTSUPP": 95,
    "EAFNOSUPPORT": 97,
    "EADDRINUSE": 98,
    "EADDRNOTAVAIL": 99,
    "ENETDOWN": 100,
    "ENETUNREACH": 101,
    "ECONNABORTED": 103,
    "ECONNRESET": 104,
    "ENOBUFS": 105,
    "EISCONN": 106,
    "ENOTCONN": 107,
    "ETIMEDOUT": 110,
    "ECONNREFUSED": 111,
    "EHOSTUNREACH": 113,
    "EALREADY": 114,
    "EINPROGRESS": 115,
}

# Those of newlib that MicroPython's errno does not name.
_NEWLIB = {
    106: 97,
    109: 92,
    114: 101,
    115: 100,
    121: 89,
    122: 90,
    123: 93,
    125: 99,
    127: 106,
}


def tables(module):
    """({number here: number on the line}, the reverse)"""
    out = dict(_NEWLIB) if module.ETIMEDOUT == 116 else {}
    for name, number in _NAMES.items():
        if hasattr(module, name):
            out[getattr(module, name)] = number
    return out, {number: here for here, number in out.items()}


_out, _in = tables(errno)


def wire(number):
    """The number on the line of an error here."""
    return _out.get(number, number)


def local(number):
    """The number here of an error on the line."""
    return _in.get(number, number)
