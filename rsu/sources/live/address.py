"""Addresses as the configuration writes them: `host:port`, `[v6]:port`, `*:port` for all interfaces."""

from __future__ import annotations

import socket
from typing import Any, NamedTuple

from rsu.errors import ConfigError

PORT_MAX = 65_535
_EVERYWHERE = ("", "*")


class Endpoint(NamedTuple):
    """An address ready for a socket."""

    family: socket.AddressFamily
    address: tuple[Any, ...]

    @property
    def text(self) -> str:
        host, port = self.address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split(text: str, key: str) -> tuple[str, int]:
    """Host and port.

    :param key: what the setting is called, for the error.
    :raises ConfigError: for a text that is none; port 0 stands for any free one.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > PORT_MAX:
        raise ConfigError(f"{key} = {text!r}: must be host:port, with a port of 0..{PORT_MAX}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ConfigError(f"{key} = {text!r}: an IPv6 address is written [address]:port")
    return host, int(port)


def resolve(text: str, key: str) -> Endpoint:
    """The address of a datagram socket, its name looked up once.

    :raises ConfigError: for a text that is none, or a name that has no address.
    """
    host, port = split(text, key)
    try:
        found = socket.getaddrinfo(None if host in _EVERYWHERE else host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{key} = {text!r}: {error}") from error
    family, _, _, _, address = found[0]
    return Endpoint(family, address)
