# SPDX-License-Identifier: MIT
"""Installs native modules on the board that runs this; docs/installing.md is the reference."""

import gc
import os
import sys

# What make dist URL=... fills in: where the release is, and its version.
URL = ""
VERSION = ""

_ARCHS = " x86 x64 armv6 armv6m armv7m armv7m armv7emsp armv7emdp xtensa xtensawin rv32imc rv64imc"


def install(module, *, flavour=None, version=None, url=None, target=None):
    """Install a module of a release into the lib folder, and return the file's path.

    flavour: "small" or "full"; None is the full one if it is there already, or if 64 KiB are free.
    version: another one than URL's. url: the address of a release. target: another folder.
    Raises ValueError for what the release does not have, OSError for what cannot be read or
    written. Then a former file is as it was.
    """
    url = url or URL
    if version:
        folder = "/%s/" % VERSION
        url = url.rstrip("/") + "/"
        if folder not in url or not VERSION:
            raise ValueError("no version in url")
        url = url.replace(folder, "/%s/" % version)
    if not url:
        raise ValueError("url")
    mpy = getattr(sys.implementation, "_mpy", 0)
    archs = _ARCHS.split(" ")
    arch = mpy >> 10 & 15
    # Native code, version 6.3.
    if mpy & 0x3FF != 0x306 or not 0 < arch < len(archs):
        raise ValueError("firmware")
    if not target:
        for target in sys.path:
            if target[-4:] == "/lib":
                break
        else:
            raise ValueError("target")
    name = module + ".mpy"
    path = target + "/" + name
    files = [archs[arch] + "/" + name, name]
    small = flavour == "small"
    if flavour is None:
        gc.collect()
        try:
            # A larger file is of the full flavour.
            small = os.stat(path)[6] < 12288
        except OSError:
            small = True
        small = small and gc.mem_free() < 65536
    elif not small and flavour != "full":
        raise ValueError("flavour")
    if small:
        files.insert(0, archs[arch] + "/small/" + name)
        if flavour:
            del files[1:]
    digests = {}
    url = url.rstrip("/") + "/"
    response = _get(url + "SHA256SUMS")
    try:
        while True:
            words = response.raw.readline().decode().split()
            if not words:
                break
            if words[-1] in files:
                digests[words[-1]] = words[0]
    finally:
        response.close()
    for file in files:
        if file in digests:
            _fetch(url + file, path, digests[file])
            print(path, "is", file)
            return path
    raise ValueError("no " + files[0])


def _get(url):
    import requests

    response = requests.get(url)
    if response.status_code != 200:
        response.close()
        raise OSError(response.status_code, url)
    return response


def _fetch(url, path, digest):
    from binascii import hexlify
    from hashlib import sha256

    new = path + ".new"
    part = memoryview(bytearray(512))
    found = sha256()
    response = _get(url)
    try:
        try:
            os.mkdir(path.rpartition("/")[0])
        except OSError:
            pass  # It is there, or what follows says what is wrong.
        try:
            with open(new, "wb") as f:
                while True:
                    n = response.raw.readinto(part)
                    if not n:
                        break
                    found.update(part[:n])
                    f.write(part[:n])
            if hexlify(found.digest()).decode() != digest:
                raise OSError("checksum", url)
            os.rename(new, path)
        except BaseException:
            try:
                os.remove(new)
            except OSError:
                pass
            raise
    finally:
        response.close()
