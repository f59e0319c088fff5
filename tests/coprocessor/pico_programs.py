# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# timeout: 1200
# long: host
#
# Programs of others on the emulated Pico, through a co-processor at its UART: requests and mip of
# micropython-lib and natmods.py with Python's HTTP server, TLS, a client of MQTT with mosquitto,
# and a web server on the Pico with curl and others.

import contextlib
import ssl
import sys
import tempfile
import threading
from binascii import crc32
from pathlib import Path

sys.path[:0] = ["tests", "tests/release"]

import _web as web  # noqa: E402
from _certificate import certificate  # noqa: E402
from _fetching import curl, ten_at_once  # noqa: E402
from _mosquitto import LONG, broker, expected, listener, publish  # noqa: E402
from _net import free_port  # noqa: E402
from _release import TOP, release, served  # noqa: E402
from check import case, end, eq, skip  # noqa: E402
from runner import install, targets, wired  # noqa: E402

HERE = Path(__file__).resolve().parent
SSL = targets.select(["unix-x64-ssl"])[0]
BEGIN = """
from machine import UART
import coprocessor
link = coprocessor.start(UART(0, 921600, rxbuf=4096), rx=4096, timeout=60000, keepalive=60000)
import _programs
"""
USE = """
print("session", link.session)
import msgpack
print(msgpack.__file__, msgpack.unpackb(msgpack.packb({1: [2]})))
"""


@contextlib.contextmanager
def started(server=wired.UNIX, more=()):
    """A board that has the programs."""
    for target in wired.PICO, server:
        if not target.interpreter.exists():
            skip(f"there is no {target.board}: run make interpreter TARGET={target.board}")
    with contextlib.ExitStack() as at_end:
        folder = at_end.enter_context(tempfile.TemporaryDirectory())
        board, wire = wired.board(at_end, folder)
        wired.install_on(board, "requests", "mip", more=more)
        for name in "_programs", "_mqtt", "_end":
            install.put(board, HERE / f"{name}.py", f"/lib/{name}.py")
        wired.co_processor(at_end, folder, wire, server)
        yield board


@case
def requests():
    with contextlib.ExitStack() as at_end, started() as board:
        url = web.serve(at_end).url
        source = f"_programs.requests_pieces({url!r})\n_programs.requests_post({url!r})\n"
        output, error = board.run(BEGIN + source + "print('session', link.session)\n", 500)
        data = bytes(range(256)) * 200
        expected = [f"{len(web.LARGE)} {crc32(web.LARGE)}"]
        for method, sent in [
            *[("POST", data)] * 2,
            ("POST", b'{"a": [1, 2]}'),
            ("POST", b"again"),
            ("PUT", b"text"),
        ]:
            expected.append(f"{method} {len(sent)} {sum(sent)}")
        eq((output.splitlines(), error), ([*expected, "session 1"], ""))


@case
def mip():
    with served(release()) as url, started() as board:
        output, error = board.run(f"{BEGIN}_programs.mip({url!r}, 'armv6m', None)\n" + USE, 500)
        eq(error, "")
        eq(
            output.splitlines(),
            [
                f"Downloading {url}/armv6m/msgpack.mpy to /lib",
                "Copying: /lib/msgpack.mpy",
                "Done",
                f"Downloading {url}/none.mpy to /lib",
                f"Error 404 requesting {url}/none.mpy",
                "Package may be partially installed",
                "session 1",
                "/lib/msgpack.mpy {1: [2]}",
            ],
        )


@case
def natmods():
    # The board finds the file for its architecture, and checks it.
    with served(release()) as url, started() as board:
        install.put(board, release() / "natmods.mpy", "/lib/natmods.mpy")
        more = f"""
import natmods
natmods.install("ioctl", url={url!r})
natmods.install("msgpack", flavour="small", url={url!r})
try:
    natmods.install("nonsense", url={url!r})
except ValueError as e:
    print(e)
import ioctl, os
print(ioctl.__version__, os.listdir("/lib").count("msgpack.mpy.new"))
"""
        output, error = board.run(BEGIN + more + USE.replace("msgpack.__file__, ", ""), 500)
        eq(error, "")
        eq(
            output.splitlines(),
            [
                "/lib/ioctl.mpy is armv6m/ioctl.mpy",
                "/lib/msgpack.mpy is armv6m/small/msgpack.mpy",
                "no armv6m/nonsense.mpy",
                f"{(TOP / 'VERSION').read_text().strip()} 0",
                "session 1",
                "{1: [2]}",
            ],
        )


@contextlib.contextmanager
def running(board, source, text):
    """Run a program in a thread, until it has printed a text; then its result in a list, and a
    function that waits for that."""
    said = []
    ready = threading.Event()
    result = []

    def echo(data):
        said.append(data)
        if text in "".join(said):
            ready.set()

    def run():
        try:
            result.extend(board.run(BEGIN + source, 900, echo))
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        if not ready.wait(200) or result:
            raise AssertionError(result)
        yield result, thread.join
    except BaseException:
        board.write(b"\x03")
        raise
    finally:
        thread.join()


@case
def mqtt():
    with broker() as (port, wait_for), listener(port, wait_for) as heard, started() as board:
        source = f"_programs.mqtt({port}, {LONG}, 0)\nprint('session', link.session)\n"
        with running(board, source, "subscribed") as (result, join):
            publish(port)
            join()
            said, published = expected(False)
            eq((result[0].splitlines(), result[1]), (said, ""))
            eq(heard(), published)


@case
def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate())
    der = Path(certificate()[0] + ".der")
    der.write_bytes(ssl.PEM_cert_to_DER_cert(Path(certificate()[0]).read_text()))
    with contextlib.ExitStack() as at_end, started(SSL, ("tls", "ssl")) as board:
        install.put(board, der, "/lib/cert.der")
        server = web.serve(at_end, context=context)
        source = f"_programs.tls({server.server_port}, '/lib/cert.der')\n"
        source += f"import requests; print(requests.get('{server.url}/json').status_code)\n"
        output, error = board.run(BEGIN + source + "print('session', link.session)\n", 500)
        eq(error, "")
        eq(
            output.splitlines(),
            [
                "localhost TLSv1.2 True b'HTTP/1.0 200 OK\\r\\n'",
                "example.org The certificate Common Name (CN) does not match with the expected CN",
                "200",
                "session 1",
            ],
        )


@case
def web_server():
    port = free_port()
    with started() as board:
        with running(board, f"_programs.web_server({port})\n", "ready") as (result, _):
            url = f"http://127.0.0.1:{port}"
            curl(url)
            ten_at_once(url)
            curl(url)
            board.write(b"\x03")
    eq((result[0], "KeyboardInterrupt" in result[1]), ("ready\n", True))


end()
