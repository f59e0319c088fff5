# SPDX-License-Identifier: MIT
# targets: unix-x64
# long: unix-x64-small
# cpython: yes
# needs: coprocessor msgpack finaliserproxy
# timeout: 120
#
# Calls from tasks: the others go on meanwhile.

import asyncio
import sys
from errno import EALREADY, ECONNRESET, ETIMEDOUT

from coprocessor.aio import Async, serve

# Before anything else imports it.
LOADS_CLIENT = "coprocessor.client" in sys.modules

from _private import private  # noqa: E402
from _service import Pair  # noqa: E402
from check import case, end, eq, raises, true  # noqa: E402

from coprocessor.client import RemoteError  # noqa: E402
from coprocessor.proxy import Method  # noqa: E402


@case
def for_servers():
    """A server that uses aio does not load the client."""
    eq(LOADS_CLIENT, False)


class Waits(Exception):
    """A call of a task waits, and no other task runs."""


class Tasks:
    """A client whose link must not wait, and tasks beside those of a test."""

    def __init__(self, **options):
        self.pair = pair = Pair(**options)
        self.remote = Async(pair.remote)
        self.link = pair.client.link
        self.polls = 0  # Since another task has run.
        self.most = 0
        self.link.wait = self.refuse
        poll = self.link.poll

        def counted():
            self.polls += 1
            self.most = max(self.most, self.polls)
            return poll()

        self.link.poll = counted

    def refuse(self, ready, timeout=None):
        raise Waits

    async def clock(self):
        i = 0
        while True:
            # The other tasks sleep for a millisecond at times, this one never does.
            i += 1
            if i % 32 == 0:
                self.pair.world.tick()
            self.polls = 0
            await asyncio.sleep(0)

    async def main(self, function):
        tasks = [asyncio.create_task(self.clock()), asyncio.create_task(serve(self.pair.server))]
        try:
            await asyncio.wait_for(function(self), 60)
        finally:
            for task in tasks:
                task.cancel()


def run(function, **options):
    tasks = Tasks(**options)
    asyncio.run(tasks.main(function))
    return tasks


async def fails(exc, awaitable):
    try:
        await awaitable
    except exc as e:
        return e
    raise AssertionError("no exception")


@case
def calls():
    async def work(tasks):
        remote = tasks.remote
        eq(await remote.add(1, 2), 3)
        eq(await remote.echo(1, a=2), [[1], {"a": 2}])
        box = await remote.Box(1, 2)
        box = Async(box)
        eq(await box.put(3), 3)
        eq(await box.all(), [1, 2, 3])
        e = await fails(OSError, box.fail("OSError", 5))
        eq(e.args, (5,))
        await fails(RemoteError, box.fail("Unknown", 5))
        await fails(AttributeError, box.nothing_such())
        raises(AttributeError, lambda: box._hidden)

    run(work)


@case
def others_run_meanwhile():
    async def work(tasks):
        box = Async(await tasks.remote.Box())
        tasks.most = 0
        eq(await box.write(bytes(20000)), 20000)
        # One to queue a chunk, one to see whether something has arrived.
        true(tasks.most <= 4)
        buffer = bytearray(200)
        eq(await tasks.remote.apply(Method(tasks.pair.remote, "add"), 1), 11)
        eq(await Async(await tasks.remote.Box(1)).readinto(buffer), 7)
        eq(buffer[:7], b"\0\1\2\3\4\5\6")

    run(work)


@case
def many_at_once():
    async def work(tasks):
        async def one(i):
            box = Async(await tasks.remote.Box(i))
            eq(await box.write(bytes(1000 + i)), 1000 + i)
            eq(await tasks.remote.add(i, 1), i + 1)
            true(len(private(tasks.pair.client)._calls) <= private(tasks.pair.client)._limit)
            return await box.all()

        results = await asyncio.gather(*[one(i) for i in range(20)])
        eq(results, [[1000 + i, 0, False] for i in range(20)])
        eq(private(tasks.pair.client)._calls, {})

    run(work, client={"calls": 3})
    run(work, server={"calls": 2, "memory": 1500})


@case
def timeouts():
    async def work(tasks):
        remote = Async(tasks.pair.remote, timeout=50)
        tasks.pair.world.ends[1].cut = True
        e = await fails(OSError, remote.add(1, 2))
        eq(e.args[0], ETIMEDOUT)
        tasks.pair.world.ends[1].cut = False
        eq(await tasks.remote.add(1, 2), 3)
        eq(private(tasks.pair.client)._calls, {})

    run(work)


@case
def cancelled():
    async def work(tasks):
        box = Async(await tasks.remote.Box())
        session = tasks.link.session
        tasks.pair.world.ends[1].cut = True
        task = asyncio.create_task(tasks.remote.add(1, 2))
        await asyncio.sleep(0.01)
        task.cancel()
        await fails(asyncio.CancelledError, task)
        tasks.pair.world.ends[1].cut = False
        eq(await tasks.remote.add(1, 2), 3)
        eq(tasks.link.session, session)
        # Data is on its way that the server waits for: nothing can follow it in this session.
        task = asyncio.create_task(box.write(bytes(60000)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        e = raises(OSError, tasks.pair.client.call, tasks.pair.remote, "last", bytes(1000))
        eq(e.args[0], EALREADY)
        task.cancel()
        await fails(asyncio.CancelledError, task)
        true(tasks.link.session > session)
        while not tasks.link.up:
            tasks.link.poll()
            await asyncio.sleep(0)
        eq(await tasks.remote.add(1, 2), 3)
        eq(private(tasks.pair.client)._sending, False)
        eq(len(tasks.pair.objects), 0)

    run(work)


@case
def a_reset_wakes_all():
    async def work(tasks):
        async def one(i):
            try:
                await tasks.remote.add(i, 1)
            except OSError as e:
                return e.args[0]

        tasks.pair.world.ends[1].cut = True
        waiting = [asyncio.create_task(one(i)) for i in range(12)]
        await asyncio.sleep(0.01)
        tasks.link.reset()
        eq(await asyncio.gather(*waiting), [ECONNRESET] * 12)

    run(work)


@case
def a_call_beside_data_of_a_task():
    async def work(tasks):
        del tasks.link.wait
        box = await tasks.remote.Box()
        method = box.write
        task = asyncio.create_task(Async(box).write(bytes(60000)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        e = raises(OSError, method, bytes(1000))
        eq(e.args[0], EALREADY)
        eq(method(bytes(100)), 100)
        eq(await task, 60000)

    run(work)


end()
