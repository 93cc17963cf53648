"""How the texts of `rsu.toml` must look: addresses, endpoints, templates, paths, as one table."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

PORT_MAX = 65_535
OCTETS_RSU_NUMBER = 8
_HOST = re.compile(r"\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<name>\*|[A-Za-z0-9_.-]{1,253})")


class Address(NamedTuple):
    """Where a socket listens or sends to. An IPv6 host stands without brackets."""

    host: str
    port: int


class Form(NamedTuple):
    """One kind of text.

    :param words: what is allowed, after "must be".
    :param fits: whether a text is of it.
    :param path: whether it names a place on the disk: from the file's folder, from state_dir, or not at all.
    """

    words: str
    fits: Callable[[str], bool]
    path: str = ""


def host_port(text: str) -> Address:
    """``127.0.0.1:46800``, ``[::1]:46800``, ``name:46800`` taken apart; ``*`` is every interface.

    :raises ValueError: for anything else.
    """
    host, _, port = text.rpartition(":")
    found = _HOST.fullmatch(host)
    if found is None or not (port.isascii() and port.isdigit()) or int(port) > PORT_MAX:
        raise ValueError(f"{text!r}: must be host:port")
    name = found["six"] or found["name"]
    return Address("0.0.0.0" if name == "*" else name, int(port))


def _is_address(text: str) -> bool:
    try:
        host_port(text)
    except ValueError:
        return False
    return True


def _is_peer(text: str) -> bool:
    return _is_address(text) and host_port(text).port > 0 and not text.startswith("*")


def _is_endpoint(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    return bool(rest) and (scheme == "ipc" or (scheme == "tcp" and _is_address(rest)))


def _is_box(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    return scheme in ("udp", "tcp") and _is_address(rest)


def _is_nats_server(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    return scheme in ("nats", "tls") and _is_peer(rest.rpartition("@")[2])


def _template(*fields: str, joint: str) -> Callable[[str], bool]:
    """Whether a text is a template of these fields and has at least {type}; ``joint``: characters between the parts."""
    plain = re.compile(rf"[A-Za-z0-9_.{joint}-]*")

    def fits(text: str) -> bool:
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError:
            return False
        used = [name for _, name, spec, conversion in parts if name is not None and not spec and not conversion]
        there = [name for _, name, _, _ in parts if name is not None]
        return used == there and set(used) <= set(fields) and "type" in used and all(plain.fullmatch(part[0]) for part in parts)

    return fits


def _is_database(text: str) -> bool:
    if "://" not in text:
        return _is_path(text)
    try:
        parts = urlsplit(text)
        _ = parts.port  # above 65535 it is a ValueError
    except ValueError:
        return False
    return _is_path(text) and parts.scheme.partition("+")[0] in ("sqlite", "postgresql")


def _is_rsu_number(text: str) -> bool:
    return len(text.encode()) == OCTETS_RSU_NUMBER or re.fullmatch(r"[0-9A-Fa-f]{16}", text) is not None


def _is_path(text: str) -> bool:
    return "\0" not in text


FORMS = MappingProxyType(
    {
        "listen": Form("host:port", _is_address),
        "peer": Form("host:port, the port not 0", _is_peer),
        "endpoint": Form("ipc://PATH or tcp://host:port", _is_endpoint),
        "box": Form("udp://host:port or tcp://host:port", _is_box),
        "nats-server": Form("nats://host:port or tls://host:port", _is_nats_server),
        "topic": Form("a template with {type}, and {rsu} if wanted", _template("rsu", "type", joint=r"/\[\]")),
        "subject": Form(
            "a template with {type}, and {rsu} and {channel} if wanted", _template("rsu", "channel", "type", joint="")
        ),
        "octets-8": Form("8 octets as text, or 16 hex digits", _is_rsu_number),
        "database": Form("the path of an SQLite file, sqlite:///… or postgresql://…", _is_database),
        "folder": Form("a folder", _is_path, "file"),
        "input-file": Form("a file", _is_path, "file"),
        "secret-file": Form("a file that only its owner and group can read", _is_path, "file"),
        "state-path": Form("a path; a relative one lies in state_dir", _is_path, "state"),
    }
)
