# SPDX-License-Identifier: MIT
"""The files of a release in a folder or at an address, each compared with SHA256SUMS."""

import contextlib
import hashlib
import http.client
import re
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

from remote import Failure

import supply

SUMS = "SHA256SUMS"
# No file of a release is longer, and none takes longer to arrive.
MOST_BYTES = 1 << 20
MOST_SECONDS = 300
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def is_page(data):
    """Is this a page for people, as servers send it in place of a file?"""
    return data.lstrip()[:1] == b"<"


def received(answer):
    """The body of a server's answer."""
    length = getattr(answer, "length", None)
    deadline = time.monotonic() + MOST_SECONDS
    data = b""
    while len(data) != length:
        piece = answer.read1(MOST_BYTES if length is None else length - len(data))
        if not piece and length is not None:
            raise http.client.IncompleteRead(data, length - len(data))
        if not piece:
            break
        data += piece
        if len(data) > MOST_BYTES:
            raise ValueError(f"it is longer than {MOST_BYTES} bytes, as no file of a release is")
        if time.monotonic() > deadline:
            raise ValueError(f"after {MOST_SECONDS} seconds only {len(data)} bytes have arrived")
    return data


class Missing(Failure):
    """There is no such file in the release."""


class Release(supply.Folder):
    """Fetches files when they are asked for, into the folder `path`."""

    def __init__(self, where, path):
        super().__init__(path)
        self.where = re.sub(r"[/\\]+(index\.html)?$", "", where)
        self.is_local = not re.match(r"\w\w+://", where)
        self.sums = None

    def shown(self, name):
        return str(Path(self.where, name)) if self.is_local else f"{self.where}/{name}"

    def read(self, name):
        if self.is_local:
            try:
                return Path(self.where, name).read_bytes()
            except FileNotFoundError as e:
                if name == SUMS and not Path(self.where).is_dir():
                    raise Failure(
                        f"{self.where} is no folder; --url names the folder of a release, or its "
                        "address, which begins with https:// or http://"
                    ) from None
                raise Missing(f"{self.shown(name)}: {e.strerror}; {self.again(name)}") from None
            except OSError as e:
                raise Failure(f"{self.shown(name)}: {e.strerror}") from None
        url = self.shown(name)
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return received(answer)
        except (OSError, ValueError, http.client.HTTPException) as e:
            kind = Missing if getattr(e, "code", None) == 404 else Failure
            raise kind(f"{url}: {self.explain(name, e)}") from None

    def again(self, name):
        """What to do about a file that is not there or not right."""
        if name == SUMS:
            return "--url names the folder or the address of a release, which has this file"
        return "the release is not complete: fetch it again" if self.is_local else "try again"

    def explain(self, name, error):
        """What an error of urllib's means."""
        reason = getattr(error, "reason", error)
        if isinstance(error, urllib.error.HTTPError):
            return f"the server says {error.code} {reason}; {self.again(name)}"
        # Not every Python has ssl.
        if type(reason).__name__ == "SSLCertVerificationError":
            return (
                f"{reason}; fetch the release with a browser and name its folder: --url FOLDER. "
                "On macOS, 'Install Certificates.command' of Python may be what is missing"
            )
        if isinstance(error, http.client.IncompleteRead):
            return f"the connection ended after {len(error.partial)} bytes; try again"
        if isinstance(reason, (socket.timeout, TimeoutError)):
            return "the server does not answer; try again"
        if isinstance(reason, socket.gaierror):
            return f"{reason.strerror or reason}: is the address right, and is there a network?"
        return f"{reason}; {self.again(name)}"

    def read_as(self, name):
        """The file by its name, or by that which it has where there are no folders."""
        flat = [n for n, d in self.sums.items() if d == self.sums[name] and "/" not in n]
        try:
            return self.read(name)
        except Missing:
            for other in flat:
                with contextlib.suppress(Missing):
                    return self.read(other)
            raise

    def read_sums(self):
        """{name: digest} of all files."""
        data = self.read(SUMS)
        shown = self.shown(SUMS)
        if is_page(data):
            raise Failure(
                f"{shown} is a web page, not the file of a release: {self.again(SUMS)}; or the "
                "network wants a login in a browser first"
            )
        *lines, rest = data.decode(errors="replace").split("\n")
        found = [_LINE.fullmatch(line.rstrip("\r")) for line in lines]
        if rest or not lines:
            raise Failure(f"{shown} is cut off after {len(data)} bytes: fetch it again")
        if not all(found):
            line = lines[found.index(None)]
            raise Failure(f"{shown} is not the file of a release; it says {line[:40]!r}")
        return {line[2]: line[1] for line in found}

    def get(self, arch, has_native, has_bytecode):
        """Look what there is, before any file is fetched."""
        self.sums = self.read_sums()
        archs = sorted({name.split("/")[0] for name in self.sums if name.endswith("/msgpack.mpy")})
        if has_native and arch not in archs:
            raise Failure(
                f"the release has no files for {arch}, by {self.shown(SUMS)}, but for: "
                f"{' '.join(archs) or 'none'}. If it should have them, that file is not complete: "
                "fetch it again"
            )

    def file(self, name):
        if name not in self.sums:
            raise Failure(
                f"{self.shown(SUMS)} has no line for {name}: it is not complete, or of another "
                "version than install.py; fetch the whole release again"
            )
        path = Path(self.path, name)
        if not path.exists():
            data = self.read_as(name)
            if hashlib.sha256(data).hexdigest() != self.sums[name]:
                what = "a web page" if is_page(data) else f"{len(data)} bytes"
                raise Failure(
                    f"{self.shown(name)} is not what {SUMS} says, but {what}: fetch it again"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return path
