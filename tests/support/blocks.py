# SPDX-License-Identifier: MIT
# The folder of tests that write the file with code to be executed in flash.

FOLDER = "/in_place"
BLOCK = FOLDER + "/msgpack.blk"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
