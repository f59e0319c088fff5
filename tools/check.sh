#!/bin/sh
# SPDX-License-Identifier: MIT
# Check formatting, spelling and scripts of all our files. With --fix, format them instead.
# (That everything compiles with -Werror is for `make check`, which builds first.)
set -eu

cd "$(dirname "$0")/.."
fix=${1-}
tree=${MPY_DIR:-build/deps/micropython}
failed=0

ours() {
    find . \( -path './.git' -o -path ./build -o -path ./dist -o -name node_modules \) -prune \
        -o -type f \( "$@" \) -print | sort
}

c_files=$(ours -name '*.c' -o -name '*.h')
python_files=$(ours -name '*.py' -o -name '*.pyi')
shell_files=$(ours -name '*.sh' -o -path './.ci/run')
make_files=$(ours -name '*.mk' -o -name Makefile)
text_files="$(ours -name '*.md') $make_files"
other_files=$(ours -name '*.[Ss]' -o -name '*.mjs' -o -name '*.ld')
sources="$c_files $python_files $shell_files $make_files $other_files"

# Runs one check. If it fails the others still run, so that all failures are reported at once.
run() {
    name=$1
    shift
    if "$@"; then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        failed=1
    fi
}

# The lists hold no names with spaces.
# shellcheck disable=SC2086
if [ "$fix" = --fix ]; then
    tools/spdx.py --fix $sources
    tools/format-c.py --fix "$tree" $c_files
    black -q -l 99 $python_files
    tools/tables.py --write
else
    run "format of C sources (make format mends it)" tools/format-c.py "$tree" $c_files
    run "format of Python sources (make format mends it)" black -q -l 99 --check --diff $python_files
    run "tables of the documents (make format writes them)" tools/tables.py
    run "SPDX line of each source (make format adds it)" tools/spdx.py $sources
    run flake8 flake8 $python_files
    run shellcheck shellcheck $shell_files
    run codespell codespell $c_files $python_files $shell_files $text_files
fi
[ "$failed" = 0 ]
