# SPDX-License-Identifier: MIT
# Runs on MicroPython: does to each statement what the interpreter's prompt would do.
import json
import sys

names = {"__name__": "__main__"}
for source in json.load(sys.stdin):
    try:
        exec(compile(source, "document", "single"), names)
    except Exception as e:
        text = str(e)
        print(type(e).__name__ + (": " + text if text else ""))
    print(end="\0")
