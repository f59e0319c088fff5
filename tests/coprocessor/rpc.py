# SPDX-License-Identifier: MIT
# targets: unix-x64
# cpython: yes
# needs: coprocessor msgpack finaliserproxy
# timeout: 120
#
# Each operation of rpc, its limits, and what a client must not reach, in virtual time.

import sys
from array import array
from errno import ECONNRESET, ETIMEDOUT
from struct import pack

from _private import private
from _service import Box, Pair, exposed
from check import case, collect_garbage, end, eq, long, raises, same, true
from msgpack import ExtType

from coprocessor import errors
from coprocessor.client import RemoteError
from coprocessor.rpc import StaleProxy
from coprocessor.server import Reference

CPYTHON = sys.implementation.name == "cpython"


def fails(number, function, *args):
    e = raises(OSError, function, *args)
    eq(e.args[0], number)


def settle(pair):
    """Let all proxies die that nothing refers to, and the server hear of it."""
    for _ in range(3):
        collect_garbage()
        pair.client.call(pair.remote, "add", 1, 2)
        pair.run(50)


@case
def calls():
    remote = Pair().remote
    eq(remote.add(1, 2), 3)
    eq(remote.add(1), 11)
    eq(remote.add(b=1, a=5), 6)
    eq(remote.echo(), [[], {}])
    eq(remote.echo(1, "a", x=[1], y=None), [[1, "a"], {"x": [1], "y": None}])
    eq(remote.number, 5)


class Newlib:
    """`errno` of firmware for the ESP32."""

    EIO = 5
    EADDRINUSE = 112
    ECONNABORTED = 113
    ENETUNREACH = 114
    ETIMEDOUT = 116
    EHOSTUNREACH = 118
    EINPROGRESS = 119
    EALREADY = 120


@case
def numbers_of_errors():
    """Those of an OSError are MicroPython's, whatever they are on the server."""
    box = Pair().remote.box
    before = errors._out
    errors._out = errors.tables(Newlib)[0]
    try:
        for there, here in (116, 110), (112, 98), (114, 101), (120, 114), (5, 5), (128, 128):
            fails(here, box.fail, "OSError", there)
            fails(here, box.fail, "OSError", there, "text")
        # Names, numbers of others, and of other exceptions.
        eq(raises(OSError, box.fail, "OSError", "text").args, ("text",))
        fails(-202, box.fail, "OSError", -202)
        eq(raises(ValueError, box.fail, "ValueError", 116).args, (116,))
        raises(OSError, box.fail, "OSError")
    finally:
        errors._out = before
    if CPYTHON:
        # The client's may be others, too.
        before = errors._in
        errors._in = errors.tables(Newlib)[1]
        try:
            fails(112, box.fail, "OSError", 98)
        finally:
            errors._in = before


@case
def values():
    remote = Pair().remote
    for value in (
        None,
        True,
        False,
        0,
        -1,
        127,
        -33,
        1 << 40,
        (1 << 64) - 1,
        -(1 << 63),
        1.5,
        "",
        "täxt",
        "x" * 3000,
        b"",
        b"\0\xff",
        b"x" * 255,
        [],
        [1, [2, [3, {}]]],
        {"a": {"b": [None]}, 1: 2, None: 3},
        ExtType(5, b"12"),
    ):
        same(remote.last(value), value)
        same(remote.last([value, value]), [value, value])
    same(remote.last((1, (2,))), [1, [2]])
    same(remote.last(bytearray(b"ab")), b"ab")
    same(remote.last(memoryview(b"ab")), b"ab")
    raises(OverflowError, remote.last, 1 << 64)
    raises(TypeError, remote.last, object())


@case
def long_bytes():
    pair = Pair()
    box = pair.remote.Box()
    for n in 255, 256, 257, 5000, 65536:
        data = bytes(range(256)) * (n // 256) + bytes(range(n % 256))
        eq(box.read(n), data)
        for view in data, bytearray(data), memoryview(data):
            eq(box.write(view), n)
            eq(box.all(), [n, sum(data), False])
    # What travels are the bytes of a buffer, whatever its items are.
    numbers = memoryview(array("H", range(400)))
    eq(box.write(numbers), 800)
    eq(box.all(), [800, sum(bytes(numbers)), False])
    eq(pair.remote.numbers(400), bytes(numbers))
    raises(ValueError, box.write, memoryview(array("H", range(32769))))
    raises(ValueError, pair.remote.numbers, 32769)
    raises(ValueError, box.write, bytes(65537))
    raises(ValueError, box.read, 65537)
    eq(pair.remote.echo(bytes(300), bytes(299), a=1), [[bytes(300), bytes(299)], {"a": 1}])
    raises(ValueError, pair.remote.last, [bytes(10000), bytes(10000)])
    raises(ValueError, pair.remote.last, "x" * 17000)
    eq(len(box.text(16000)), 16000)
    raises(ValueError, box.text, 17000)
    eq(pair.remote.add(1, 2), 3)


@case
def readinto():
    box = Pair().remote.Box()
    for n in 0, 1, 7, 300, 5000, 40000:
        box.number = n
        buffer = bytearray(45000)
        eq(box.readinto(buffer), n)
        eq(buffer, bytes(i & 255 for i in range(n)) + bytes(45000 - n))
        buffer = bytearray(10)
        eq(box.readinto(memoryview(buffer)[2:5]), min(n, 3))
        eq(buffer[5:], bytes(5))
    buffer = bytearray(100)
    eq(box.readinto(buffer, 4), 4)
    eq(buffer, b"\0\1\2\3" + bytes(96))


@case
def nested():
    remote = Pair().remote
    raises(ValueError, remote.recursive)
    a = []
    a.append(a)
    raises(ValueError, remote.last, a)
    eq(remote.depth(20), eval("[" * 20 + "[]" + "]" * 20))
    eq(remote.add(1, 2), 3)


@case
def attributes():
    pair = Pair()
    box = pair.remote.Box(1, 2, a=3)
    eq(box.number, 7)
    box.number = 8
    eq(box.number, 8)
    eq(box.named, {"a": 3})
    eq(box.limit, 3)
    eq(box.put(3), 3)
    box.put = 5
    eq(box.put, 5)
    raises(AttributeError, lambda: box.none)
    raises(AttributeError, setattr, box, "none", 1)
    raises(AttributeError, lambda: pair.remote.none)
    eq(pair.remote.box.me().number, 7)
    eq(pair.remote.sys.byteorder, sys.byteorder)


@case
def items():
    remote = Pair().remote
    box = remote.Box(1, 2, 3)
    eq(box[1], 2)
    box[1] = "b"
    eq(box.all(), [1, "b", 3])
    del box[0]
    eq(box.all(), ["b", 3])
    raises(IndexError, lambda: box[9])
    names = remote.map
    eq(names["a"], 1)
    names["b"] = [2]
    eq(names["b"], [2])
    del names["a"]
    e = raises(KeyError, lambda: names["a"])
    eq(e.args, ("a",))


@case
def iteration():
    remote = Pair().remote
    eq(list(remote.Box(1, "a", None)), [1, "a", None])
    eq([n for n in remote.generate(5)], [0, 1, 2, 3, 4])
    eq(list(remote.list), [1, 2, 3])
    eq(sum(remote.list), 6)
    eq(list(remote.Box()), [])
    iterator = iter(remote.list)
    eq(next(iterator), 1)


@case
def context():
    remote = Pair().remote
    box = remote.Box()
    with box as entered:
        true(entered == box)
        eq(box.entered, 1)
    eq(box.exited, 1)
    eq(box.named, {"exit": None})

    def breaks(*args):
        with box:
            raise ValueError(*args)

    raises(ValueError, breaks, 1, "a")
    eq(box.named, {"exit": ["ValueError", [1, "a"]]})
    raises(ValueError, breaks, object())
    eq(box.named, {"exit": ["ValueError", []]})
    box.swallows = True
    breaks()
    eq(box.exited, 4)


@case
def operators():
    pair = Pair()
    remote = pair.remote
    box = remote.Box(1, 2)
    eq(str(box), "box of 2")
    eq(repr(box), "Box([1, 2])")
    eq(len(box), 2)
    eq(bool(box), True)
    box.number = 0
    eq(bool(box), False)
    true(1 in box)
    true(3 not in box)
    true(box == [1, 2])
    true(not box == [1])
    true(box != [1])
    true(box == remote.Box(1, 2))
    true(box == box)
    eq(len({box: 1, box.me(): 2}), 1)


@case
def callables():
    remote = Pair().remote
    eq(remote.apply(remote.add, 1, 2), 3)
    box = remote.Box()
    eq(remote.apply(box.put, 5), 1)
    eq(remote.apply(remote.Box, 1) == [1], True)
    raises(TypeError, box)
    raises(TypeError, lambda: remote.number())


@case
def exceptions():
    pair = Pair()
    box = pair.remote.Box()
    e = raises(ValueError, box.fail, "ValueError", 1, "b", [None])
    eq(e.args, (1, "b", [None]))
    true("fail" in pair.client.traceback and "ValueError" in pair.client.traceback)
    fails(ECONNRESET, box.fail, "OSError", ECONNRESET)
    fails(5, box.fail, "OSError", 5, "text")
    # Of its subclasses, each side has its own.
    fails(5, box.fail, "Closed", 5)
    e = raises(KeyError, box.key_error, 5)
    eq(e.args, (5,))
    e = raises(RemoteError, box.fail, "Unknown", 1, "x")
    eq(e.args, ("Unknown", 1, "x"))
    # The client goes on.
    e = raises(RemoteError, box.fail, "SystemExit", 3)
    eq(e.args, ("SystemExit", 3))
    e = raises(TypeError, pair.remote.add)
    # What cannot be sent is text.
    e = raises(ValueError, box.fail_with_big)
    eq(e.args, (str(1 << 70),))
    eq(raises(ValueError, box.fail_with_much, 50).args, (bytes(200),) * 50)
    eq(len(raises(ValueError, box.fail_with_much, 90).args), 1)


@case
def prints():
    pair = Pair()
    box = pair.remote.Box()
    server = pair.server
    private(server)._expose["tell"] = lambda *words: server.print(*words)
    pair.remote.tell("told", 1)
    eq("".join(pair.printed), "told 1\n")
    pair.remote.tell("x" * 5000)
    eq("".join(pair.printed), "told 1\n" + "x" * 5000 + "\n")
    server.print("outside" * 100)
    eq("".join(pair.printed), "told 1\n" + "x" * 5000 + "\n")
    if CPYTHON:
        pair.printed.clear()
        box.says("täxt", 5)
        eq("".join(pair.printed), "täxt 5\n")
        print("outside")
        eq("".join(pair.printed), "täxt 5\n")


@case
def same_object_same_id():
    pair = Pair()
    a = pair.remote.shared
    b = pair.remote.shared
    eq(a._id, b._id)
    eq(len(pair.objects), 1)
    true(a.same(b))
    true(a == b)
    del b
    settle(pair)
    eq(a.me()._id, a._id)
    eq(len(a), 2)


@case
def releases():
    pair = Pair()
    kept = pair.remote.Box(5)
    for _ in range(60):
        pair.remote.Box(1)
        pair.remote.shared
    settle(pair)
    settle(pair)
    true(len(pair.objects) < 20)
    eq(list(kept), [5])
    eq(len(kept.me()), 1)
    # Slots are used again, ids are not.
    generation = kept._id >> 16
    ids = set()
    for _ in range(300):
        ids.add(pair.remote.Box(1)._id)
    eq(len(ids), 300)
    true(max(id & 0xFFFF for id in ids) < 100)
    true(generation >= 0)


@case
def registry_is_empty_at_the_end():
    pair = Pair()

    def work():
        remote = pair.remote
        box = remote.Box(1, 2)
        for value in box:
            box.put(value)
            if len(box) > 6:
                break
        box.inner()
        remote.apply(box.put, box)
        with box:
            str(box)

    for _ in range(5):
        work()
        try:
            pair.remote.Box().fail("ValueError")
        except ValueError:
            pass
    # What the collector takes for a pointer may keep some.
    for _ in range(20):
        settle(pair)
        if not len(pair.objects):
            break
    true(len(pair.objects) <= (0 if CPYTHON else 4))
    eq(private(pair.client)._live, len(pair.objects))


@case
def no_release_in_the_collection():
    pair = Pair()
    private(pair.client)._scheduled = True  # Nor by the scheduler.
    for _ in range(40):
        pair.remote.Box(1)
    pair.run(50)
    writes = []
    pair.client.link.send = lambda *args, **options: writes.append(args) or False
    collect_garbage()
    eq(writes, [])


@case
def a_release_that_has_no_place():
    pair = Pair()
    kept = pair.remote.Box()
    for _ in range(30):
        pair.remote.Box(1)
    collect_garbage()
    link = pair.client.link
    link.send = lambda *args, **options: False
    private(pair.client)._flush()
    del link.send
    settle(pair)
    true(len(pair.objects) <= (1 if CPYTHON else 10))
    eq(len(kept), 0)


@case
def deaths_of_an_earlier_session():
    pair = Pair()
    boxes = [pair.remote.Box() for _ in range(5)]
    del boxes
    collect_garbage()
    pair.client.link.reset()
    pair.run(400)
    boxes = [pair.remote.Box(i) for i in range(5)]
    settle(pair)
    eq([list(box) for box in boxes], [[i] for i in range(5)])


@case
def idle_release():
    if CPYTHON:
        # It has no scheduler.
        return
    pair = Pair()
    for _ in range(60):
        pair.remote.Box(1)
    for _ in range(3):
        collect_garbage()
        pair.run(100)
    true(len(pair.objects) < 20)


@case
def failed_answers_leave_nothing():
    pair = Pair(server={"objects": 20})
    box = pair.remote.Box()
    e = raises(MemoryError, box.grow, 30)
    eq(len(pair.objects), 1)
    private(pair.server)._expose["bad"] = lambda: [Box(), 1 << 70]
    raises(OverflowError, pair.remote.bad)
    eq(len(pair.objects), 1)
    true(e is not None)
    eq(box.number, 7)


@case
def too_many_proxies():
    pair = Pair(client={"proxies": 20})
    box = pair.remote.Box()
    raises(MemoryError, box.grow, 30)
    for _ in range(5):
        settle(pair)
    true(len(pair.objects) <= 20)
    kept = box.grow(5)
    eq([list(b) for b in kept], [[i] for i in range(5)])
    # The collector makes way.
    for _ in range(50):
        box.child()
    eq(box.number, 7)


@case
def a_late_answer_leaves_nothing():
    pair = Pair(timeout=300)
    box = pair.remote.Box()
    slow = []

    def wait():
        for _ in range(400):
            pair.world.tick()
            if not slow:
                pair.client.link.poll()
        return [Box(), bytes(10)]

    private(pair.server)._expose["wait"] = wait
    for _ in range(8):
        fails(ETIMEDOUT, pair.client.call, pair.remote, "wait")
    for _ in range(6):
        settle(pair)
    true(len(pair.objects) <= (1 if CPYTHON else 4))
    eq(box.number, 7)


@case
def a_buffer_is_the_callers_after_a_timeout():
    pair = Pair()
    server = pair.server
    box = pair.remote.Box()
    box.readinto(bytearray(1))
    link = server.link
    server.poll = link.poll
    link.on(0, None)

    def answer(ms):
        pair.world.tick()
        link.poll()
        if not sent:
            sent.append(
                link.send(1, pack("<BHI", 3, private(pair.client)._number, 20), wait=False)
            )
            link.send(3, b"abcd", wait=False)

    sent = []
    pair.world.ends[0].wait = answer
    pair.client.link.timeout = 300
    buffer = bytearray(20)
    fails(ETIMEDOUT, box.readinto, buffer)
    eq(buffer, b"abcd" + bytes(16))
    link.send(3, b"x" * 16, wait=False)
    pair.run(50)
    eq(buffer, b"abcd" + bytes(16))
    # What comes next is another call's.
    sent.clear()
    fails(ETIMEDOUT, box.readinto, buffer)
    eq(buffer, b"abcd" + bytes(16))


@case
def hidden_names():
    pair = Pair()
    remote = pair.remote
    box = remote.Box()
    client = pair.client
    for name in "_secret", "_hidden", "__class__", "__dict__":
        if name[:2] != "__":
            raises(AttributeError, getattr, box, name)
        # The server refuses them, too.
        raises(AttributeError, private(client)._do, 2, box, [name])
        raises(AttributeError, private(client)._do, 1, box, [name, None])
        raises(AttributeError, private(client)._do, 4, box, [name, 1])
        raises(AttributeError, private(client)._do, 3, box, [name, 1])
        raises(AttributeError, private(client)._do, 2, remote, [name])
    raises(AttributeError, private(client)._do, 2, box, [5])
    raises(AttributeError, private(client)._do, 2, remote, ["none"])
    # Nobody changes what is exposed.
    for kind in range(16, 29):
        raises(
            TypeError,
            private(client)._do,
            kind,
            remote,
            ["add", 1][: 0 if kind in (19, 20) else 2],
        )
    raises(TypeError, private(client)._do, 4, remote, ["add", 1])
    eq(remote.add(1, 2), 3)


@case
def formats():
    """CPython's str.format reads attributes whose names are in a text."""

    class Text(str):
        pass

    if CPYTHON:
        pair = Pair(expose={"Text": Text, "box": Box()})
        # By itself it is harmless.
        eq(pair.remote.Text.upper("a"), "A")
        text = pair.remote._ask(2, "Text", True)  # Its proxy: a GET of the object itself.
        call = pair.client.call
        eq(call(text, "upper", "a"), "A")
        raises(AttributeError, call, text, "format", "{0.__class__}", pair.remote.box)
        raises(AttributeError, call, text, "format_map", "{a.__class__}", {"a": pair.remote.box})


@case
def exceptions_that_are_no_unicode():
    """The server goes on, and the client gets what can be sent."""

    def fail():
        raise ValueError("\udcff")

    if CPYTHON:
        pair = Pair(expose={"fail": fail, "add": lambda a, b: a + b})
        eq(type(raises(ValueError, pair.remote.fail)), ValueError)
        eq(pair.remote.add(1, 2), 3)


@case
def classes_and_modules_stay_as_they_are():
    pair = Pair()
    remote = pair.remote
    eq(remote.Box.limit, 3)
    # Of a class the client keeps the name only, until it wants more.
    eq(len(pair.objects), 1)
    for target in remote.Box, remote.Box(1)._ask(2, "me", True), remote.sys:
        raises(AttributeError, setattr, target, "limit", 1)
    eq(Box.limit, 3)


@case
def other_modules_are_out_of_reach():
    expose = exposed()
    holder = Box()
    holder.module = sys
    holder.evaluate = eval
    holder.list = [sys]
    expose["holder"] = holder
    del expose["sys"]
    pair = Pair(expose=expose)
    remote = pair.remote
    raises(AttributeError, lambda: remote.holder.module)
    raises(AttributeError, lambda: remote.holder.evaluate("1"))
    raises(AttributeError, lambda: remote.holder.list)
    raises(AttributeError, lambda: remote.import_module)
    if CPYTHON:
        for name in "gi_frame", "gi_code", "gi_running":
            raises(AttributeError, getattr, remote.generate(3), name)
    anything = {"let_the_client_import_and_run_anything": True}
    remote = Pair(expose={}, server=anything).remote
    eq(remote.import_module("sys").byteorder, sys.byteorder)


@case
def stale_proxies():
    pair = Pair()
    box = pair.remote.Box(1)
    method = box.put
    id = box._id
    pair.server.link.reset()
    pair.run(500)
    eq(len(pair.objects), 0)
    last = pair.remote.last
    sent = pair.world.ends[0].sent
    raises(StaleProxy, getattr, box, "number")
    raises(StaleProxy, method, 1)
    raises(StaleProxy, len, box)
    raises(StaleProxy, last, box)
    raises(StaleProxy, last, method)
    # The server has not been asked.
    eq(pair.world.ends[0].sent, sent)
    # Their collection does not touch others.
    other = pair.remote.Box(2)
    true(other._id != id)
    del box, method
    settle(pair)
    eq(list(other), [2])
    # The server knows no id that it did not give.
    for id in other._id + 1, other._id + 0x10000, other._id ^ 0x3FFF0000, 0xFFFFFFFF, 0x3FFF0001:
        target = pair.remote
        target._id = id
        target._session = pair.client.link.session
        raises(StaleProxy, private(pair.client)._do, 25, target, [])
        target._id = 0
    eq(list(other), [2])


@case
def a_session_that_ends_between_arrival_and_use():
    pair = Pair()
    client = pair.client
    pair.remote.add(1, 2)
    leave = private(client)._end_call

    def reset(*args):
        leave(*args)
        client.link.reset()

    private(client)._end_call = reset
    fails(ECONNRESET, client.call, pair.remote, "Box", 1)


@case
def either_side_may_be_reset_at_any_time():
    outcomes = set()
    for step in range(200 if long else 40):
        pair = Pair(seed=step, rx=256)
        pair.remote.add(1, 2)
        count = [step]

        def wait(ms, pair=pair, count=count):
            pair.world.tick()
            count[0] -= 1
            if count[0] == 0:
                if step % 3 == 0:
                    pair.world.ends[1].tx = bytearray()
                    pair.start_server()
                elif step % 3 == 1:
                    pair.server.link.reset()
                else:
                    pair.client.link.reset()
            pair.server.poll()

        pair.world.ends[0].wait = wait
        box = None
        try:
            box = pair.remote.Box()
            for i in range(3):
                eq(box.put(i), i + 1)
            eq(box.write(bytes(1500)), 1500)
            eq(box.read(1500), bytes(i & 255 for i in range(1500)))
            outcomes.add("done")
        except OSError as e:
            eq(e.args[0], ECONNRESET)
            outcomes.add("reset")
        count[0] = 0
        pair.run(400)
        eq(pair.remote.add(1, 2), 3)
        if pair.client.link.session > 1 and box is not None:
            raises(StaleProxy, len, box)
        box = None
        eq(private(pair.client)._calls, {})
        true(len(pair.objects) <= 3)
    eq(outcomes, {"done", "reset"})


@case
def a_restarted_client_frees_all():
    pair = Pair()
    kept = [pair.remote.Box() for _ in range(10)]
    eq(len(pair.objects), 10)
    pair.world.ends[0].tx = bytearray()
    pair.start_client()
    eq(pair.remote.add(1, 2), 3)
    eq(len(pair.objects), 0)
    del kept


@case
def bad_lines():
    for every in 1000, 100:
        pair = Pair(rx=256, seed=every, timeout=60000, keepalive=30000)
        for e in pair.world.ends:
            e.errors(every)
        box = pair.remote.Box()
        for i in range(30):
            eq(pair.remote.add(i, 1), i + 1)
            eq(box.put(i), i + 1)
        eq(box.write(bytes(3000)), 3000)
        eq(len(box.read(3000)), 3000)


@case
def a_dead_server_is_a_timeout():
    pair = Pair(timeout=200)
    box = pair.remote.Box()
    pair.world.ends[1].cut = True
    fails(ETIMEDOUT, len, box)
    fails(ETIMEDOUT, lambda: pair.remote.number)
    pair.world.ends[1].cut = False
    pair.client.link.timeout = 5000
    eq(len(box), 0)


@case
def a_reference_is_no_copy():
    pair = Pair()
    eq(pair.remote.echo(1), [[1], {}])
    private(pair.server)._expose["both"] = lambda: [Reference([1]), [1]]
    both = pair.remote.both()
    eq(both[1], [1])
    eq(list(both[0]), [1])


end()
