#!/bin/sh
# SPDX-License-Identifier: MIT
# Print a Python 3 that can import the modules named as arguments. The first python3 on PATH
# may be a version manager's, which does not see what Debian's packages install.
for python in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
    imports=$(printf 'import %s; ' "$@")
    if command -v "$python" >/dev/null && "$python" -c "${imports% }" 2>/dev/null; then
        command -v "$python"
        exit 0
    fi
done
echo "no python3 here has: $* (run: make setup)" >&2
exit 1
