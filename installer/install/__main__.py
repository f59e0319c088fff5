# SPDX-License-Identifier: MIT
"""Where install.py begins; what is here runs with any Python, to say which one is needed."""

import sys

if sys.version_info < (3, 9):
    version = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit("install: Python 3.9 or later is needed, and this is " + version)

import program  # noqa: E402

program.main(sys.argv[1:])
