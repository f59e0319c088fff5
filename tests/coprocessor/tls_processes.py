# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
# long: host
#
# TLS on a server that runs MicroPython with mbedTLS, for a client on MicroPython. At the other end
# are Python's `ssl` and OpenSSL's `s_server`.

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = ["tests"]

from _certificate import make_certificates  # noqa: E402
from _serving import serving  # noqa: E402
from check import case, end, eq, skip, true  # noqa: E402
from runner import children, install, targets, unix  # noqa: E402

HERE = Path(__file__).resolve().parent
CLIENT, SERVER = (targets.select([name])[0] for name in ("unix-x64-small", "unix-x64-ssl"))
HOST = "127.0.0.1"


def free_port():
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return sock.getsockname()[1]


@contextlib.contextmanager
def co_processor(folder, port, what):
    """The client's process, whose server is another one."""
    if not (SERVER.interpreter.exists() and CLIENT.interpreter.exists()):
        skip("there is no build/unix-x64-ssl: run make interpreter TARGET=unix-x64,unix-x64-ssl")
    lib = Path(folder, "lib")
    if not lib.exists():
        install.into_folder(CLIENT, ["coprocessor", "msgpack", "finaliserproxy"], lib)
    path = f"{HERE}:{lib}:{unix.asyncio_folder(CLIENT)}"
    ends = socket.socketpair()
    words = (
        (CLIENT.interpreter, HERE / "_tls_program.py", ends[0].fileno(), folder, port, what),
        (SERVER.interpreter, HERE / "_net_program.py", "server", ends[1].fileno()),
    )
    processes = []
    try:
        for end_, command in zip(ends, words):
            end_.setblocking(False)
            processes.append(
                children.start(
                    [str(word) for word in command],
                    env=dict(os.environ, MICROPYPATH=path),
                    pass_fds=[end_.fileno()],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            )
        yield processes[0]
    finally:
        for process in reversed(processes):
            children.stop(process)
            process.stdout.close()
        for end_ in ends:
            end_.close()


def output_of(process):
    return process.communicate(timeout=200)[0].decode().splitlines()


@contextlib.contextmanager
def python_peer(folder, greeting=b""):
    """The port of an echo, and how its connections ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server", f"{folder}/server_key")
    ends = []

    def serve(raw):
        try:
            raw.settimeout(100)
            with context.wrap_socket(raw, server_side=True) as peer:
                peer.sendall(greeting)
                data = b""
                while not data.endswith(b"end"):
                    data = peer.recv(3000)
                    if not data:
                        break
                    peer.sendall(data)
            ends.append("end")
        except (OSError, ssl.SSLError) as e:
            ends.append(type(e).__name__)
        finally:
            raw.close()

    with serving(serve) as port:
        yield port, ends


def run_with_python(what, *options):
    """What the client prints, and how the connections ended for the peer."""
    with python_peer(FOLDER, *options) as (port, ends), co_processor(
        FOLDER, port, what
    ) as process:
        return output_of(process), ends


with tempfile.TemporaryDirectory() as FOLDER:
    make_certificates(FOLDER)

    @case
    def talk_with_python():
        output, ends = run_with_python("talk")
        eq((output, ends), (["True TLSv1.2", "True", "b'end' b''"], ["end"]))

    @case
    def talk_with_openssl():
        port = free_port()
        command = f"openssl s_server -accept {port} -cert server -key server_key -www"
        process = children.start(command.split(), cwd=FOLDER, stdout=subprocess.PIPE)
        try:
            # It says so when it listens.
            while b"ACCEPT" not in process.stdout.readline():
                pass
            with co_processor(FOLDER, port, "page") as client:
                eq(output_of(client), ["b'HTTP/1.0 200 ok\\r\\n'"])
        finally:
            children.stop(process)
            process.stdout.close()

    @case
    def peers_that_speak_first():
        # Their first data may come with the end of the handshake.
        eq(run_with_python("greetings", b"welcome")[0], ["b'welcome'"] * 10)

    @case
    def wrong_certificates():
        output, ends = run_with_python("refusals")
        texts = {
            "authority": "The certificate is not correctly signed by the trusted CA",
            "name": "The certificate Common Name (CN) does not match with the expected CN",
        }
        # What wrap_socket, write and read raise; then it does not wait for the handshake.
        expected = [
            f"wrong {what} {text}{numbers}"
            for numbers in (" -9984 -9984", " -9984")
            for what, text in texts.items()
        ]
        eq(output, [*expected, "no certificate: invalid cert", *["b'end'"] * 2, "session 1"])
        # All connections have been closed, those that failed as well.
        eq(len(ends), 7)
        eq(ends.count("end"), 2)

    @case
    def tasks():
        output, ends = run_with_python("tasks")
        eq((output, ends), (["b'end' b'end'"], ["end", "end"]))

    @case
    def accepted():
        port = free_port()
        with co_processor(FOLDER, port, "accept") as process:
            eq(process.stdout.readline(), b"listening\n")

            def visit(authority):
                context = ssl.create_default_context(cafile=f"{FOLDER}/{authority}")
                with socket.create_connection((HOST, port), 100) as raw:
                    with context.wrap_socket(raw, server_hostname="localhost") as peer:
                        peer.sendall(b"hello\n")
                        return peer.recv(100)

            eq(visit("authority"), b"welcome")
            try:
                visit("other")
                true(False)
            except ssl.SSLCertVerificationError:
                pass
            eq(visit("authority"), b"welcome")
            eq(output_of(process), ["b'hello\\n'", "error True", "b'hello\\n'"])


end()
