#!/usr/bin/env bash
# Shows that a bare Debian is enough: builds a minimal root with debootstrap, adds python3, its headers and venv, a C compiler
# and make, puts a clean clone of this checkout into it, and runs `make run` and `make test` there.
#
#   sudo scripts/bare_debian.sh [FOLDER]     FOLDER: where the root is built; a temporary one otherwise
#
#   DEBIAN_SUITE=bookworm   the release
#   DEBIAN_MIRROR=URL       the archive; otherwise the first one this machine's apt uses
#   KEEP=1                  leaves the root behind, to look around in it
#
# How pip reaches its packages is taken over from this machine: PIP_* variables, /etc/pip.conf, the certificate file and the
# local folders they name. ../shared is handed in read-only where it exists, so that the same tests run as here.
set -euo pipefail

ADDED=python3,python3-dev,python3-venv,gcc,libc6-dev,make
SUITE=${DEBIAN_SUITE:-bookworm}
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '== %s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "debootstrap and chroot need root: run this with sudo"
for tool in debootstrap git unshare chroot; do
    command -v "$tool" >/dev/null || fail "$tool is missing: on Debian and Ubuntu,  apt install debootstrap git"
done
# A mount namespace of our own: whatever happens, no mount is left behind.
if [ -z "${BARE_DEBIAN_INSIDE:-}" ]; then
    BARE_DEBIAN_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
fi

apt_mirror() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        grep -Ev '^ *#' | grep -oE '(https?|file)://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' '
}
MIRROR=${DEBIAN_MIRROR:-$(apt_mirror || true)}
[ -n "$MIRROR" ] || fail "no Debian archive found in /etc/apt: name one with DEBIAN_MIRROR=URL"

ROOT=${1:-$(mktemp -d)}
mkdir -p "$ROOT"
clean_up() {
    cd /
    mount | awk -v root="$ROOT/" 'index($3, root) == 1 { print $3 }' | tac | xargs -r umount
    if [ -n "${KEEP:-}" ]; then say "the root is left in $ROOT"; else rm -rf "$ROOT"; fi
}
trap clean_up EXIT

say "a minimal $SUITE with $ADDED, in $ROOT"
debootstrap --variant=minbase --include="$ADDED" "$SUITE" "$ROOT" "$MIRROR" >"$ROOT.log" 2>&1 ||
    { tail -n 20 "$ROOT.log" >&2; fail "debootstrap failed: the whole of its output is in $ROOT.log"; }
rm -f "$ROOT.log"
chmod 755 "$ROOT"  # mktemp closes it; a Debian root is open to every user, and the tests' PostgreSQL is not root
mount -t proc proc "$ROOT/proc"
mount -t tmpfs tmpfs "$ROOT/dev/shm"

# Binds a file or folder of this machine to the same place in the root, read-only.
hand_in() {
    local to=$ROOT${2:-$1}
    if [ -d "$1" ]; then mkdir -p "$to"; else mkdir -p "$(dirname "$to")" && touch "$to"; fi
    mount --bind "$1" "$to" && mount -o remount,bind,ro "$to"
}
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf "${PIP_CONFIG_FILE:-}"; do
    [ -f "$file" ] && cp --remove-destination -L "$file" "$ROOT$file"
done
# Each place on this machine that pip's settings name: folders of wheels, local indexes, the certificate file.
python3 -m pip config list | grep -oE "(file://)?/[^ '\"\\]+" | sed 's|^file://||' | sort -u |
    while read -r place; do [ -e "$place" ] && hand_in "$place"; done

say "a clean clone of $CHECKOUT"
mkdir -p "$ROOT/src"
git clone --quiet --no-hardlinks "$CHECKOUT" "$ROOT/src/rsu"
[ -d "$CHECKOUT/../shared" ] && hand_in "$(cd "$CHECKOUT/../shared" && pwd)" /src/shared

PIP_SETTINGS=()
while IFS= read -r setting; do PIP_SETTINGS+=("$setting"); done < <(env | grep '^PIP_' || true)
inside() {
    say "make $* (in the bare root)"
    chroot "$ROOT" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "${PIP_SETTINGS[@]}" \
        make -C /src/rsu "$@"
}
inside run
inside test
say "a bare $SUITE is enough"
