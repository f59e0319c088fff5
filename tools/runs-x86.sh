#!/bin/sh
# SPDX-License-Identifier: MIT
# Whether this kernel runs programs for x86: some for x86-64 do not, among them those of some virtual
# machines. It asks with a program of its own, because setup asks before it has a compiler.
#
# usage: runs-x86.sh [EMULATOR]    with EMULATOR: whether that runs them
set -eu

program=$(mktemp "${TMPDIR:-/tmp}/natmods-x86.XXXXXX")
trap 'rm -f "$program"' EXIT
# An ELF header, one program header, and: xor ebx, ebx; xor eax, eax; inc eax (exit); int 0x80
{
    printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0\124\200\4\010\64\0\0\0'
    printf '\0\0\0\0\0\0\0\0\64\0\40\0\1\0\0\0\0\0\0\0'
    printf '\1\0\0\0\0\0\0\0\0\200\4\010\0\200\4\010\133\0\0\0\133\0\0\0\5\0\0\0\0\20\0\0'
    printf '\61\333\61\300\100\315\200'
} >"$program"
chmod +x "$program"
"$@" "$program" 2>/dev/null
