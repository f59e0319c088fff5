# SPDX-License-Identifier: MIT
# Both modules inside a callback: a proxy of a remote object tells the other side that it died.
# also: mps2-an385-notime
# timeout: 120

import gc
import io
import check
from check import case, eq, true
import msgpack
from finaliserproxy import FinaliserProxy

sent = bytearray(4096)
end = [0]


# A stream that needs no heap.
class Pipe(io.IOBase):
    def write(self, buf):
        n = len(buf)
        i = 0
        while i < n:
            sent[end[0]] = buf[i]
            end[0] += 1
            i += 1
        return n


pipe = Pipe()
errors = [0]


class Remote(FinaliserProxy):
    def __init__(self, stream, number):
        # What __del__ sends is made here, where the heap is usable.
        self.stream = stream
        self.message = ["_d", b"%04d" % number]
        super().__init__(self.__del__)

    def __getattr__(self, name):
        return "remote " + name

    def __del__(self):
        try:
            msgpack.pack(self.message, self.stream)
        except Exception:
            errors[0] += 1


def check_messages(data, n):
    stream = io.BytesIO(data)
    numbers = []
    while stream.tell() < len(data):
        name, number = msgpack.unpack(stream)
        eq(name, "_d")
        numbers.append(int(number.decode()))
    eq(len(numbers), len(set(numbers)))
    true(set(numbers) <= set(range(n)))
    true(len(numbers) >= n - 2)


@case
def pack_in_callbacks():
    end[0] = 0
    for i in range(100):
        Remote(pipe, i)
        if i % 10 == 9:
            gc.collect()
    check.collect_garbage()
    check.collect_garbage()
    eq(errors[0], 0)
    check_messages(bytes(sent[: end[0]]), 100)


@case
def unpack_in_callbacks():
    # Values that need no heap: None, booleans, small ints.
    data = io.BytesIO(b"\xc0\xc3\xc2\x05\xcd\x01\x00" * 100)
    seen = []
    ok = [0, 0]

    def callback():
        a = msgpack.unpack(data)
        b = msgpack.unpack(data)
        c = msgpack.unpack(data)
        d = msgpack.unpack(data)
        e = msgpack.unpack(data)
        if a is None and b is True and c is False and d == 5 and e == 256:
            ok[0] += 1
        else:
            ok[1] += 1

    for i in range(50):
        FinaliserProxy(callback)
    check.collect_garbage()
    check.collect_garbage()
    true(ok[0] >= 42)
    eq(ok[1], 0)
    eq(seen, [])


@case
def unpack_that_needs_the_heap():
    data = io.BytesIO(b"\x93\x01\x02\x03" * 60 + b"\x07")
    result = [0, 0]

    def callback():
        try:
            msgpack.unpack(data)
            result[0] += 1
        except MemoryError:
            result[1] += 1

    for i in range(20):
        FinaliserProxy(callback)
    check.collect_garbage()
    check.collect_garbage()
    true(result[1] >= 15)
    eq(result[0], 0)


@case
def errors_have_their_number():
    # An OSError made with the heap locked has none; those that msgpack raises were made before.
    import errno

    class Silent(io.IOBase):
        def readinto(self, buf):
            return None

    class Dead(FinaliserProxy):
        def __init__(self, stream):
            self.stream = stream
            super().__init__(self.__del__)

        def __del__(self):
            try:
                msgpack.unpack(self.stream)
            except OSError as e:
                number = e.errno
            except EOFError:
                number = "end"
            numbers[number] += 1

    numbers = {errno.EAGAIN: 0, None: 0, "end": 0}
    for stream, number in ((Silent(), errno.EAGAIN), (io.BytesIO(b""), "end")):
        for i in range(20):
            Dead(stream)
        check.collect_garbage()
        check.collect_garbage()
        true(numbers[number] >= 15)
        # One of the first stream may die with those of the second.
        eq(numbers[None], 0)


@case
def over_the_uart():
    # The second UART returns every byte.
    if "mps2" not in check.target and "pico" not in check.target:
        check.skip("no second UART")
    if "notime" in check.target:
        check.skip("waiting for the reply takes a time module")
    from uart2 import UART

    uart = UART()
    replies = [0, 0]

    class Remote(FinaliserProxy):
        def __init__(self, number):
            self.message = ["_d", b"1234"] if number % 2 else number
            super().__init__(self.__del__)

        def __del__(self):
            msgpack.pack(self.message, uart)
            if self.message.__class__ is int:
                if msgpack.unpack(uart, wait=2000) == self.message:
                    replies[0] += 1
            else:
                # The reply needs the heap: byte by byte.
                for expected in b"\x92\xa2_d\xc4\x041234":
                    while not uart.readinto(one):
                        pass
                    if one[0] != expected:
                        return
                replies[1] += 1

    one = bytearray(1)
    for i in range(40):
        Remote(i)
    check.collect_garbage()
    check.collect_garbage()
    true(replies[0] >= 15)
    true(replies[1] >= 15)


check.end()
