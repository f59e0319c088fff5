# SPDX-License-Identifier: MIT
# Runs on a board: calls each slot of kinds.c and of the modules by probe.enter().
import gc
from io import BytesIO

import finaliserproxy
import kinds
import micropython
import msgpack
import probe
from msgpack import ExtType, Timestamp

failures = 0
calls = 0


def enter(*args):
    out = [None] * 4
    probe.enter(out, *args)
    return out


def wrong(*what):
    global failures
    failures += 1
    print("WRONG", *what)


def check(raised, slot, obj, *args):
    """Call a slot, and return its result or the exception."""
    global calls
    calls += 1
    kept, did, result, _ = enter(slot, obj, *args)
    if not kept:
        wrong(slot, obj, args, "changed registers,", result)
    if type(result) is Exception:
        wrong(slot, obj, args, result)
    if did != raised:
        wrong(slot, obj, args, "raised" if did else "did not raise", result)
    return result


def returns(slot, obj, *args):
    return check(False, slot, obj, *args)


def raises(slot, obj, *args):
    return check(True, slot, obj, *args)


def expect(got, expected):
    if got != expected:
        wrong(got, "is not", expected)


class Object:
    pass


# Every kind of slot, with a function that returns, raises, and calls other modules.
depth = 0


def hook_returns(name):
    return 7


def hook_raises(name):
    raise KeyError(name)


buffer = bytearray(4)
deaths = 0


def died():
    global deaths
    deaths += msgpack.pack_into(1, buffer)


def hook_collects(name):
    for i in range(20):
        finaliserproxy.FinaliserProxy(died)
    gc.collect()
    return 7


def hook_calls(name):
    global depth
    expect(returns("call", msgpack.packb, [1, name]), b"\x92\x01" + msgpack.packb(name))
    raises("call", msgpack.packb, object())
    expect(returns("call", msgpack.unpackb, b"\x92\x01\x02"), [1, 2])
    if depth < 1:
        depth += 1
        try:
            each_slot(hook_calls, False)
        finally:
            depth -= 1
            kinds.set_hook(hook_calls)
    return 7


def each_slot(hook, does_raise):
    kinds.set_hook(hook_returns)
    obj, iterator = kinds.Kinds(), kinds.Iterator()
    kinds.set_hook(hook)
    for slot, obj, args in (
        ("make_new", kinds.Kinds, ()),
        ("print", obj, ()),
        ("call", obj, ()),
        ("unary_op", obj, ()),
        ("binary_op", obj, (obj,)),
        ("attr", obj, ("x",)),
        ("attr", obj, ("x", 1)),
        ("subscr", obj, (1,)),
        ("iter", obj, ()),
        ("iter", iterator, ()),
        ("buffer", obj, ()),
        ("read", obj, ()),
        ("write", obj, ()),
        ("ioctl", obj, ()),
    ):
        result = check(does_raise, slot, obj, *args)
        if does_raise:
            expect((type(result), result.args), (KeyError, (slot,)))
        elif slot in ("call", "unary_op", "binary_op", "attr", "subscr"):
            expect(result, (slot, 7))
    result = check(does_raise, "call", kinds.method, obj)
    protected = returns("call", kinds.protect, obj)
    if does_raise:
        expect(protected.args, ("protect",))
    else:
        expect((result, protected), (("method", 7), ("protect", 7)))
    raises("call", kinds.method)
    expect(raises("call", kinds.message).args, ("12 is no number",))


each_slot(hook_returns, False)
each_slot(hook_raises, True)
each_slot(hook_collects, False)
if deaths < 100:
    wrong("only", deaths, "died")
each_slot(hook_calls, False)

# What is wrong is found out.
kept, did, result, _ = enter("call", kinds.no_entry, 1)
expect((did, type(result)), (True, Exception))
kept, did, result, _ = enter("call", kinds.no_return, 1)
expect((kept, did, result), (False, False, (1,)))

# msgpack
expect(returns("call", msgpack.packb, 1), b"\x01")
raises("call", msgpack.packb)
raises("call", msgpack.packb, object())
packer = returns("make_new", msgpack.Packer)
raises("make_new", msgpack.Packer, 1, 2, 3)
expect(returns("call", packer.pack, 5), b"\x05")
raises("call", packer.pack, object())
packer = msgpack.Packer(default=lambda o: returns("call", msgpack.packb, 1))
expect(returns("call", packer.pack, object()), b"\xc4\x01\x01")
packer = msgpack.Packer(default=lambda o: 1 // 0)
expect(type(raises("call", packer.pack, object())), ZeroDivisionError)
unpacker = returns("make_new", msgpack.Unpacker)
raises("make_new", msgpack.Unpacker, 1, 2, 3, 4)
returns("call", unpacker.feed, b"\x01\xc1")
expect(returns("iter", unpacker), 1)
raises("iter", unpacker)
unpacker = msgpack.Unpacker(ext_hook=lambda code, data: returns("call", msgpack.packb, code))
unpacker.feed(b"\xd4\x05x")
expect(returns("iter", unpacker), b"\x05")
returns("iter", unpacker)
ext = returns("make_new", ExtType, 5, b"x")
raises("make_new", ExtType, 500, b"x")
returns("print", ext)
print()
expect(returns("attr", ext, "code"), 5)
moment = returns("make_new", Timestamp, 1, 2)
raises("make_new", Timestamp, "1")
returns("print", moment)
print()
expect(returns("attr", moment, "seconds"), 1)
expect(returns("binary_op", moment, Timestamp(1, 2)), True)
returns("unary_op", moment)
extra = raises("call", msgpack.unpackb, b"\x01\x02")
returns("print", extra)
print()
expect(returns("attr", extra, "unpacked"), 1)
stream = BytesIO()
returns("call", msgpack.pack, [1, 2], stream)
stream.seek(0)
expect(returns("call", msgpack.unpack, stream), [1, 2])
raises("call", msgpack.unpack, stream)

# finaliserproxy
obj = Object()
ran = []
handle = returns("make_new", finaliserproxy.finalize, obj, ran.append, 1)
raises("make_new", finaliserproxy.finalize, 1, ran.append)
expect(returns("attr", handle, "alive"), True)
returns("attr", handle, "atexit", False)
expect(handle.atexit, False)
returns("call", handle)
raises("call", handle, 1)
expect(ran, [1])
bad = finaliserproxy.finalize(obj, lambda: 1 // 0)
expect(type(raises("call", bad)), ZeroDivisionError)
# What the collector does with the block of a dead proxy: the heap is locked then.
proxy = finaliserproxy.FinaliserProxy(lambda: ran.append(msgpack.packb(2)))
expect(returns("attr", proxy, "__del__"), None)
out = [None] * 4
micropython.heap_lock()
probe.enter(out, "attr", proxy, "__del__")
micropython.heap_unlock()
kept, did, internal, callback = out
expect((kept, did, callable(callback)), (True, False, True))
returns("call", internal, callback)
expect(ran, [1, b"\x02"])
returns("call", internal, lambda: 1 // 0)
proxy = finaliserproxy.FinaliserProxy(lambda: ran.append(3))
returns("call", finaliserproxy.close, proxy)
raises("call", finaliserproxy.close, 1)
expect(ran, [1, b"\x02", 3])

print("CALLS", calls if calls > 300 else "too few", "FAILURES", failures)
