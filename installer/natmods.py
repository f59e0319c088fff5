# SPDX-License-Identifier: MIT
"""Installs native modules on the board that runs this; docs/installing.md is the reference."""

import gc
import os
import sys

# What make dist URL=... fills in: where the release is, and its version.
URL = ""
VERSION = ""

# By their numbers; those after the last have no name yet.
_ARCHS = (
    " x86 x64 armv6 armv6m armv7m armv7m armv7emsp armv7emdp xtensa xtensawin rv32imc rv64imc"
    "   "
)


# Each name and function takes RAM of a board that may have little: there are few.
def install(module, flavour=None, version=None, url=None, target=None):
    """Install a module of a release into the lib folder, and return the file's path.

    flavour: "small" or "full"; None is that which is there, or the full one if 64 KiB are free.
    version: another one than URL's. url: the address of a release. target: another folder.
    Raises ValueError for what the release does not have and for what would not be imported,
    OSError for what cannot be read or written, and what requests raises for a server whose answer
    is no HTTP. Then a former file is as it was.
    """
    url = (url or URL).rstrip("/")
    if not url:
        raise ValueError("url")
    url += "/"
    if version:
        file = "/" + VERSION + "/"
        if file not in url or not VERSION:
            raise ValueError("version")
        url = url.replace(file, "/" + version + "/")
    mpy = getattr(sys.implementation, "_mpy", 0)
    arch = _ARCHS.split(" ")[mpy >> 10 & 15]
    # Native code, version 6.3.
    if mpy & 0x3FF != 0x306 or not arch:
        raise ValueError("firmware")
    hiding = ()
    if not target:
        hiding = module, module + ".py", module + ".mpy"
        for target in sys.path:
            # Nothing can be written to a ROMFS.
            if target[-4:] == "/lib" and target != "/rom/lib":
                break
        else:
            raise ValueError("target")
    path = target + "/" + module
    # An import takes what comes first: a folder, a .py file, a .mpy file; the start folder before.
    for file in hiding + (path, path + ".py"):
        try:
            if os.stat(file)[0] & 0x4000 or file[-2:] == "py":
                raise ValueError("hidden by " + file)
        except OSError:
            pass
    name = "/" + module + ".mpy"
    small = flavour == "small"
    if flavour is None:
        small = None
        try:
            # A larger file is of the full flavour.
            small = os.stat(target + name)[6] < 12288
            # What is executed in flash is replaced by a flavour that is named only.
            os.stat(path + ".blk")
            raise ValueError("flavour")
        except OSError:
            if small is None:
                gc.collect()
                small = gc.mem_free() < 65536
    elif not small and flavour != "full":
        raise ValueError("flavour")
    files = [arch + name, name[1:]]
    if small:
        files = [arch + "/small" + name] + ([] if flavour else files)
    digests = {}
    response = _get(url + "SHA256SUMS")
    try:
        size = 0
        # Neither a list nor a file of a release is as long as these loops.
        for _ in range(512):
            line = response.raw.readline(256)
            size += len(line)
            if line[64:66] + line[-1:] != b"  \n":
                break
            for file in files:
                if line[66:-1] == file.encode():
                    digests[file] = line[:64]
    finally:
        response.close()
    size = str(size)
    if line or size != response.headers.get("Content-Length", size):
        raise OSError("checksum", url + "SHA256SUMS")
    for file in files:
        if file in digests:
            break
    else:
        raise ValueError("no " + files[0])
    from hashlib import sha256

    path = target + name
    new = path + ".new"
    found = sha256()
    response = _get(url + file)
    try:
        try:
            os.mkdir(target)
        except OSError:
            pass  # It is there, or what follows says what is wrong.
        with open(new, "wb") as f:
            for _ in range(512):
                line = response.raw.read(512)
                if not line:
                    break
                found.update(line)
                f.write(line)
        if found.digest().hex().encode() != digests[file]:
            raise OSError("checksum", url + file)
        os.rename(new, path)
    except BaseException:
        try:
            os.remove(new)
        except OSError:
            pass
        raise
    finally:
        response.close()
    print(path, "is", file)
    return path


def _get(url):
    import requests

    # Seconds to wait for the server's next bytes.
    response = requests.get(url, timeout=30)
    if response.status_code != 200:
        response.close()
        raise OSError(response.status_code, url)
    return response
