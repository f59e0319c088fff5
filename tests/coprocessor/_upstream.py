# SPDX-License-Identifier: MIT
# Runs a test of MicroPython's own: _upstream.py ROLE FD FILE PORT [INSTANCE | test]
#
# With the role "direct" it has the interpreter's own sockets, else those of a co-processor. A file
# with instances is one of two programs that talk to each other; lines that begin with @ are for
# the program that starts both.

import sys

import _end


class multitest:
    """What these programs call."""

    @staticmethod
    def globals(IP):
        pass

    @staticmethod
    def get_network_ip():
        return "127.0.0.1"

    @staticmethod
    def next():
        print("@next")

    @staticmethod
    def broadcast(text):
        print("@" + text)

    @staticmethod
    def wait(text):
        while sys.stdin.readline().strip() != text:
            pass

    @staticmethod
    def skip():
        print("SKIP")
        raise SystemExit


def main():
    _end.serve()
    if sys.argv[1] != "direct":
        import coprocessor

        coprocessor.start(_end.stream(), rx=4096, timeout=30000)
    file, port = sys.argv[3:5]
    with open(file) as f:
        source = f.read()
    # Others may have the port that it names.
    for name in "8000", "8080", "8123":
        source = source.replace(name, port)
    what = sys.argv[5] if len(sys.argv) > 5 else None
    names = {"multitest": multitest, "IP": "127.0.0.1"}
    names["__name__"] = "a module" if what == "test" else "__main__"
    exec(source, names)
    if what == "test":
        # It would use a server in the internet.
        import socket

        names[what](socket.getaddrinfo("127.0.0.1", int(port))[0][-1])
    elif what:
        names["instance" + what]()


main()
