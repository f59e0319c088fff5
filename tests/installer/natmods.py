# SPDX-License-Identifier: MIT
# targets: host
# needs: nothing
#
# natmods.py installs from a server on this machine, on the unix port.

import contextlib
import functools
import http.server
import re
import shutil
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, "tests/release")

from _release import TOP, at_its_url, own_mip, release, served, serving, unix  # noqa: E402
from check import case, end, eq, true  # noqa: E402

import mpyinfo  # noqa: E402

ARCH = "x64"
VERSION = (TOP / "VERSION").read_text().strip()
FORMER = bytes(20_000)  # As large as a file of the full flavour.
FULL, SMALL = (release() / ARCH / f"{path}msgpack.mpy" for path in ("", "small/"))


def run(source, url, *path, **options):
    """(status, output) of a program that has natmods and the address of a release."""
    program = f"import natmods\nURL = {url!r}\n{source}"
    return unix(program, TOP / "installer", *path, own_mip()[1], ".frozen", **options)


def last(output):
    return output.strip().splitlines()[-1]


@contextlib.contextmanager
def lib():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder, "lib")


@case
def installs():
    with served(release()) as url, lib() as folder:
        # The folder is made, as the first of sys.path with such an end. A ROMFS cannot be
        # written to.
        source = "print(natmods.install('msgpack', url=URL) == sys.path[-2] + '/msgpack.mpy')"
        path = ["/rom/lib", str(folder), ""]
        result = unix(
            f"import natmods, sys\nURL = {url!r}\nsys.path[-1:] = {path!r}\n{source}",
            TOP / "installer",
            own_mip()[1],
            ".frozen",
        )
        eq(result, (0, f"{folder}/msgpack.mpy is x64/msgpack.mpy\nTrue\n"))
        eq((folder / "msgpack.mpy").read_bytes(), FULL.read_bytes())
        eq([path.name for path in folder.iterdir()], ["msgpack.mpy"])
        eq(unix("import msgpack; print(msgpack.packb([1]))", folder), (0, "b'\\x91\\x01'\n"))


@case
def the_architecture_of_the_firmware():
    with served(release()) as url, lib() as folder:
        source = f"natmods.install('ioctl', url=URL, target={str(folder)!r})"
        eq(run(source, url, arch="x86"), (0, f"{folder}/ioctl.mpy is x86/ioctl.mpy\n"))


@case
def firmware_that_cannot():
    source = """
class Sys:
    class implementation:
        pass
    path = sys.path
natmods.sys = Sys
for mpy in MPY:
    try:
        if mpy is not None:
            Sys.implementation._mpy = mpy
        natmods.install("ioctl", url="http://127.0.0.1:1")
    except ValueError as e:
        print(e)
"""
    x64 = mpyinfo.ARCHS.index("x64") << 10
    # Without .mpy files, or native code; with older and newer files; of an unknown architecture.
    found = None, 0, 0x306, 0x206 | x64, 0x307 | x64, 0x306 | 15 << 10
    status, output = run(f"import sys\nMPY = {found}{source}", "")
    eq((status, output.split()), (0, ["firmware"] * len(found)) if status == 0 else output)


def install(url, folder, name="msgpack", more="", **options):
    return run(f"natmods.install({name!r}, url=URL, target={str(folder)!r}{more})", url, **options)


@case
def all_architectures():
    # Where a Cortex-M says armv7em, the files for armv7m are taken.
    theirs = ["armv7m" if arch == "armv7em" else arch for arch in mpyinfo.ARCHS[1:]]
    source = (TOP / "installer/natmods.py").read_text()
    (text,) = re.findall(r"^_ARCHS = \(\n(.*?)^\)", source, re.M | re.S)
    text = "".join(re.findall('"(.*)"', text))
    # Numbers without a name are those of architectures to come.
    eq(text.split(" "), ["", *theirs] + [""] * (15 - len(theirs)))


@case
def flavours():
    little = {"options": ("-X", "heapsize=60k")}
    with served(release()) as url, lib() as folder:
        file = folder / "msgpack.mpy"
        for more, options, expected in (
            (", flavour='small'", {}, SMALL),
            # Either flavour stays unless the other one is wanted.
            ("", {}, SMALL),
            (", flavour='full'", {}, FULL),
            ("", little, FULL),
            (", flavour='small'", little, SMALL),
            ("", little, SMALL),
            (", flavour='full'", little, FULL),
        ):
            status, output = install(url, folder, more=more, **options)
            eq((more, status), (more, 0) if status == 0 else output)
            eq(file.read_bytes() == expected.read_bytes(), True)
        for options, expected in (little, SMALL), ({}, FULL):
            file.unlink()
            eq(install(url, folder, **options)[0], 0)
            eq(file.read_bytes() == expected.read_bytes(), True)
        # What is executed in flash is as small, and is not replaced unasked.
        file.with_suffix(".blk").write_bytes(b"code")
        file.write_bytes(b"in flash")
        status, output = install(url, folder)
        eq((status, last(output), file.read_bytes()), (1, "ValueError: flavour", b"in flash"))
        eq(install(url, folder, more=", flavour='small'")[0], 0)
        eq(file.read_bytes() == SMALL.read_bytes(), True)
        # A module that has one flavour.
        eq(install(url, folder, "finaliserproxy", **little)[0], 0)
        status, output = install(url, folder, "finaliserproxy", ", flavour='small'")
        eq((status, last(output)), (1, "ValueError: no x64/small/finaliserproxy.mpy"))


@case
def files_for_any_board():
    with served(release()) as url, lib() as folder:
        for name in "msgpack_aio", "natmods":
            eq(install(url, folder, name), (0, f"{folder}/{name}.mpy is {name}.mpy\n"))


@case
def a_release_that_knows_its_address():
    mip, requests = own_mip()
    with at_its_url(ARCH) as url, lib() as folder:
        for file in "natmods.py", "natmods.mpy":
            program = f"import mip; mip.install('{url}/{file}', target={str(folder)!r})"
            eq(unix(program, mip, requests)[0], 0)
            program = f"import natmods; natmods.install('ioctl', target={str(folder)!r})"
            status, output = unix(program, folder, requests, ".frozen")
            eq((status, last(output)), (0, f"{folder}/ioctl.mpy is x64/ioctl.mpy"))
            # Of another version, whose folder has its name.
            program = program.replace("'ioctl'", "'ioctl', version='9.9'")
            status, output = unix(program, folder, requests, ".frozen")
            eq((status, last(output)), (1, "ValueError: version"))
            shutil.rmtree(folder)


@case
def a_version_that_is_no_folder():
    for url in f"http://127.0.0.1:1/1{VERSION}", f"http://127.0.0.1:1/{VERSION}1/a":
        source = f"natmods.VERSION = {VERSION!r}\nnatmods.install('ioctl', url=URL, version='9.9')"
        status, output = run(source, url)
        eq((status, last(output)), (1, "ValueError: version"))


@case
def another_version():
    with tempfile.TemporaryDirectory() as top, served(top) as url, lib() as folder:
        shutil.copytree(release(), Path(top, "9.9"))
        source = f"natmods.URL = URL + '/{VERSION}'\nnatmods.VERSION = {VERSION!r}\n"
        source += f"natmods.install('ioctl', target={str(folder)!r}, version='9.9')"
        eq(run(source, url), (0, f"{folder}/ioctl.mpy is x64/ioctl.mpy\n"))


class Faulty(http.server.SimpleHTTPRequestHandler):
    """Serves files whose names end so as `fault` says."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        if not self.path.endswith(self.end):
            return super().do_GET()
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        length = str(len(data)) if self.has_length is True else self.has_length
        if length:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(self.fault(data))

    has_length = True


def endless(data):
    """As much as no release has."""
    return data * (10_000_000 // len(data))


def faulty(fault, end=".mpy", has_length=True):
    facts = {"fault": staticmethod(fault), "end": end, "has_length": has_length}
    handler = type("Handler", (Faulty,), facts)
    return serving(functools.partial(handler, directory=str(release())))


@contextlib.contextmanager
def stopping(end, count):
    """A server that sends so many bytes of a file with this end, and then nothing."""
    stop = threading.Event()

    class Handler(Faulty):
        protocol_version = "HTTP/1.0"

        def fault(self, data):
            self.wfile.write(data[:count])
            self.wfile.flush()
            stop.wait()
            return b""

    Handler.end = end
    handler = functools.partial(Handler, directory=str(release()))
    with serving(handler) as url:
        try:
            yield url
        finally:
            stop.set()


def changed(data):
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


@case
def the_former_file_stays():
    with lib() as folder:
        folder.mkdir()
        file = folder / "msgpack.mpy"
        file.write_bytes(FORMER)
        for fault in changed, lambda data: data[:2000], lambda data: b"", lambda data: data + b"a":
            with faulty(fault) as url:
                status, output = install(url, folder)
            eq((status, last(output)), (1, f"OSError: ('checksum', '{url}/x64/msgpack.mpy')"))
            eq({p.name: p.read_bytes() for p in folder.iterdir()}, {"msgpack.mpy": FORMER})
        sent = []

        class Endless(Faulty):
            def fault(self, data):
                try:
                    for _ in range(100):
                        sent.append(self.wfile.write(bytes(100_000)))
                except OSError:
                    pass
                return b""

        Endless.end, Endless.has_length = ".mpy", False
        with serving(functools.partial(Endless, directory=str(release()))) as url:
            status, output = install(url, folder)
        eq((status, last(output)), (1, f"OSError: ('checksum', '{url}/x64/msgpack.mpy')"))
        eq({p.name: p.read_bytes() for p in folder.iterdir()}, {"msgpack.mpy": FORMER})
        # The board has not taken it all.
        true(sum(sent) < 9_000_000)


@case
def a_list_that_is_not_whole():
    def cut(data):
        # Within the line of the file that is wanted, and before it.
        at = data.index(b"x64/msgpack.mpy")
        return at + 5, data.rindex(b"\n", 0, at) + 1, at - 70, 0

    page = b"<html>\n<title>Sign in to this network</title>\n</html>\n"
    faults = [(lambda data, i=i: data[: cut(data)[i]], True) for i in range(4)]
    # As long as the list would be, or of unknown length.
    faults.append((lambda data: page.ljust(len(data) - 1) + b"\n", True))
    faults += [(lambda data: page, False), (lambda data: data[: cut(data)[0]], False)]
    # Of a length that is no number, or another one.
    faults += [(lambda data: data, length) for length in ("x", "1", "-1", "9" * 100, " ")]
    with lib() as folder:
        for fault, has_length in faults:
            with faulty(fault, "SHA256SUMS", has_length) as url:
                status, output = install(url, folder)
            eq((status, last(output)), (1, f"OSError: ('checksum', '{url}/SHA256SUMS')"))
        # A line that the heap has no place for, and no end.
        for fault in (
            lambda data: bytes(1_000_000),
            lambda data: endless(b"0" * 64 + b"  a\n"),
        ):
            with faulty(fault, "SHA256SUMS", False) as url:
                status, output = install(url, folder, options=("-X", "heapsize=100k"))
            eq((status, last(output)), (1, f"OSError: ('checksum', '{url}/SHA256SUMS')"))
        # A name that is no text is none of a file.
        with faulty(lambda data: data.replace(b"x64/", b"\xff64/"), "SHA256SUMS") as url:
            status, output = install(url, folder)
        eq((status, last(output)), (1, "ValueError: no x64/msgpack.mpy"))
        true(not folder.exists())


@case
def answers_that_requests_does_not_read():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"

    class Other(http.server.BaseHTTPRequestHandler):
        def handle(self):
            self.rfile.readline()
            with contextlib.suppress(OSError):
                self.wfile.write(self.answer)

    with lib() as folder:
        folder.mkdir()
        (folder / "msgpack.mpy").write_bytes(FORMER)
        for Other.answer in b"220 mail\r\n", b"\r\n", b"HTTP/1.0 200 OK\r\nno header\r\n", chunked:
            with serving(Other) as url:
                status, output = install(url, folder)
            true((status == 1 and "\nValueError: " in output) or print(output))
            eq({p.name: p.read_bytes() for p in folder.iterdir()}, {"msgpack.mpy": FORMER})
        # A header that the heap has no place for.
        Other.answer = b"HTTP/1.0 200 OK\r\n" + endless(b"a")
        with serving(Other) as url:
            status, output = install(url, folder, options=("-X", "heapsize=100k"))
        true((status == 1 and "\nMemoryError: " in output) or print(output))
        eq({p.name: p.read_bytes() for p in folder.iterdir()}, {"msgpack.mpy": FORMER})


@case
def a_server_that_stops():
    # With one second instead of thirty.
    source = (TOP / "installer/natmods.py").read_text()
    eq(source.count("timeout=30"), 1)
    with tempfile.TemporaryDirectory() as quick, lib() as folder:
        Path(quick, "natmods.py").write_text(source.replace("timeout=30", "timeout=1"))
        folder.mkdir()
        (folder / "msgpack.mpy").write_bytes(FORMER)
        for file, count in ("SHA256SUMS", 0), ("SHA256SUMS", 100), (".mpy", 0), (".mpy", 2000):
            with stopping(file, count) as url:
                program = f"import natmods; natmods.install('msgpack', url={url!r}, "
                program += f"target={str(folder)!r})"
                status, output = unix(program, quick, own_mip()[1], ".frozen")
            eq((status, last(output)), (1, "OSError: [Errno 110] ETIMEDOUT"))
            eq({p.name: p.read_bytes() for p in folder.iterdir()}, {"msgpack.mpy": FORMER})


@case
def what_comes_first_in_an_import():
    with served(release()) as url, lib() as folder:
        folder.mkdir()
        for hiding in "msgpack", "msgpack.py":
            place = folder / hiding
            place.write_text("") if place.suffix else place.mkdir()
            status, output = install(url, folder)
            eq((status, last(output)), (1, f"ValueError: hidden by {place}"))
            place.unlink() if place.suffix else place.rmdir()
        # A file without an ending is none that is imported.
        (folder / "msgpack").write_text("")
        eq(install(url, folder)[0], 0)
    for hiding in "msgpack", "msgpack.py", "msgpack.mpy":
        with served(release()) as url, tempfile.TemporaryDirectory() as start:
            place = Path(start, hiding)
            place.write_text("") if place.suffix else place.mkdir()
            # As on a board, whose start folder comes first.
            source = f"import os\nos.chdir({start!r})\nsys.path[:] = ['', {start + '/lib'!r}]\n"
            source = f"import sys, requests\n{source}natmods.install('msgpack', url=URL)"
            status, output = run(source, url)
            eq((status, last(output)), (1, f"ValueError: hidden by {hiding}"))
            # There, it is the file itself.
            if hiding == "msgpack.mpy":
                status, output = run(source.replace("url=URL", "url=URL, target='.'"), url)
                eq((status, last(output)), (0, "./msgpack.mpy is x64/small/msgpack.mpy"))
                true(place.stat().st_size > 1000)


@case
def what_an_installation_has_left():
    with served(release()) as url, lib() as folder:
        folder.mkdir()
        (folder / "msgpack.mpy.new").write_bytes(bytes(100_000))
        eq(install(url, folder)[0], 0)
        eq([path.name for path in folder.iterdir()], ["msgpack.mpy"])
        eq((folder / "msgpack.mpy").read_bytes(), FULL.read_bytes())


@case
def errors():
    with served(release()) as url, lib() as folder:
        status, output = install(url, folder, "nonsense")
        eq((status, last(output)), (1, "ValueError: no x64/nonsense.mpy"))
        status, output = install(url + "/nowhere/", folder)
        eq((status, last(output)), (1, f"OSError: (404, '{url}/nowhere/SHA256SUMS')"))
        # Nothing is imported from what would be written.
        for path in "'lib'", "''":
            source = f"import sys; sys.path[:] = [{path}]; natmods.install('ioctl', url=URL)"
            status, output = run(source, url)
            eq((status, last(output)), (1, "ValueError: target"))
        status, output = run("natmods.install('msgpack')", url)
        eq((status, last(output)), (1, "ValueError: url"))
        true(not folder.exists())
        status, output = install(url, folder, more=", flavour='tiny'")
        eq((status, last(output)), (1, "ValueError: flavour"))
        true(not folder.exists())
        # A folder that cannot be made.
        status, output = install(url, "/proc/lib")
        eq((status, last(output)[:7]), (1, "OSError"))


@case
def small_file_systems():
    # Of boards: each takes a new file over an old one, and one that is full stays as it is.
    source = """
import os, sys

class Blocks:
    def __init__(self, n):
        self.data = bytearray(512 * n)

    def readblocks(self, n, buf, offset=0):
        buf[:] = self.data[512 * n + offset : 512 * n + offset + len(buf)]

    def writeblocks(self, n, buf, offset=0):
        self.data[512 * n + offset : 512 * n + offset + len(buf)] = buf

    def ioctl(self, op, arg):
        return {4: len(self.data) // 512, 5: 512, 6: 0}.get(op)

for kind, n in (("VfsFat", 96), ("VfsLfs2", 60)):
    fs = getattr(os, kind)
    blocks = Blocks(n)
    fs.mkfs(blocks)
    os.mount(fs(blocks), "/ram")
    for i in range(2):
        natmods.install("msgpack", flavour="small", url=URL, target="/ram/lib")
    try:
        natmods.install("msgpack", flavour="full", url=URL, target="/ram/lib")
    except OSError as e:
        print(e.errno)
    print(os.listdir("/ram/lib"), os.stat("/ram/lib/msgpack.mpy")[6])
    os.umount("/ram")
"""
    with served(release()) as url:
        status, output = run(source, url)
    eq(status, 0 if status == 0 else output)
    lines = [line for line in output.splitlines() if "is x64" not in line]
    size = SMALL.stat().st_size
    eq(lines, ["28", f"['msgpack.mpy'] {size}"] * 2)


end()
