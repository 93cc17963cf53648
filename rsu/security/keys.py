"""CURVE keys on the disk: made, allowed and listed by `rsu keys`, read by the sockets of :mod:`rsu.security.curve`.

A folder of keys::

    server.key           this unit's public key, for its clients
    server.key_secret    its secret key, mode 0600
    allowed/NAME.key     public keys that may connect
    NAME.key_secret      on a client: its own pair, beside the unit's server.key

The files are ZeroMQ certificates, which libraries in other languages read as well.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Literal, NamedTuple

from zmq.auth import create_certificates, load_certificate
from zmq.utils import z85

from rsu.errors import ConfigError

SERVER = "server"
ALLOWED = "allowed"
PUBLIC_SUFFIX, SECRET_SUFFIX = ".key", ".key_secret"
CLIENTS_MAX = 1_000
KEY_FILE_OCTETS_MAX = 16_384
KEY_CHARACTERS = 40  # Z85 of 32 octets
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
_UMASK = 0o077


class Pair(NamedTuple):
    """The files of a pair of keys."""

    public: Path
    secret: Path


class KeyFile(NamedTuple):
    """One key in a folder.

    :param kind: ``pair``: its secret is here too.
    """

    name: str
    kind: Literal["pair", "public", "allowed"]
    public: str
    path: Path


def make_keys(folder: Path, name: str) -> Pair:
    """Makes a pair of keys; the secret has mode 0600.

    :raises ConfigError: for a name that cannot be one of a file, or keys that are there already.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"key name {name!r}: must be 1 to 64 of A-Z a-z 0-9 _ . -, and not begin with a dot")
    pair = Pair(folder / f"{name}{PUBLIC_SUFFIX}", folder / f"{name}{SECRET_SUFFIX}")
    for path in pair:
        if path.exists():
            raise ConfigError(f"{path}: is there already; to replace these keys, remove {pair.public} and {pair.secret} first")
    before = os.umask(_UMASK)  # pyzmq narrows the mode only after the secret is written
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_certificates(folder, name)
        if name == SERVER:
            (folder / ALLOWED).mkdir(exist_ok=True)
    finally:
        os.umask(before)
    pair.public.chmod(0o644)
    return pair


def allow(folder: Path, key: Path) -> KeyFile:
    """Puts a client's public key on the list of the unit whose keys are in ``folder``.

    :raises ConfigError: for a file without a public key, a folder that is no server's, or another key of this name.
    """
    own(folder, SERVER)
    public, _ = load(key)
    name = key.name.removesuffix(SECRET_SUFFIX).removesuffix(PUBLIC_SUFFIX)
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{key}: its name must be 1 to 64 of A-Z a-z 0-9 _ . - and end with {PUBLIC_SUFFIX}")
    target = folder / ALLOWED / f"{name}{PUBLIC_SUFFIX}"
    if target.exists() and load(target)[0] != public:
        raise ConfigError(f"{target}: another key of this name is allowed already; remove it, or rename {key}")
    target.parent.mkdir(mode=0o700, exist_ok=True)
    if not target.exists() and len(key_files(target.parent)) >= CLIENTS_MAX:
        raise ConfigError(f"{target.parent}: {CLIENTS_MAX} keys are allowed already: remove those that nobody uses")
    fresh = target.with_suffix(".new")  # the list is read while we write
    fresh.write_text(f'metadata\ncurve\n    public-key = "{public.decode()}"\n', encoding="utf-8")
    fresh.replace(target)
    return KeyFile(name, "allowed", public.decode(), target)


def list_keys(folder: Path) -> list[KeyFile]:
    """The keys in a folder: its own first, then the allowed ones, each by name.

    :raises ConfigError: for a folder that cannot be read.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; `rsu keys make {folder} {SERVER}` makes it")
    found: list[KeyFile] = []
    for path in key_files(folder):
        secret = path.with_name(f"{path.stem}{SECRET_SUFFIX}")
        found.append(KeyFile(path.stem, "pair" if secret.exists() else "public", load(path)[0].decode(), path))
    for path in key_files(folder / ALLOWED):
        found.append(KeyFile(path.stem, "allowed", load(path)[0].decode(), path))
    return found


def check_keys(folder: Path) -> None:
    """Whether a unit can open tcp:// endpoints with the keys of a folder.

    :raises ConfigError: saying what is missing.
    """
    own(folder, SERVER)
    list_keys(folder)


def key_files(folder: Path) -> list[Path]:
    """Files of public keys in a folder, by name; :data:`CLIENTS_MAX` at most."""
    return sorted(path for path in folder.glob(f"*{PUBLIC_SUFFIX}") if path.is_file())[:CLIENTS_MAX]


def load(path: Path) -> tuple[bytes, bytes | None]:
    """Public and secret key of a certificate file."""
    try:
        size = path.stat().st_size
        if not 0 < size <= KEY_FILE_OCTETS_MAX:
            raise ConfigError(f"{path}: {size} octets: a key file has 1..{KEY_FILE_OCTETS_MAX}")
        public, secret = load_certificate(path)
        z85.decode(public)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or 'cannot be read'}") from error
    except (ValueError, KeyError) as error:
        raise ConfigError(f"{path}: no public key in it: must be a file that `rsu keys make` wrote") from error
    if len(public) != KEY_CHARACTERS:
        raise ConfigError(f"{path}: its public key has {len(public)} characters: {KEY_CHARACTERS} are one")
    return public, secret


def own(folder: Path, name: str) -> tuple[bytes, bytes]:
    """Our own pair of keys, whose secret nobody else may read."""
    path = folder / f"{name}{SECRET_SUFFIX}"
    if not path.exists():
        raise ConfigError(f"{path}: is missing; `rsu keys make {folder} {name}` makes it")
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{path}: has mode {stat.S_IMODE(mode):04o}, others can read it: chmod 0600 {path}")
    public, secret = load(path)
    if secret is None:
        raise ConfigError(f"{path}: holds no secret key; make the pair again")
    return public, secret
