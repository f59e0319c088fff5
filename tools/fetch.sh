#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch a source or binary package of another Debian suite without touching this machine's
# own apt state: a private apt root under build/deps/apt, whose signatures apt checks as always.
#
# usage: fetch.sh source SUITE PACKAGE UPSTREAM_VERSION DEST   unpacked source tree
#        fetch.sh deb    SUITE PACKAGE DEST                    unpacked binary package
#
# UPSTREAM_VERSION is matched up to its Debian revision; '*' takes the newest. The address of
# the archive and its keyring come from this machine's own apt configuration.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
mode=$1
suite=$2
package=$3
case $mode in
    source) wanted=$4 dest=$5 ;;
    deb) dest=$4 ;;
    *) echo "fetch.sh: unknown mode '$mode'" >&2; exit 2 ;;
esac
mkdir -p "$(dirname "$dest")"
dest=$(cd "$(dirname "$dest")" && pwd)/$(basename "$dest")

die() {
    echo "fetch.sh: $*" >&2
    exit 1
}

for tool in apt-get apt-cache dpkg-source dpkg-deb; do
    command -v "$tool" >/dev/null || die "$tool is not installed; it comes with Debian's" \
        "packages apt and dpkg-dev. On another system give MPY_DIR=/path/to/micropython" \
        "and put mpremote on PATH."
done

uri=$("$top/tools/archive.sh")

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f "$keyring" ] || die "no $keyring; run: sudo apt-get install debian-archive-keyring"

root=$top/build/deps/apt/$suite
mkdir -p "$root/lists/partial" "$root/cache/archives/partial"
echo "deb [signed-by=$keyring] $uri $suite main" >"$root/sources.list"
echo "deb-src [signed-by=$keyring] $uri $suite main" >>"$root/sources.list"

cat >"$root/apt.conf" <<END
Dir::Etc::sourcelist "$root/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$root/lists";
Dir::Cache "$root/cache";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
END
export APT_CONFIG="$root/apt.conf"

apt-get -qq update 2>"$root/update.log" ||
    die "cannot reach the archive's suite '$suite' ($(tail -n 1 "$root/update.log"));" \
        "check the network and try again, or give MPY_DIR=/path/to/micropython"

work=$root/work
rm -rf "$work"
mkdir -p "$work"
cd "$work"
case $mode in
    source)
        # shellcheck disable=SC2254 # The version may be a pattern.
        version=$(apt-cache showsrc "$package" | sed -n 's/^Version: //p' | sort -Vr |
            while read -r v; do case $v in $wanted | ${wanted}[-+~]*) echo "$v"; break ;; esac; done)
        [ -n "$version" ] || die "suite '$suite' no longer has $package $wanted"
        apt-get -qq source --download-only "$package=$version" >"$root/source.log" 2>&1 ||
            die "download of $package $version failed: $(tail -n 1 "$root/source.log")"
        dpkg-source --no-check -x ./*.dsc tree >"$root/unpack.log" 2>&1 ||
            die "cannot unpack $package $version: $(tail -n 1 "$root/unpack.log")"
        echo "fetched $package $version from suite $suite"
        ;;
    deb)
        apt-get -qq download "$package" >"$root/source.log" 2>&1 ||
            die "download of $package failed: $(tail -n 1 "$root/source.log")"
        dpkg-deb -x ./*.deb tree
        echo "fetched $(basename ./*.deb) from suite $suite"
        ;;
esac
rm -rf "$dest"
mv tree "$dest"
rm -rf "$work"
