# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# MicroPython's own tests of sockets and asyncio's streams, from the fetched tree, run on a client
# as they are. What they print is what the files beside them say, or what CPython prints.

import contextlib
import functools
import queue
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path[:0] = ["tests"]

import _wired as wired  # noqa: E402
from _certificate import make_certificates  # noqa: E402
from _net import free_port  # noqa: E402
from _serving import serving  # noqa: E402
from _wired import HERE, PYTHON, UNIX  # noqa: E402
from check import case, end, eq, long, skip  # noqa: E402
from runner import children, install, targets, unix  # noqa: E402

TESTS = install.tree(UNIX) / "tests"
SSL = targets.select(["unix-x64-ssl"])[0]
PROGRAM = "_upstream.py"
ALONE = """
net_hosted/accept_nonblock
net_hosted/accept_timeout
net_hosted/asyncio_loopback
net_hosted/asyncio_start_server
extmod/socket_tcp_basic
extmod/socket_udp_nonblock
extmod/select_poll_basic
extmod/select_poll_udp
""".split()
# Its client and its server sleep for equally long, so on a busy machine either may be first.
IN_ANY_ORDER = "net_hosted/asyncio_loopback"
CONNECTING = "net_hosted/connect_nonblock", "net_hosted/connect_poll"
TOGETHER = """
asyncio_tcp_client_rst
asyncio_tcp_close_write
asyncio_tcp_readall
asyncio_tcp_readexactly
asyncio_tcp_readinto
asyncio_tcp_server_client
tcp_accept_recv
tcp_data
udp_data
""".split()
# Its client wants SO_LINGER. Another test that does, tcp_client_rst, expects that an error is
# raised once; here it stays, as with lwIP.
WANTS_LINGER = "asyncio_tcp_client_rst"


def found(name):
    file = TESTS / f"{name}.py"
    if not file.exists():
        skip("the tree has no tests")
    return file


def on_client(*words):
    return wired.started(PROGRAM, UNIX.interpreter, UNIX.interpreter, *words)


@contextlib.contextmanager
def direct(interpreter, *words):
    """A process that has the interpreter's own sockets."""
    path = f"{HERE}:{unix.asyncio_folder(UNIX)}"
    process = children.start(
        [interpreter, HERE / PROGRAM, "direct", "-", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1", "MICROPYPATH": path},
    )
    try:
        yield process
    finally:
        children.stop(process)
        process.stdin.close()
        process.stdout.close()


on_cpython = functools.partial(direct, PYTHON)
on_unix = functools.partial(direct, UNIX.interpreter)


def expected(file, otherwise):
    beside = file.with_name(file.name + ".exp")
    return cleaned(beside.read_text() if beside.exists() else otherwise())


def cleaned(text):
    """The lines that are not empty, with one name for each port."""
    text = re.sub(r"\b(8\d{3}|21\d{3})\b", "PORT", text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def alone(file, start, port=None, *words):
    with start(file, port or free_port(), *words) as process:
        return process.communicate(timeout=60)[0].decode()


def together(file, start_server, start_client):
    """What both print, with headings."""
    port = free_port()
    lines = queue.Queue()
    said = [["--- instance0 ---"], ["--- instance1 ---"]]
    with contextlib.ExitStack() as at_end:
        processes = []

        def start(number, how):
            process = at_end.enter_context(how(file, port, number))
            processes.append(process)

            def read():
                for line in process.stdout:
                    lines.put((number, line.decode().rstrip("\n")))
                lines.put((number, None))

            thread = threading.Thread(target=read)
            thread.start()
            return thread

        threads = [start(0, start_server)]
        running = 2
        while running:
            number, line = lines.get(timeout=60)
            if line is None:
                running -= 1
            elif line == "@next":
                if number == 0 and len(threads) == 1:
                    threads.append(start(1, start_client))
            elif line[:1] == "@":
                other = processes[1 - number]
                other.stdin.write(line[1:].encode() + b"\n")
                other.stdin.flush()
            else:
                said[number].append(line)
        for thread in threads:
            thread.join()
    return "\n".join(sum(said, []))


@case
def programs():
    for name in ALONE:
        file = found(name)
        right = expected(file, lambda: alone(file, on_cpython))
        got = cleaned(alone(file, on_client))
        if name == IN_ANY_ORDER:
            got.sort()
            right.sort()
        eq((name, got), (name, right))


@case
def programs_with_a_server():
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        for name in CONNECTING:
            file = found(name)
            got = alone(file, on_client, server.getsockname()[1], "test")
            eq((name, cleaned(got)), (name, expected(file, None)))


@case
def pairs():
    for name in TOGETHER:
        file = found(f"multi_net/{name}")
        right = expected(file, lambda: together(file, on_cpython, on_cpython))
        for how in (on_client, on_unix), (on_unix, on_client):
            if how[1] == on_client and name == WANTS_LINGER:
                continue
            eq((name, cleaned(together(file, *how))), (name, right))


# Those of DTLS are not among them: it is for sockets of UDP, with which our server has no TLS.
TLS = """
asyncio_tls_server_client
asyncio_tls_server_client_cert_required_error
asyncio_tls_server_client_readline
asyncio_tls_server_client_verify_error
ssl_cert_ec
ssl_cert_rsa
sslcontext_check_hostname_error
sslcontext_getpeercert
sslcontext_server_client
sslcontext_server_client_ciphers
sslcontext_server_client_files
sslcontext_verify_callback
sslcontext_verify_error
sslcontext_verify_time_error
""".split()


TLS_ALONE = "extmod/ssl_sslcontext", "extmod/ssl_sslcontext_verify_mode"
# These have a server that sends the certificate of its authority, too.
TLS_WITH_A_SERVER = "net_hosted/ssl_getpeercert", "net_hosted/ssl_verify_callback"


def on_client_with_tls(file, *words):
    # Certificates are in the current folder.
    return wired.started(PROGRAM, UNIX.interpreter, SSL.interpreter, file, *words, cwd=file.parent)


def need_tls():
    if not SSL.interpreter.exists():
        skip(f"there is no {SSL.board}: run make interpreter TARGET={SSL.board}")


@contextlib.contextmanager
def tls_server():
    """Its port."""
    with tempfile.TemporaryDirectory() as folder:
        make_certificates(folder)
        chain = Path(folder, "chain")
        chain.write_bytes(b"".join(Path(folder, n).read_bytes() for n in ("server", "authority")))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, f"{folder}/server_key")

    def serve(raw):
        with raw, contextlib.suppress(OSError):
            context.wrap_socket(raw, server_side=True).recv(1)

    with serving(serve) as port:
        yield port


if long:

    @case
    def programs_with_tls():
        need_tls()
        for name in TLS_ALONE:
            file = found(name)
            got = alone(file, on_client_with_tls)
            eq((name, cleaned(got)), (name, cleaned(alone(file, on_cpython))))
        with tls_server() as port:
            for name in TLS_WITH_A_SERVER:
                file = found(name)
                got = alone(file, on_client_with_tls, port, "test")
                eq((name, cleaned(got)), (name, expected(file, None)))

    @case
    def pairs_with_tls():
        need_tls()
        for name in TLS:
            file = found(f"multi_net/{name}")
            got = together(file, on_client_with_tls, on_client_with_tls)
            eq((name, cleaned(got)), (name, expected(file, None)))


end()
