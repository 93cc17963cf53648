#!/usr/bin/env bash
# Installs the unit on plain Debian, or takes it away again: what `make install` and `make uninstall` do.
#
#   scripts/install_unit.sh install|uninstall
#
#   PREFIX=/opt/rsu      folder of the programs, a virtual environment of its own
#   DESTDIR=FOLDER       puts all of it below FOLDER and touches neither users nor systemd
#   PYTHON=python3       makes the environment; 3.11 or newer, with venv
#   FROM=CHECKOUT        what pip installs: this checkout, a wheel, or the name on an index
#   EXTRAS=mqtt,nats,postgres
#
# A file of settings, keys and the state of the unit are never overwritten and never removed.
set -euo pipefail

PREFIX=${PREFIX:-/opt/rsu}
DESTDIR=${DESTDIR:-}
PYTHON=${PYTHON:-python3}
EXTRAS=${EXTRAS-mqtt,nats,postgres}
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
FROM=${FROM:-$CHECKOUT}

USER_NAME=rsu
CONFIG=/etc/rsu
STATE=/var/lib/rsu
RUN=/run/rsu
UNIT=/etc/systemd/system/rsu.service
COMMAND=/usr/local/bin/rsu

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

case $PREFIX in
    /*/*) ;;
    *) fail "PREFIX=$PREFIX: must be an absolute path of two parts or more, e.g. /opt/rsu" ;;
esac
[ -n "$DESTDIR" ] || [ "$(id -u)" = 0 ] || fail "this needs root: run it with sudo, or give DESTDIR=FOLDER"

system() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; }

make_user() {
    [ -z "$DESTDIR" ] || return 0
    getent passwd "$USER_NAME" >/dev/null ||
        useradd --system --user-group --home-dir "$STATE" --no-create-home --shell /usr/sbin/nologin "$USER_NAME"
}

# pip builds in the folder itself: a copy keeps root's files out of the checkout, and an older build out of this one.
copy_source() {
    SOURCE=$(mktemp -d)
    trap 'rm -rf "$SOURCE"' EXIT
    tar -C "$FROM" --exclude='*.so' --exclude=__pycache__ --exclude=rsu/_programs \
        -cf - pyproject.toml setup.py README.md LICENSE asn1 rsu | tar -C "$SOURCE" -xf -
    FROM=$SOURCE
}

install_programs() {
    say "Making $PREFIX with $("$PYTHON" --version) …"
    "$PYTHON" -m venv "$DESTDIR$PREFIX"
    say "Installing rsu from $FROM (its codec takes about a minute to compile) …"
    [ ! -d "$FROM" ] || copy_source
    "$DESTDIR$PREFIX/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --upgrade "$FROM${EXTRAS:+[$EXTRAS]}"
}

# A virtual environment holds its own path; one below DESTDIR must hold the one that it will have.
name_final_place() {
    [ -n "$DESTDIR" ] || return 0
    grep -rlIF "$DESTDIR$PREFIX" "$DESTDIR$PREFIX/bin" "$DESTDIR$PREFIX/pyvenv.cfg" | while read -r file; do
        sed -i "s|$DESTDIR$PREFIX|$PREFIX|g" "$file"
    done
}

install_settings() {
    install -d -m 0755 "$DESTDIR$CONFIG"
    install -d -m 0700 "$DESTDIR$CONFIG/keys"
    [ -n "$DESTDIR" ] || chown "$USER_NAME:$USER_NAME" "$CONFIG/keys"
    if [ -e "$DESTDIR$CONFIG/rsu.toml" ]; then
        say "$CONFIG/rsu.toml is there already and stays as it is"
    else
        "$DESTDIR$PREFIX/bin/rsu" config --example >"$DESTDIR$CONFIG/rsu.toml.new"
        sed -i -e "s|^#state_dir = .*|state_dir = \"$STATE\"|" -e "s|^#run_dir = .*|run_dir = \"$RUN\"|" "$DESTDIR$CONFIG/rsu.toml.new"
        mv "$DESTDIR$CONFIG/rsu.toml.new" "$DESTDIR$CONFIG/rsu.toml"
        chmod 0644 "$DESTDIR$CONFIG/rsu.toml"
    fi
}

install_unit() {
    install -d "$DESTDIR$(dirname "$UNIT")" "$DESTDIR$(dirname "$COMMAND")"
    sed "s|/opt/rsu|$PREFIX|g" "$CHECKOUT/docker/systemd/rsu.service" >"$DESTDIR$UNIT"
    chmod 0644 "$DESTDIR$UNIT"
    ln -sfn "$PREFIX/bin/rsu" "$DESTDIR$COMMAND"
    if system; then systemctl daemon-reload; fi
}

uninstall() {
    if system && [ -e "$UNIT" ]; then systemctl disable --now rsu.service; fi
    rm -f "$DESTDIR$UNIT"
    if [ -L "$DESTDIR$COMMAND" ]; then rm -f "$DESTDIR$COMMAND"; fi
    if [ -e "$DESTDIR$PREFIX/pyvenv.cfg" ]; then
        rm -rf "${DESTDIR:?}$PREFIX"
    elif [ -e "$DESTDIR$PREFIX" ]; then
        fail "$DESTDIR$PREFIX: is no environment of ours (no pyvenv.cfg) and stays"
    fi
    if system; then systemctl daemon-reload; fi
    say "removed; what is yours stays: $CONFIG, $STATE and the user $USER_NAME"
}

case ${1:-} in
    install)
        make_user
        install_programs
        install_settings
        name_final_place
        install_unit
        say "installed. next: edit $CONFIG/rsu.toml, then  rsu config --check -c $CONFIG/rsu.toml && systemctl enable --now rsu"
        ;;
    uninstall) uninstall ;;
    *) fail "usage: scripts/install_unit.sh install|uninstall" ;;
esac
