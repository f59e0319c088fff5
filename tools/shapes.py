# SPDX-License-Identifier: MIT
"""The shape of what a board answers, which is looked at before anything uses it.

A shape is a type; a constant; [shape] for a list of any length; (shape, ...) for a tuple of this
length; {key: shape, ...} for a dict with at least these keys; OneOf or Named.
"""

# An int has at most so many: Python makes no text of one with thousands of digits.
BITS = 64


class OneOf:
    """One of several shapes."""

    def __init__(self, *shapes):
        self.shapes = shapes


class Named:
    """A dict of any names with values of one shape."""

    def __init__(self, shape):
        self.shape = shape


def fits(answer, shape):
    """Whether a value has the shape. Its types are exactly those: a bool is no int."""
    if isinstance(shape, OneOf):
        return any(fits(answer, one) for one in shape.shapes)
    if isinstance(shape, type):
        return type(answer) is shape and (shape is not int or answer.bit_length() <= BITS)
    if isinstance(shape, Named):
        return type(answer) is dict and all(
            type(name) is str and fits(value, shape.shape) for name, value in answer.items()
        )
    if type(answer) is not type(shape):
        return False
    if isinstance(shape, list):
        return all(fits(value, shape[0]) for value in answer)
    if isinstance(shape, tuple):
        return len(answer) == len(shape) and all(map(fits, answer, shape))
    if isinstance(shape, dict):
        return all(key in answer and fits(answer[key], one) for key, one in shape.items())
    return answer == shape
