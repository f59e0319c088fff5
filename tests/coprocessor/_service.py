# SPDX-License-Identifier: MIT
# What the servers of the tests expose, and two ends of rpc in virtual time.

import sys
from array import array

from _world import Random, World

from coprocessor.client import Client
from coprocessor.link import Link
from coprocessor.server import Reference, Server


class Unknown(Exception):
    pass


class Closed(OSError):
    pass


class Box:
    """An object that stays on the server."""

    limit = 3

    def __init__(self, *values, **named):
        self.values = list(values)
        self.named = named
        self.entered = self.exited = 0
        self.number = 7
        self.swallows = False
        self._secret = 1

    def put(self, value, *, twice=False):
        self.values.append(value)
        if twice:
            self.values.append(value)
        return len(self.values)

    def all(self):
        return self.values

    def me(self):
        return self

    def child(self):
        return Box()

    def same(self, other):
        return other is self

    def grow(self, n):
        return [Box(i) for i in range(n)]

    def inner(self):
        return {"box": Box(1), "list": [self, [self]]}

    def read(self, n):
        return bytes(i & 255 for i in range(n))

    def text(self, n):
        return "x" * n

    def readinto(self, buffer):
        for i in range(min(len(buffer), self.number)):
            buffer[i] = i & 255
        return min(len(buffer), self.number)

    def write(self, data):
        self.values = [len(data), sum(data), type(data) is str]
        return len(data)

    def fail(self, name, *args):
        errors = {"Unknown": Unknown, "OSError": OSError, "SystemExit": SystemExit}
        errors["Closed"] = Closed
        raise errors.get(name, ValueError)(*args)

    def fail_with_much(self, count):
        raise ValueError(*[bytes(200)] * count)

    def fail_with_big(self):
        raise ValueError(1 << 70)

    def key_error(self, key):
        return {}[key]

    def nothing(self):
        pass

    def says(self, *words):
        print(*words)

    def _hidden(self):
        return 1

    def __getitem__(self, i):
        return self.values[i]

    def __setitem__(self, i, value):
        self.values[i] = value

    def __delitem__(self, i):
        del self.values[i]

    def __iter__(self):
        return iter(self.values)

    def __enter__(self):
        self.entered += 1
        return self

    def __exit__(self, cls, value, traceback):
        self.exited += 1
        self.named["exit"] = [cls.__name__, list(value.args)] if cls else None
        return self.swallows

    def __len__(self):
        return len(self.values)

    def __bool__(self):
        return self.number != 0

    def __contains__(self, value):
        return value in self.values

    def __eq__(self, other):
        return self.values == (other.values if isinstance(other, Box) else other)

    def __hash__(self):
        return 1

    def __str__(self):
        return "box of %d" % len(self.values)

    def __repr__(self):
        return "Box(%r)" % (self.values,)


def add(a, b=10):
    return a + b


def echo(*args, **kwargs):
    return [list(args), kwargs]


def last(value):
    return value


def apply(function, *args):
    return function(*args)


def recursive():
    a = []
    a.append(a)
    return a


def depth(n):
    a = []
    for _ in range(n):
        a = [a]
    return a


def generate(n):
    for i in range(n):
        yield i


def exposed():
    box = Box()
    shared = Box(1, 2)
    names = {
        "add": add,
        "echo": echo,
        "last": last,
        "apply": apply,
        "recursive": recursive,
        "depth": depth,
        "generate": generate,
        "Box": Box,
        "box": box,
        "shared": shared,
        "list": Reference([1, 2, 3]),
        "map": Reference({"a": 1}),
        "number": 5,
        "numbers": lambda n: memoryview(array("H", range(n))),
        "sys": sys,
    }
    return names


class Pair:
    """A client and a server in virtual time: each is served while the other one waits."""

    def __init__(self, rx=4096, rate=1000, seed=1, server=(), client=(), expose=None, **options):
        self.random = Random(seed)
        self.world = world = World(self.random, rate)
        self.rx = rx
        self.options = options
        self.expose = exposed() if expose is None else expose
        self.printed = []
        self.start_client(**dict(client))
        self.start_server(**dict(server))
        world.ends[0].wait = self.wait_for_server
        world.ends[1].wait = self.wait_for_client

    def link(self, which):
        self.world.ends[which].rx_size = self.rx
        return Link(
            self.world.ends[which],
            rx=self.rx,
            clock=self.world.clock,
            random=self.random.bits,
            **self.options
        )

    def start_client(self, **options):
        """Also after a reset of the client's board."""
        self.client = Client(self.link(0), print=self.print, **options)
        self.remote = self.client.remote

    def start_server(self, **options):
        self.server = Server(self.link(1), self.expose, **options)
        self.objects = self.server._registry

    def print(self, text, end=None):
        self.printed.append(text)

    def wait_for_server(self, ms):
        self.world.tick()
        self.server.poll()

    def wait_for_client(self, ms):
        self.world.tick()
        self.client.link.poll()

    def run(self, ms):
        for _ in range(ms):
            self.world.tick()
            self.client.link.poll()
            self.server.poll()
