#!/bin/sh
# SPDX-License-Identifier: MIT
# The address of the archive that this machine's apt uses for Debian itself, not for security
# updates or third parties.
#
# usage: archive.sh
set -eu

die() {
    echo "archive.sh: $*" >&2
    exit 1
}

archive() {
    # shellcheck disable=SC2016 # The names are apt's, not the shell's.
    apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
        sed -n 's/^Debian|//p' | head -n 1
}

uri=$(archive)
if [ -z "$uri" ] && [ "$(id -u)" = 0 ]; then
    apt-get update >/dev/null 2>&1 || true
    uri=$(archive)
fi
[ -n "$uri" ] || die "apt knows no Debian archive on this machine; run: sudo apt-get update"
echo "$uri"
