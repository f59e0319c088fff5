# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# Programs of others, as they are, use servers of others through a co-processor: requests and mip
# of micropython-lib, MicroPython's asyncio, Python's HTTP server, curl.

import contextlib
import functools
import json
import ssl
import sys
import tempfile
from binascii import crc32
from pathlib import Path

sys.path[:0] = ["tests"]

import _web as web  # noqa: E402
import _wired as wired  # noqa: E402
from _certificate import certificate  # noqa: E402
from _fetching import curl, rude, ten_at_once  # noqa: E402
from _net import free_port  # noqa: E402
from _wired import LIBRARY, PYTHON, UNIX  # noqa: E402
from check import case, end, eq, skip  # noqa: E402
from runner.paths import BUILD  # noqa: E402

AT_END = contextlib.ExitStack()
WEB = web.serve(AT_END)
PATH = [LIBRARY / "python-ecosys/mip", LIBRARY / "micropython/requests"]


def run(*words, server=UNIX.interpreter):
    if not PATH[0].is_dir():
        skip("the MicroPython tree has no mip and requests")
    return wired.run("_programs.py", UNIX.interpreter, server, *words, path=PATH)


def total(method, data):
    return f"{method} {len(data)} {sum(data)}"


LARGE = len(web.LARGE), crc32(web.LARGE)


@case
def requests_get():
    small = json.dumps(web.SMALL, ensure_ascii=False)
    eq(
        run("requests_get", WEB.url),
        [
            "200 {} {}".format(*LARGE),
            "Unsupported Transfer-Encoding: chunked",
            "404 Not Found",
            *[f"200 OK {small}"] * 4,
            web.SMALL["text"],
            str(len(web.LARGE)),
            "localhost b Basic bWU6c2VjcmV0",
            "session 1",
        ],
    )


@case
def requests_pieces():
    eq(run("requests_pieces", WEB.url), ["{} {}".format(*LARGE), "session 1"])


@case
def requests_post():
    data = bytes(range(256)) * 200
    eq(
        run("requests_post", WEB.url),
        [
            total("POST", data),
            total("POST", data),
            total("POST", b'{"a": [1, 2]}'),
            total("POST", b"again"),
            total("PUT", b"text"),
            "session 1",
        ],
    )


@case
def requests_fails():
    eq(
        run("requests_fails", WEB.url),
        [
            "50000",
            "HTTP error: BadStatusLine:",
            "/reset 104",
            "/reset/headers 104",
            "/silent 110",
            "refused 111",
            web.SMALL["text"],
            "session 1",
        ],
    )


@case
def requests_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate())
    url = web.serve(AT_END, context=context).url
    expected = [f"200 {LARGE[1]}", total("POST", bytes(30000)), "session 1"]
    eq(run("requests_tls", url, server=PYTHON), expected)


@case
def asyncio_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate())
    port = web.serve(AT_END, context=context).server_port
    expected = [f"{LARGE[1]} {LARGE[1]} 111", "session 1"]
    eq(run("asyncio_tls", port, certificate()[0], server=PYTHON), expected)


@case
def mip():
    url = web.serve(AT_END, functools.partial(web.Files, directory=str(BUILD))).url
    with tempfile.TemporaryDirectory() as folder:
        eq(
            run("mip", url, "x64", folder),
            [
                f"Downloading {url}/x64/msgpack.mpy to {folder}",
                f"Copying: {folder}/msgpack.mpy",
                "Done",
                f"Downloading {url}/none.mpy to {folder}",
                f"Error 404 requesting {url}/none.mpy",
                "Package may be partially installed",
                "session 1",
            ],
        )
        eq(Path(folder, "msgpack.mpy").read_bytes(), (BUILD / "x64/msgpack.mpy").read_bytes())


@case
def web_server():
    port = free_port()
    words = "_programs.py", UNIX.interpreter, UNIX.interpreter, "web_server", port
    with wired.started(*words) as process:
        eq(process.stdout.readline(), b"ready\n")
        url = f"http://127.0.0.1:{port}"
        ten_at_once(url)
        # The program closes no socket of these, as it has no handler of exceptions.
        rude(port)
        ten_at_once(url)
        curl(url)


AT_END.close()
end()
