"""The places on the disk that a configuration names: files it reads, the state folder, the folder of the sockets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from rsu.config.forms import FORMS
from rsu.config.keys import Key, Table, tables
from rsu.config.sections import Config, Section
from rsu.errors import ConfigError

SECRET_OCTETS_MAX = 65_536
STATE_MODE = 0o750
RUN_MODE = 0o700
SOCKET_PATH_MAX = 107  # sun_path of unix(7), without the closing zero
SOCKET_NAME_MAX = 24  # of the longest name that a role gives a socket
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def sections(config: Config) -> Iterator[tuple[Table, int, Section]]:
    """Every section that is there, with its table and its number among those of its name (0 where there is one only)."""
    for table in tables().values():
        there = getattr(config, table.name)
        if table.repeated:
            yield from ((table, number, section) for number, section in enumerate(there, 1))
        elif there is not None:
            yield table, 0, there


def resolved(config: Config, folder: Path) -> Config:
    """The same configuration with its paths made absolute: inputs from the file's folder, the others from state_dir."""
    config = _with_paths(config, "file", folder.absolute())
    state = Path(config.unit.state_dir)
    config = _with_paths(config, "state", state)
    return msgspec.structs.replace(config, store=msgspec.structs.replace(config.store, url=_database(config.store.url, state)))


def _with_paths(config: Config, kind: str, base: Path) -> Config:
    changed: dict[str, list[Section]] = {}
    for table, _, section in sections(config):
        paths = {key.name: _below(base, getattr(section, key.name)) for key in table.keys if _is_path(key, kind)}
        changed.setdefault(table.name, []).append(msgspec.structs.replace(section, **paths))
    known = tables()
    return msgspec.structs.replace(
        config, **{name: tuple(parts) if known[name].repeated else parts[0] for name, parts in changed.items()}
    )


def _is_path(key: Key, kind: str) -> bool:
    return bool(key.form) and FORMS[key.form].path == kind


def _below(base: Path, text: str) -> str:
    return os.path.normpath(base / text) if text else ""


def _database(url: str, state: Path) -> str:
    """The URL with the path of its SQLite file made absolute."""
    if "://" not in url:
        return _below(state, url)
    scheme, _, rest = url.partition(":///")
    if scheme.partition("+")[0] != "sqlite" or not rest or rest.startswith((":memory:", "file:")):
        return url
    return f"{scheme}:///{_below(state, rest)}"


def state_path(config: Config, name: str) -> Path:
    """A file or folder in the state folder; an absolute name stays. The folder it lies in is made.

    :raises ConfigError: where it cannot be made.
    """
    path = Path(config.unit.state_dir, name).absolute()
    try:
        path.parent.mkdir(mode=STATE_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"[unit] state_dir: {path.parent} cannot be made: {error.strerror}; name a folder that this user can write"
        ) from error
    return path


def run_dir(config: Config) -> Path:
    """The folder of the sockets, made with mode 0700 where it is not there.

    :raises ConfigError: where it cannot be made, others could put sockets into it, or its path is too long for one.
    """
    named = config.unit.run_dir or str(Path(config.unit.state_dir, "run"))
    path = Path(named).absolute()
    if len(os.fsencode(path)) + 1 + SOCKET_NAME_MAX > SOCKET_PATH_MAX:
        raise ConfigError(
            f"[unit] run_dir = {path}: must be at most {SOCKET_PATH_MAX - SOCKET_NAME_MAX - 1} octets long, "
            "for a socket's path has 107; name a shorter one, e.g. /run/rsu"
        )
    try:
        path.mkdir(mode=RUN_MODE, parents=True, exist_ok=True)
        found = path.stat()
    except OSError as error:
        raise ConfigError(
            f"[unit] run_dir: {path} cannot be made: {error.strerror}; name a folder that this user can write"
        ) from error
    _only_ours(path, found)
    return path


def _only_ours(path: Path, found: os.stat_result) -> None:
    if found.st_uid != os.geteuid():
        raise ConfigError(
            f"[unit] run_dir: {path} belongs to user {found.st_uid}, this is {os.geteuid()}: name a folder of its own"
        )
    if found.st_mode & _OTHERS_WRITE:
        raise ConfigError(
            f"[unit] run_dir: {path} has mode {stat.S_IMODE(found.st_mode):04o}, others can write it: chmod 0700 {path}"
        )
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if mode & _OTHERS_WRITE and not mode & stat.S_ISVTX:
            raise ConfigError(
                f"[unit] run_dir: others can write {parent} (mode {stat.S_IMODE(mode):04o}), and so exchange {path}: "
                f"chmod go-w {parent}, or name another folder"
            )


def read_secret(path: str | os.PathLike[str]) -> str:
    """The secret in a file, without the line end that an editor adds.

    :raises ConfigError: where it cannot be read, is empty, or every user of the machine can read it.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as opened:
            found = os.fstat(opened.fileno())
            octets = opened.read(SECRET_OCTETS_MAX + 1) if stat.S_ISREG(found.st_mode) else b""
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise ConfigError(f"{path}: must be a file")
    if found.st_mode & stat.S_IROTH:
        raise ConfigError(f"{path}: has mode {stat.S_IMODE(found.st_mode):04o}, every user can read it: chmod 0600 {path}")
    if len(octets) > SECRET_OCTETS_MAX:
        raise ConfigError(f"{path}: more than {SECRET_OCTETS_MAX} octets: this is no secret of ours")
    try:
        secret = octets.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (octet {error.start})") from error
    if not secret:
        raise ConfigError(f"{path}: is empty: write the secret into it")
    return secret


def _without_waiting(path: str, flags: int) -> int:
    """Opens a named pipe at once; reading it would wait for a writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def database_url(config: Config) -> str:
    """The URL of the database, with the password of its file; empty where there is none. Not to be shown or logged.

    :raises ConfigError: for a password file that cannot be used, or a state folder that cannot be made.
    """
    store = config.store
    if not store.url or "://" in store.url:
        url = store.url
    else:
        url = f"sqlite:///{state_path(config, store.url)}"
    if not store.password_file or not url.startswith("postgresql"):
        return url
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(read_secret(store.password_file), safe='')}{at or '@'}{place}").geturl()
