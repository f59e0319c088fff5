#!/bin/sh
# SPDX-License-Identifier: MIT
# Install and fetch what building and testing need, and nothing that is there already.
#
# usage: setup.sh GROUP...     for instance: setup.sh python arm micropython
#
# A group is a compiler, a tool or a source tree; see group() for all of them. Each one has a
# quick probe, so tools installed by other means are used. Missing ones come from Debian's
# archive: as root the script installs them, otherwise it prints the command to run.
set -eu

cd "$(dirname "$0")/.."
tools=$PWD/tools
deps=$PWD/build/deps
micropython_version=1.25.0

die() {
    echo "setup: $*" >&2
    exit 1
}

have() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null 2>&1 || return 1
    done
}

# Whether a compiler, with the options that follow, finds the C library's headers.
compiles() {
    have "$1" && echo '#include <string.h>' | "$@" -E -x c - >/dev/null 2>&1
}

# Whether it links a program, too.
links() {
    have "$1" && echo 'int main(void) { return 0; }' | "$@" -x c - -o /dev/null >/dev/null 2>&1
}

# Whether clang links a fuzzer, for a word size.
fuzzes() {
    have clang &&
        echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return n > 0 ? *p : 0; }' |
        clang "$1" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null >/dev/null 2>&1
}

picolibc() {
    case $("$1" --print-file-name=picolibc.specs 2>/dev/null) in
        /*) compiles "$1" -specs=picolibc.specs ;;
        *) compiles "$1" ;;
    esac
}

python_has() {
    "$tools/find-python.sh" "$@" >/dev/null 2>&1
}

# Sets the group's purpose and its Debian packages; succeeds if it is installed already.
group() {
    case $1 in
        python)
            what="Python 3 with elftools"
            packages="python3 python3-pyelftools"
            python_has elftools
            ;;
        x64)
            what="a C compiler for this machine"
            packages="gcc libc6-dev"
            compiles gcc && links gcc
            ;;
        x86)
            what="gcc -m32 with a 32-bit C library"
            packages="gcc libc6-dev gcc-multilib"
            compiles gcc -m32 && links gcc -m32
            ;;
        run-x86)
            what="qemu-i386, because this kernel does not run programs for x86"
            packages="qemu-user"
            "$tools/runs-x86.sh" || have qemu-i386
            ;;
        arm)
            what="arm-none-eabi-gcc with newlib's headers"
            packages="gcc-arm-none-eabi libnewlib-arm-none-eabi"
            compiles arm-none-eabi-gcc
            ;;
        riscv)
            what="riscv64-unknown-elf-gcc with a C library's headers"
            packages="gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
            picolibc riscv64-unknown-elf-gcc
            ;;
        xtensa)
            what="xtensa-lx106-elf-gcc with a C library's headers"
            packages="gcc-xtensa-lx106 picolibc-xtensa-lx106-elf"
            picolibc xtensa-lx106-elf-gcc
            ;;
        unix)
            what="pkg-config and libffi for MicroPython's unix port"
            packages="gcc libc6-dev pkg-config libffi-dev"
            have gcc pkg-config && pkg-config --exists libffi
            ;;
        qemu-arm)
            what="qemu-system-arm"
            packages="qemu-system-arm"
            have qemu-system-arm
            ;;
        qemu-riscv)
            what="qemu-system-riscv32"
            packages="qemu-system-misc"
            have qemu-system-riscv32
            ;;
        qemu-user)
            what="qemu-xtensa"
            packages="qemu-user"
            have qemu-xtensa
            ;;
        test-python)
            what="Python 3 with elftools, serial, msgpack and umsgpack"
            packages="python3 python3-pyelftools python3-serial python3-msgpack python3-u-msgpack"
            python_has elftools serial msgpack umsgpack
            ;;
        serial)
            what="Python 3 with serial, for mpremote"
            packages="python3 python3-serial"
            python_has serial
            ;;
        valgrind)
            what="valgrind, which counts instructions"
            packages="valgrind"
            have valgrind
            ;;
        fuzz)
            what="clang with libFuzzer, for 64 and 32 bits"
            packages="clang libclang-rt-dev g++-multilib"
            fuzzes -m64 && fuzzes -m32
            ;;
        javascript)
            what="node and npm, for the JavaScript peer and the emulated Pico"
            packages="nodejs npm"
            have node npm
            ;;
        browser)
            what="Chromium with its driver, and Python 3 with selenium"
            packages="chromium chromium-driver python3-selenium"
            have chromium chromedriver && python_has selenium
            ;;
        servers)
            what="mosquitto with its clients, and curl, the peers of the co-processor's tests"
            packages="mosquitto mosquitto-clients curl"
            have mosquitto_sub curl && PATH=$PATH:/usr/sbin have mosquitto
            ;;
        chroot)
            what="debootstrap and unshare, for make release-check"
            packages="debootstrap util-linux"
            PATH=$PATH:/usr/sbin have debootstrap unshare
            ;;
        cmake)
            what="cmake"
            packages="cmake"
            have cmake
            ;;
        check)
            what="the linters: uncrustify, black, flake8, codespell, shellcheck"
            packages="uncrustify black flake8 codespell shellcheck"
            have uncrustify black flake8 codespell shellcheck
            ;;
        *) die "unknown group '$1'" ;;
    esac
}

# What fetch.sh runs, wherever something has to be fetched.
fetch_tools() {
    have dpkg-source || echo dpkg-dev
}

tree_version() {
    "$tools/tree.sh" version "$1" 2>/dev/null || true
}

missing_micropython() { [ "$(tree_version "$deps/micropython")" != "$micropython_version" ]; }

missing_mpremote() {
    [ ! -d "$deps/mpremote" ] && ! "$tools/find-mpremote.sh" >/dev/null 2>&1
}

# After an optional tree could not be fetched, it is not tried again until make distclean.
missing_next() { [ ! -d "$deps/micropython-next" ] && [ ! -e "$deps/micropython-next.absent" ]; }

# The Raspberry Pi Pico's emulator, of which npm installs what the lock file says.
pico=$PWD/tests/boards/rpi-pico
missing_rp2040js() { ! cmp -s "$pico/package-lock.json" "$pico/node_modules/fetched.json"; }

# The sources of its firmware besides MicroPython's.
missing_pico() {
    [ ! -d "$deps/pico-sdk" ] || [ ! -d "$deps/tinyusb" ] || [ ! -d "$deps/mbedtls" ]
}

# DEST, and what fetch.sh is told.
fetch_once() {
    dest=$deps/$1
    shift
    [ -d "$dest" ] || "$tools/fetch.sh" "$@" "$dest"
}

fetch_rp2040js() {
    if ! (cd "$pico" && npm ci --no-audit --no-fund --ignore-scripts) >"$deps/npm.log" 2>&1; then
        echo "setup: npm ci fails for rp2040js ($(grep -i -m 1 'npm err' "$deps/npm.log"))" >&2
        return 1
    fi
    cp "$pico/package-lock.json" "$pico/node_modules/fetched.json"
    echo "fetched rp2040js by npm"
}

fetch_pico() {
    fetch_once pico-sdk deb trixie pico-sdk-source &&
        fetch_once tinyusb deb trixie tinyusb-source &&
        fetch_once mbedtls source trixie mbedtls '3.6.*'
}

packages_needed=
missing=
fetch=
for name in "$@"; do
    case $name in
        micropython | mpremote | next | pico | rp2040js)
            if "missing_$name"; then
                fetch="$fetch $name"
            fi
            ;;
        *)
            if ! group "$name"; then
                packages_needed="$packages_needed $packages"
                missing="$missing
    $what"
            fi
            ;;
    esac
done
if [ -n "$fetch" ]; then
    have apt-get || die "cannot fetch$fetch without apt-get; give MPY_DIR=/path/to/micropython" \
        "(v1.25 or later for tests) and put mpremote on PATH, see docs/building.md"
    fetcher=$(fetch_tools)
    if [ -n "$fetcher" ]; then
        packages_needed="$packages_needed $fetcher"
        missing="$missing
    dpkg-source, to unpack source packages"
    fi
fi

if [ -n "$packages_needed" ]; then
    # shellcheck disable=SC2086 # A list of words.
    packages_needed=$(printf '%s\n' $packages_needed | sort -u | tr '\n' ' ')
    packages_needed=${packages_needed% }
    if ! have apt-get; then
        die "missing:$missing
On Debian 12 these are the packages $packages_needed; here please install the like."
    fi
    if [ "$(id -u)" != 0 ]; then
        die "missing:$missing
Run: sudo apt-get install --no-install-recommends $packages_needed"
    fi
    mkdir -p "$deps"
    log=$deps/apt-get.log
    echo "setup: installing Debian packages: $packages_needed"
    export DEBIAN_FRONTEND=noninteractive
    # A failing third-party archive does no harm, so only the installation decides.
    apt-get -q update >"$log" 2>&1 </dev/null || true
    # shellcheck disable=SC2086 # A list of words.
    apt-get -qy -o DPkg::Lock::Timeout=300 install --no-install-recommends $packages_needed \
        >>"$log" 2>&1 </dev/null ||
        die "apt-get cannot install them ($(grep '^E: ' "$log" | head -n 1));" \
            "check the network and try again (all output: build/deps/apt-get.log)"
    hash -r
    for name in "$@"; do
        case $name in
            micropython | mpremote | next | pico | rp2040js) ;;
            *) group "$name" || die "the packages $packages are installed, but $what is not found" ;;
        esac
    done
fi

for name in $fetch; do
    case $name in
        micropython)
            "$tools/fetch.sh" source trixie micropython $micropython_version "$deps/micropython"
            ;;
        mpremote)
            "$tools/fetch.sh" deb trixie micropython-mpremote "$deps/mpremote"
            ;;
        pico)
            fetch_pico || die "cannot fetch what the rp2 port is made of: of Debian trixie the" \
                "packages pico-sdk-source and tinyusb-source and the source of mbedtls"
            ;;
        rp2040js)
            fetch_rp2040js || die "cannot fetch what the target rpi-pico runs on: of npm rp2040js"
            ;;
        next)
            if ! "$tools/fetch.sh" source forky micropython '*' "$deps/micropython-next"; then
                mkdir -p "$deps"
                touch "$deps/micropython-next.absent"
                echo "setup: going on without the newer MicroPython, which is optional"
            fi
            ;;
    esac
done
