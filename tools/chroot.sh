#!/bin/sh
# SPDX-License-Identifier: MIT
# A Debian 12 with nothing but its base, git and make: what the README asks for.
#
# usage: chroot.sh make DIR             install it there, anew
#        chroot.sh run DIR COMMAND      run a shell's command in it, as root; its processes end with it
#
# Where packages come from and how they are reached is what this machine's apt and npm have.
set -eu

tools=$(cd "$(dirname "$0")" && pwd)
suite=bookworm
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
    echo "chroot.sh: $*" >&2
    exit 1
}

# Tells apt and npm in the chroot what those of this machine know.
configure() {
    # shellcheck disable=SC2016 # The names are apt's, not the shell's.
    apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | sed -n "s/^Debian|${suite}[a-z-]*|//p" >"$1/sources"
    if [ -s "$1/sources" ]; then
        cp "$1/sources" "$1/etc/apt/sources.list"
    fi
    rm "$1/sources"
    apt-config dump | grep -E '^Acquire::(https?|Check|Retries)' >"$1/etc/apt/apt.conf.d/50outside" || true
    for file in /etc/resolv.conf /etc/hosts /etc/apt/auth.conf /etc/ssl/certs/ca-certificates.crt; do
        if [ -f "$file" ]; then
            cp -L "$file" "$1$file"
        fi
    done
    if [ -d /etc/apt/auth.conf.d ]; then
        cp -r /etc/apt/auth.conf.d "$1/etc/apt/"
    fi
    if [ -f "$HOME/.npmrc" ]; then
        cp "$HOME/.npmrc" "$1/root/.npmrc"
    fi
    if command -v npm >/dev/null; then
        echo "registry=$(npm config get registry)" >>"$1/root/.npmrc"
    fi
}

make_chroot() {
    command -v debootstrap >/dev/null || die "debootstrap is missing; run: tools/setup.sh chroot"
    # Nothing is mounted there outside of a namespace of run's.
    rm -rf --one-file-system "$1"
    mkdir -p "$1"
    uri=$("$tools/archive.sh")
    debootstrap --variant=minbase --keyring="$keyring" --include=ca-certificates,git,make \
        "$suite" "$1" "$uri" >"$1.log" 2>&1 ||
        die "debootstrap fails: $(grep -E '^[EW]: ' "$1.log" | tail -n 1) (all output: $1.log)"
    configure "$1"
}

case "$# ${1-}" in
    "2 make" | "3 run") ;;
    *)
        sed -n 's/^# \(usage.*\|  *chroot.sh.*\)/\1/p' "$0" >&2
        exit 2
        ;;
esac
[ "$(id -u)" = 0 ] || die "a chroot is for root; run it with sudo"
case $1 in
    make) make_chroot "$2" ;;
    run)
        [ -x "$2/bin/sh" ] || die "there is no chroot in '$2'"
        # The shell stays, as the first process of the namespace waits for those without a parent.
        # shellcheck disable=SC2016 # The inner shell has its own arguments.
        exec unshare --mount --pid --fork --kill-child sh -euc '
            mount -t proc proc "$1/proc"
            mount -t sysfs sysfs "$1/sys"
            mount --rbind /dev "$1/dev"
            status=0
            chroot "$1" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                LANG=C.UTF-8 ${CI:+CI="$CI"} ${http_proxy:+http_proxy="$http_proxy"} \
                ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} \
                sh -c "$2" </dev/null || status=$?
            exit $status' sh "$2" "$3"
        ;;
esac
