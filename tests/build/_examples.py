# SPDX-License-Identifier: MIT
"""What to do with MicroPython's examples of native modules, on the board: for each a program that
takes what it needs from the module m and defines use(), whose result is always the same.
"""

USES = {}

USES[
    "features0"
] = """
factorial = m.factorial
def use():
    return factorial(10)
"""

USES[
    "features1"
] = """
add, fibonacci, access, make_array = m.add, m.fibonacci, m.access, m.make_array
def use():
    access(2, 0)
    before = access()
    access(2, 500)
    try:
        fibonacci(-1)
    except ValueError as e:
        return add(40, 2), fibonacci(12), before, access(2), bytes(make_array()), e.args
"""

USES[
    "features3"
] = """
get_types, get_const_objects, make_dict = m.get_types, m.get_const_objects, m.make_dict
def use():
    return get_types()[2:5], get_const_objects(), make_dict("a", 1)
"""

USES[
    "features4"
] = """
Factorial, FactorialError = m.Factorial, m.FactorialError
four = Factorial(4)
def use():
    try:
        Factorial(-1)
    except FactorialError as e:
        return four.calculate(), Factorial(5).calculate(), type(four), e
"""

USES[
    "random"
] = """
seed, getrandbits, randrange, choice = m.seed, m.getrandbits, m.randrange, m.choice
def use():
    seed(1)
    return getrandbits(32), getrandbits(16), randrange(3, 1000, 7), choice("abcdefgh")
"""

USES[
    "heapq"
] = """
heapify, heappush, heappop = m.heapify, m.heappush, m.heappop
def use():
    heap = [5, 3, 9, 1]
    heapify(heap)
    heappush(heap, 4)
    try:
        heappop([])
    except IndexError as e:
        return [heappop(heap) for i in range(5)], e.args
"""

USES[
    "framebuf"
] = """
pixels = bytearray(32 * 8)
old = m.FrameBuffer(pixels, 32, 8, m.GS8)
FrameBuffer, MONO = m.FrameBuffer, m.MONO_HLSB
def use():
    old.fill(1)
    old.text("ab", 0, 0, 2)
    old.line(0, 7, 31, 0, 3)
    new = FrameBuffer(bytearray(32), 32, 8, MONO)
    new.ellipse(8, 4, 5, 3, 1)
    new.blit(old, 16, 0)
    return sum(pixels), sum(bytes(new)), old.pixel(31, 0), type(old)
"""

USES[
    "re"
] = """
old, compile, search = m.compile("a(b+)(c)?"), m.compile, m.search
match = old.match("abbd")
def use():
    new = compile("[, ]+")
    return (match.group(0), match.span(1), match.groups(), old.search("xabc").group(2),
        new.split("a, b,c"), search("x*$", "axx").start(), str(old)[:4], str(match)[:6])
"""

USES[
    "deflate"
] = """
import io
DeflateIO, ZLIB = m.DeflateIO, m.ZLIB
def use():
    packed = io.BytesIO()
    with DeflateIO(packed, ZLIB, 8) as f:
        f.write(b"hello" * 50)
    n = len(packed.getvalue())
    packed.seek(0)
    try:
        DeflateIO(io.BytesIO(b"hello"), ZLIB).read()
    except OSError as e:
        return n, DeflateIO(packed).read() == b"hello" * 50, e.args
"""


# Uses the module NAME, deletes whatever refers to it but what use() needs, overwrites all free
# memory, and uses that again. USE stands for one of the programs above.
PROGRAM = """
import gc, sys
m = __import__(NAME)
USE
first = use()
del m, sys.modules[NAME]
for i in range(3):
    # Overwrite all memory that is free.
    gc.collect()
    kept = []
    for size in (4096, 512, 64, 16):
        try:
            while True:
                kept.append(bytearray(b"\\xa5" * size))
        except MemoryError:
            pass
    del kept
    gc.collect()
    again = use()
print(first)
print(repr(again) == repr(first) or again)
"""
