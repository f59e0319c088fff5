# SPDX-License-Identifier: MIT
# Two ends of a line in virtual time, on MicroPython and CPython. The same seed makes the same
# errors.


class Random:
    """xorshift32."""

    def __init__(self, seed):
        self._x = (seed * 2654435761 + 88172645) & 0xFFFFFFFF or 1
        for _ in range(4):
            self.bits()

    def bits(self):
        x = self._x
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._x = x
        return x

    def below(self, n):
        return self.bits() % n

    def choice(self, values):
        return values[self.below(len(values))]

    def bytes(self, n):
        return b"".join(self.bits().to_bytes(4, "little") for _ in range(n // 4 + 1))[:n]


class World:
    """The clock, in milliseconds, and the wires between two ends."""

    def __init__(self, random, rate=100):
        # The clock wraps in the course of some tests.
        self.now = 0x3FFFFFFF - random.below(20000)
        self.random = random
        self.rate = rate  # Bytes a millisecond.
        self.ends = [End(self), End(self)]
        self.ends[0].peer, self.ends[1].peer = self.ends[1], self.ends[0]
        self.on_wait = None
        self.cut_until = 0  # Nothing arrives before.

    def clock(self):
        return self.now & 0x3FFFFFFF

    def tick(self, ms=1):
        for _ in range(ms):
            self.now += 1
            for end in self.ends:
                end.move()


class End:
    """A stream with buffers of a size, as a UART has, for a Link.

    After `every` bytes to the peer comes an error on average, of one of `kinds`.
    """

    def __init__(self, world):
        self.world = world
        self.tx = bytearray()
        self.rx = bytearray()
        self.tx_size = 256
        self.rx_size = 256
        self.every = 0
        self.kinds = "drop", "flip", "double", "insert"
        self.cut = False
        self.lost = 0  # Bytes that found the receive buffer full.
        self.sent = 0
        self._good = 0  # Bytes until the next error.

    # What a Link calls.

    def read(self, view):
        n = min(len(view), len(self.rx))
        view[:n] = self.rx[:n]
        self.rx = self.rx[n:]
        return n

    def write(self, view):
        n = min(len(view), self.tx_size - len(self.tx))
        self.tx.extend(view[:n])
        self.sent += n
        return n

    def wait(self, ms):
        self.world.tick()
        if self.world.on_wait:
            self.world.on_wait()

    # The wire.

    def errors(self, every):
        self.every = every
        self._good = self._gap()

    def _gap(self):
        return self.world.random.below(2 * self.every) if self.every else 0

    def move(self):
        rate = self.world.rate
        if not self.tx:
            return
        data = self.tx[:rate]
        self.tx = self.tx[rate:]
        if self.cut or self.world.now < self.world.cut_until:
            return
        if self.every:
            if self._good >= len(data):
                self._good -= len(data)
            else:
                data = self._damage(data)
        peer = self.peer
        free = peer.rx_size - len(peer.rx)
        if len(data) > free:
            peer.lost += len(data) - free
            data = data[:free]
        peer.rx.extend(data)

    def _damage(self, data):
        random = self.world.random
        out = bytearray()
        for byte in data:
            if self._good:
                self._good -= 1
                out.append(byte)
                continue
            self._good = self._gap()
            kind = random.choice(self.kinds)
            if kind == "flip":
                out.append(byte ^ 1 << random.below(8))
            elif kind == "double":
                out.append(byte)
                out.append(byte)
            elif kind == "insert":
                out.append(random.below(256))
                out.append(byte)
        return out
