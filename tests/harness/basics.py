# SPDX-License-Identifier: MIT
# targets: unix-* mps2-* virt-* xtensa* host
# also: mps2-an385-notime
# needs: nothing
# wants: floats

import check
from check import case, eq, raises, same, zero_heap


@case
def equality():
    eq([1, b"2"], [1, b"2"])
    same({"a": [1, 2.5, None]}, {"a": [1, 2.5, None]})
    same(float("nan"), float("nan"))
    raises(AssertionError, eq, 1, 2)
    raises(AssertionError, same, [1], [True])
    raises(AssertionError, same, 0.0, -0.0)
    raises(AssertionError, same, {"a": b"x"}, {"a": bytearray(b"x")})


@case
def differing_values_are_shown():
    e = raises(AssertionError, eq, b"abcd", b"abXd", match="from index 2 on")
    assert "b'abXd'" in str(e)
    e = raises(AssertionError, eq, "x" * 5000, "")
    assert len(str(e)) < 400


@case
def exceptions():
    e = raises(ValueError, int, "x", match="invalid")
    assert isinstance(e, ValueError)
    raises(AssertionError, raises, ValueError, int, "1")
    raises(AssertionError, lambda: raises(ValueError, int, "x", match="no such text"))
    raises(TypeError, raises, ValueError, int, None)


@case
def no_heap():
    buf = bytearray(4)

    def store(i, value):
        buf[i] = value
        return i

    eq(zero_heap(store, 1, 2), 1)
    eq(zero_heap(len, buf), 4)
    if check.target != "host":
        raises(MemoryError, zero_heap, bytearray, 100)


@case
def garbage():
    check.collect_garbage()


@case
def name_of_the_target():
    assert check.target != "?", check.target


check.end()
