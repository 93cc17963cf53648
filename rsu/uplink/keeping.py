"""What the platform ordered, kept over a restart: one small JSON file, written as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from rsu.errors import SourceError, StoreError
from rsu.uplink.forms import ConfigDown

FILE = "platform.json"
FILE_OCTETS_MAX = 1_048_576
VERSION = 1
Period = Annotated[float, Meta(ge=0, le=86_400)]


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The standing orders.

    :param config: the last CONFIG.DOWN.
    :param heartbeat_s, running_info_s: of MNG.DOWN; 0: none; None: as rsu.toml says.
    :param restarted_for: SHA-256 of the last order to start again, so that it is obeyed once.
    """

    version: int = msgspec.field(default_factory=lambda: VERSION)
    config: ConfigDown = ConfigDown()
    heartbeat_s: Period | None = None
    running_info_s: Period | None = None
    restarted_for: str = ""


def load(path: Path) -> Kept:
    """The orders in a file; none where there is no file.

    :raises SourceError: for a file that is none of ours; delete it to begin without orders.
    """
    try:
        with path.open("rb") as file:
            text = file.read(FILE_OCTETS_MAX + 1)
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        raise SourceError(f"{path}: {error}") from error
    if len(text) > FILE_OCTETS_MAX:
        raise SourceError(f"{path}: more than {FILE_OCTETS_MAX} octets: delete it to begin without orders of the platform")
    try:
        kept = msgspec.json.decode(text, type=Kept)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"{path}: {error}: delete it to begin without orders of the platform") from error
    if kept.version != VERSION:
        raise SourceError(f"{path}: version = {kept.version}: this unit reads {VERSION}; delete it to begin without orders")
    return kept


def save(path: Path, kept: Kept) -> None:
    """Write the orders so that a power cut leaves the old ones or the new ones.

    :raises StoreError: where that is not possible.
    """
    new = path.with_suffix(".new")
    try:
        with new.open("wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(f"{path}: the platform's orders cannot be kept: {error}") from error
