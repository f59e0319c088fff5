# SPDX-License-Identifier: MIT
# A small client of MQTT 3.1.1, which knows nothing of the co-processor.

import select
import socket
import time
from struct import pack, unpack_from

CONNECT = 0x10
PUBLISH = 0x30
PUBACK = 0x40
SUBSCRIBE = 0x82
PINGREQ = 0xC0
PINGRESP = 0xD0
DISCONNECT = 0xE0
# Seconds to wait for what must come. The time of an idle emulated board passes fast.
PATIENCE = 600


def text(value):
    return pack(">H", len(value)) + value.encode()


class Client:
    def __init__(self, host, port, name, keepalive):
        self.keepalive = keepalive
        self.pings = 0
        self.id = 0
        self.received = []
        self.sock = socket.socket()
        self.sock.connect(socket.getaddrinfo(host, port)[0][-1])
        self.poller = select.poll()
        self.poller.register(self.sock, select.POLLIN)
        self.send(CONNECT, text("MQTT") + bytes((4, 2)) + pack(">H", keepalive) + text(name))
        kind, data = self.packet()
        assert kind == 0x20 and data[1] == 0, (kind, data)

    def send(self, kind, data=b""):
        size = b""
        n = len(data)
        while True:
            size += bytes((n & 127 | (128 if n > 127 else 0),))
            n >>= 7
            if not n:
                break
        self.sock.write(bytes((kind,)) + size + data)
        self.sent = time.time()

    def packet(self):
        """The next packet: its first byte, and what follows the length."""
        kind = self.sock.read(1)
        if not kind:
            raise OSError("the broker has closed the connection")
        n = shift = 0
        while True:
            byte = self.sock.read(1)[0]
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        return kind[0], self.sock.read(n)

    def serve(self, seconds):
        """Wait for a packet and keep the connection alive: the packet's kind and data, or None."""
        end = time.time() + seconds
        while time.time() < end:
            if time.time() - self.sent >= self.keepalive:
                self.send(PINGREQ)
                self.pings += 1
            if self.poller.poll(200):
                kind, data = self.packet()
                if kind & 0xF0 == PUBLISH:
                    self.take(kind, data)
                return kind, data

    def take(self, kind, data):
        n = unpack_from(">H", data)[0] + 2
        topic = data[2:n].decode()
        if kind & 6:
            self.send(PUBACK, data[n : n + 2])
            n += 2
        self.received.append((topic, data[n:]))

    def until(self, kind):
        while True:
            found = self.serve(PATIENCE)
            assert found, "the broker does not answer"
            if found[0] == kind:
                return found[1]

    def publish(self, topic, data, qos=0):
        self.id += 1
        number = pack(">H", self.id) if qos else b""
        self.send(PUBLISH | qos << 1, text(topic) + number + data)
        if qos:
            assert self.until(PUBACK) == number

    def subscribe(self, topic, qos):
        self.id += 1
        self.send(SUBSCRIBE, pack(">H", self.id) + text(topic) + bytes((qos,)))
        data = self.until(0x90)
        assert data == pack(">HB", self.id, qos), data

    def message(self):
        """The next (topic, data) that somebody has published."""
        while not self.received:
            assert self.serve(PATIENCE), "no message"
        return self.received.pop(0)

    def close(self):
        self.send(DISCONNECT)
        self.sock.close()
