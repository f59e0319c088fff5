# SPDX-License-Identifier: MIT
"""Text from a board or a line, for people: it must not control their terminal."""

import sys


def printable(text, keep=""):
    """The text with escapes for all characters that are not shown, but those that it keeps."""
    return "".join(c if c.isprintable() or c in keep else ascii(c)[1:-1] for c in text)


class _Printable:
    """A stream that prints such text, in lines."""

    def __init__(self, stream):
        self.stream = stream

    def write(self, text):
        return self.stream.write(printable(text, "\n\t"))

    def __getattr__(self, name):
        return getattr(self.stream, name)


def protect():
    """Print nothing else from now on, neither to stdout nor to stderr."""
    for name in "stdout", "stderr":
        stream = getattr(sys, name)
        # A board's name may have letters that a console has not.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
        setattr(sys, name, _Printable(stream))
