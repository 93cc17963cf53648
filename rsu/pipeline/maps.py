"""The maps that the configuration names, read and decoded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from rsu.config import Config
from rsu.engine.maps import TYPE, OwnMap
from rsu.errors import ConfigError, DecodeError
from rsu.schema import Schema
from rsu.standards import STANDARDS, message_type, parse_standard_name

OCTETS_MAX = 65_536  # of one MAP; in hex twice as many
_HEX = re.compile(rb"[0-9A-Fa-f\s]+")


def read_map(path: str, standard: str, schema: Schema) -> OwnMap:
    """The MAP in a file.

    :param path: of octets, or of hex digits.
    :raises ConfigError: saying what the file has in place of a MAP.
    """
    try:
        with Path(path).open("rb") as opened:
            octets = opened.read(2 * OCTETS_MAX + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    if _HEX.fullmatch(octets):
        digits = b"".join(octets.split())
        octets = bytes.fromhex(digits.decode()) if len(digits) % 2 == 0 else octets
    if len(octets) > OCTETS_MAX:
        raise ConfigError(f"{path}: more than {OCTETS_MAX} octets, no MAP is that long")
    try:
        frame = schema.decode("MessageFrame", octets)
    except DecodeError as error:
        raise ConfigError(f"{path}: no MessageFrame of {standard}: {error}") from None
    found, _ = message_type(STANDARDS[parse_standard_name(standard)[0]], frame)
    if found != TYPE:
        raise ConfigError(f"{path}: holds a {found}, not a {TYPE}")
    return OwnMap(name=Path(path).name, standard=standard, frame=frame)


def own_maps(config: Config, schemas: Mapping[str, Schema]) -> tuple[OwnMap, ...]:
    """The maps of a configuration.

    :raises ConfigError: as :func:`read_map`.
    """
    made = []
    for one in config.map:
        standard = one.standard or config.unit.standard
        read = read_map(one.file, standard, schemas[standard])
        made.append(msgspec.structs.replace(read, name=one.name, broadcast=one.broadcast))
    return tuple(made)
