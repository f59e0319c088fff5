#!/bin/sh
# SPDX-License-Identifier: MIT
# Facts about a MicroPython source tree.
#
# usage: tree.sh version DIR            its version, such as 1.25.0
#        tree.sh check DIR [ARCH...]    nothing, or an error when modules cannot be built with it
#        tree.sh archs DIR ARCH...      the given architectures that its linker knows
#        tree.sh lacks DIR ARCH         the error for an architecture that it does not know
#
# NATMOD_SETUP is the command that fetches what is missing ("make setup" by default).
set -eu

mode=$1
tree=$2
shift 2

die() {
    echo "$*" >&2
    exit 1
}

number() {
    sed -n "s/^#define MICROPY_VERSION_$1 //p" "$tree/py/mpconfig.h"
}

knows() {
    grep -q "^ *\"$1\": ArchData(" "$tree/tools/mpy_ld.py"
}

lacks() {
    case $1 in
        rv32imc) from=", but from v1.25 on" ;;
        rv64imc) from=", but from v1.28 on" ;;
        *) from= ;;
    esac
    echo "$1: not in MicroPython v$version$from"
}

if [ ! -f "$tree/py/mpconfig.h" ] || [ ! -f "$tree/tools/mpy_ld.py" ]; then
    setup=${NATMOD_SETUP-run: make setup}
    die "no MicroPython source tree at '$tree'; give MPY_DIR=/path/to/micropython${setup:+,}" \
        "${setup:+or leave MPY_DIR out and $setup}"
fi
major=$(number MAJOR)
minor=$(number MINOR)
version=$major.$minor.$(number MICRO)

case $mode in
    version) echo "$version" ;;
    check)
        case $major.$minor in
            *[!0-9.]* | .* | *.) die "cannot read the version of the MicroPython tree at '$tree'" ;;
        esac
        [ "$major" -gt 1 ] || [ "$minor" -ge 23 ] ||
            die "the MicroPython tree at '$tree' is v$version; v1.23 or later is needed," \
                "whose .mpy files have version 6.3"
        for arch in "$@"; do
            knows "$arch" ||
                die "the tree at '$tree' will not do for ARCH=$(lacks "$arch");" \
                    "give MPY_DIR=/path/to/another"
        done
        ;;
    archs)
        for arch in "$@"; do
            if knows "$arch"; then
                echo "$arch"
            fi
        done
        ;;
    lacks) lacks "$1" ;;
    *) die "tree.sh: unknown mode '$mode'" ;;
esac
