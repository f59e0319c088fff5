# SPDX-License-Identifier: MIT
# The clients of a web server, which is that of _programs.py.

import concurrent.futures
import shutil
import socket
import struct
import subprocess
import urllib.request

from check import eq, skip

TIMEOUT = 200  # Seconds; the server may run on an emulated board.


def fetch(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        return response.read()


def ten_at_once(url):
    paths = [f"/{i}" for i in range(10)]
    with concurrent.futures.ThreadPoolExecutor(len(paths)) as pool:
        found = list(pool.map(fetch, [url + path for path in paths]))
    eq(found, [path.encode() * 2000 for path in paths])


def curl(url):
    """What curl gets and posts."""
    if not shutil.which("curl"):
        skip("there is no curl: make setup installs it")
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", str(TIMEOUT)]
    result = subprocess.run([*command, f"{url}/page"], capture_output=True)
    eq((result.returncode, result.stdout), (0, b"/page" * 2000))
    data = bytes(range(250)) * 40
    result = subprocess.run(
        [*command, "--data-binary", "@-", f"{url}/echo"], input=data, capture_output=True
    )
    eq((result.returncode, result.stdout), (0, data))


def rude(port):
    """Clients that leave at any point, with RST or without: 40, of which five at once."""
    request = b"GET /left HTTP/1.0\r\n\r\n"

    def leave(i):
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as sock:
            if i & 1:
                # Closing sends RST.
                option = struct.pack("ii", 1, 0)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
            sock.sendall(request[: (0, 10, -2, None)[i // 2 % 4]])
            if i // 2 % 4 == 3:
                sock.recv(1 + i * 50)

    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        list(pool.map(leave, range(40)))
