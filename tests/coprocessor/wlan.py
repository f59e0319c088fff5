# SPDX-License-Identifier: MIT
# targets: unix-x64
# long: unix-x64-small
# cpython: yes
# needs: coprocessor msgpack finaliserproxy
# timeout: 60
#
# `network` of the server, on the client. There is no radio here: the server's is a stand-in.

import sys
from errno import EPERM

from _net import Pair, connected
import check
from check import case, end, eq, raises, true

from coprocessor import network
from coprocessor.client import StaleProxy
from coprocessor.server import Server


class WLAN:
    """A stand-in, with the functions of MicroPython's."""

    def __init__(self, interface):
        self.interface = interface
        self.is_active = False
        self.joined = None

    def active(self, on=None):
        if on is None:
            return self.is_active
        self.is_active = on

    def connect(self, ssid, key=None, *, bssid=None):
        if not self.is_active:
            raise OSError(EPERM)
        self.joined = ssid, key, bssid

    def isconnected(self):
        return self.joined is not None

    def status(self, what=None):
        return -40 if what == "rssi" else 1010

    def ifconfig(self):
        return ("192.168.1.5", "255.255.255.0", "192.168.1.1", "192.168.1.1")

    ipconfig = ifconfig

    def scan(self):
        return [(b"home", b"\1\2\3\4\5\6", 6, -50, 3, False)]

    def config(self, *names, **values):
        if values:
            self.set = values
        return {"mac": b"\1\2\3\4\5\6", "ssid": "home"}[names[0]] if names else None


class Network:
    STA_IF = 0
    AP_IF = 1
    WLAN = WLAN

    def __init__(self):
        self.name = "esp32"

    def hostname(self, name=None):
        if name is None:
            return self.name
        self.name = name


def pair_with_network():
    pair = Pair()
    rpc = Server(pair.link_of_server, {"network": Network()})

    def serve():
        rpc.poll()
        pair.server.poll()

    pair.world.on_wait = pair.serve = serve
    return pair


@case
def wlan():
    pair_with_network()
    eq((network.STA_IF, network.AP_IF), (0, 1))
    wlan = network.WLAN(network.STA_IF)
    eq(wlan.interface, 0)
    eq(wlan.active(), False)
    eq(raises(OSError, wlan.connect, "home", "secret").args[0], EPERM)
    wlan.active(True)
    eq(wlan.active(), True)
    eq(wlan.isconnected(), False)
    wlan.connect("home", "secret", bssid=b"123456")
    eq(wlan.isconnected(), True)
    eq((wlan.status(), wlan.status("rssi")), (1010, -40))
    eq(wlan.ifconfig()[0], "192.168.1.5")
    eq(list(wlan.scan()[0]), [b"home", b"\1\2\3\4\5\6", 6, -50, 3, False])
    eq(wlan.config("mac"), b"\1\2\3\4\5\6")
    wlan.config(txpower=5)
    eq(wlan.set, {"txpower": 5})
    eq(network.hostname(), "esp32")
    network.hostname("pico")
    eq(network.hostname(), "pico")
    raises(AttributeError, getattr, network, "no_such_name")


@case
def after_a_reset():
    pair = pair_with_network()
    wlan = network.WLAN(network.AP_IF)
    pair.link_of_server.reset()
    pair.run()
    raises(StaleProxy, lambda: wlan.active())
    eq(network.WLAN(network.AP_IF).interface, 1)


@case
def with_sockets():
    """One link serves both."""
    pair = pair_with_network()
    near, peer = connected(pair)
    wlan = network.WLAN(network.STA_IF)
    near.send(b"x")
    wlan.active(True)
    eq(peer.recv(1), b"x")
    peer.send(b"y" * 3000)
    eq(wlan.active(), True)
    eq(near.read(3000), b"y" * 3000)
    near.close()
    peer.close()
    del wlan
    pair.run()


@case
def modules():
    true(check.both or "msgpack_full" not in sys.modules)


end()
