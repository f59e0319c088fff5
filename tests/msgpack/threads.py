# SPDX-License-Identifier: MIT
# targets: unix-* rpi-pico connected
# seeds: 4 100
# long: rpi-pico-small
# needs: msgpack
# timeout: 120
# wants: floats big-ints threads
# Two threads: with objects of their own all is right; with a shared one it is right or a
# RuntimeError.
import _thread
import time

import check
import micropython
import msgpack
from check import case, eq, full_case


def run_threads(count, body):
    """Run body(i) in count threads, this one among them; the exceptions that they ended with."""
    lock = _thread.allocate_lock()
    ended = []

    def main(i):
        error = None
        try:
            body(i)
        except Exception as e:
            error = e
        with lock:
            ended.append(error)

    for i in range(count - 1):
        _thread.start_new_thread(main, (i,))
    main(count - 1)
    for _ in range(6000):
        with lock:
            if len(ended) == count:
                break
        time.sleep_ms(10)
    with lock:
        if len(ended) != count:
            raise AssertionError("%d of %d threads ended" % (len(ended), count))
    return [e for e in ended if e is not None]


def need_atomic_lock():
    if "pico" in check.target or "armv6m" in check.target:
        check.skip("without atomic instructions both threads may get a shared object at once")


def document(i):
    return [i, "thread %d" % i, {"k": [b"x" * i, 1 << 63, 1.5]}, [[[]]]] * 3


def must_not_fail(errors):
    if errors:
        raise errors[0]


@case
def functions():
    def body(i):
        doc = document(i)
        want = msgpack.packb(doc)
        for _ in range(check.rounds(400)):
            if msgpack.packb(doc) != want or msgpack.unpackb(want) != doc:
                raise AssertionError("thread %d" % i)

    must_not_fail(run_threads(2, body))


@case
def hooks_and_errors():
    class Thing:
        pass

    def body(i):
        for _ in range(check.rounds(300)):
            ext = msgpack.ExtType(i, b"t%d" % i)
            got = msgpack.packb([Thing(), i], default=lambda o: ext)
            got = msgpack.unpackb(got, ext_hook=lambda code, data: (i, code, data))
            if got != [(i, i, b"t%d" % i), i]:
                raise AssertionError(got)
            try:
                msgpack.unpackb(b"\xc1")
            except msgpack.FormatError:
                pass

    must_not_fail(run_threads(2, body))


@full_case("Packer and Unpacker")
def objects_of_their_own():
    def body(i):
        p = msgpack.Packer()
        u = msgpack.Unpacker()
        doc = document(i)
        want = msgpack.packb(doc)
        for n in range(check.rounds(300)):
            data = p.pack(doc)
            if data != want:
                raise AssertionError("thread %d packs %r" % (i, data))
            cut = n % len(data)
            u.feed(data[:cut])
            try:
                u.unpack()
                raise AssertionError("whole after a part")
            except msgpack.OutOfData:
                pass
            u.feed(data[cut:])
            if u.unpack() != doc:
                raise AssertionError("thread %d" % i)

    must_not_fail(run_threads(2, body))


@full_case("Packer")
def shared_packer():
    need_atomic_lock()
    p = msgpack.Packer()
    refused = []

    def body(i):
        doc = document(i)
        want = msgpack.packb(doc)
        for _ in range(check.rounds(300)):
            try:
                data = p.pack(doc)
            except RuntimeError:
                refused.append(i)
                continue
            if data != want:
                raise AssertionError("thread %d got %r" % (i, data))

    must_not_fail(run_threads(2, body))
    eq(p.pack([1]), b"\x91\x01")


@full_case("Packer")
def shared_packer_with_slow_hook():
    # the hook gives the other thread every chance to come in between
    need_atomic_lock()

    class Thing:
        pass

    def default(obj):
        time.sleep_ms(2)
        return "slow"

    p = msgpack.Packer(default=default)

    def body(i):
        want = b"\x93" + bytes((i,)) + b"\xa4slow" + bytes((i,))
        for _ in range(check.rounds(40)):
            try:
                data = p.pack([i, Thing(), i])
            except RuntimeError:
                time.sleep_ms(1)
                continue
            if data != want:
                raise AssertionError("thread %d got %r" % (i, data))

    must_not_fail(run_threads(2, body))
    eq(p.pack([1]), b"\x91\x01")


@full_case("Unpacker")
def shared_unpacker():
    # one feeds, one takes: whatever comes out went in
    need_atomic_lock()
    u = msgpack.Unpacker(max_buffer_size=1 << 20)
    out = []
    many = check.rounds(500)

    def body(i):
        if i == 0:
            for n in range(many):
                while True:
                    try:
                        u.feed(b"\x92\xcd" + bytes((n >> 8, n & 255)) + b"\xa3abc")
                        break
                    except RuntimeError:
                        pass
        else:
            for _ in range(200000):
                try:
                    out.append(u.unpack())
                except (RuntimeError, msgpack.OutOfData):
                    time.sleep_us(20)
                if len(out) == many:
                    break

    must_not_fail(run_threads(2, body))
    eq(out, [[n, "abc"] for n in range(many)])


@case
def smallest_stacks():
    # To the end of the recursion limit, which is near there. On the unix port a thread that begins
    # before mp_thread_create() has ended does not have that limit, but the end of its stack, which
    # a program without msgpack overflows, too. So the test has the limit of its own there.
    limit = 8192 if "unix" in check.target else None

    def deeper(doc, want):
        if msgpack.packb(doc) != want or msgpack.unpackb(want) != doc:
            raise AssertionError(want)
        if limit and micropython.stack_use() >= limit:
            raise RuntimeError
        deeper(doc, want)

    def body(i):
        doc = document(i)
        want = msgpack.packb(doc)
        for _ in range(3):
            try:
                deeper(doc, want)
            except (RuntimeError, MemoryError):
                pass
        eq(msgpack.unpackb(want), doc)

    _thread.stack_size(4096)
    try:
        must_not_fail(run_threads(2, body))
    finally:
        _thread.stack_size(0)


check.end()
