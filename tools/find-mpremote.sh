#!/bin/sh
# SPDX-License-Identifier: MIT
# Print the command line that runs mpremote: $MPREMOTE, the one on PATH, or the one that
# tools/setup.sh fetched.
packages=$(cd "$(dirname "$0")/.." && pwd)/build/deps/mpremote/usr/lib/python3/dist-packages
if [ -n "${MPREMOTE-}" ]; then
    echo "$MPREMOTE"
elif command -v mpremote >/dev/null 2>&1 && mpremote version >/dev/null 2>&1; then
    command -v mpremote
elif [ -d "$packages/mpremote" ] && python=$("$(dirname "$0")/find-python.sh" serial); then
    echo "env PYTHONPATH=$packages $python -m mpremote"
else
    echo "no mpremote here; run: make setup" >&2
    exit 1
fi
