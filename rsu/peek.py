"""Where each message has the few fields that routing, shedding and duplicate checks need: a table beside each schema.

``asn1/<standard>/peek.toml`` is that table; upper folders of :data:`rsu.units.LAYERS` add to it as for units. A schema of your
own gets one as ``schema.peek_paths = {"BasicSafetyMessage": PeekPaths(at="MessageFrame.value.BasicSafetyMessage", …)}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from rsu.errors import ConfigError
from rsu.units import schema_folders


class Peek(NamedTuple):
    """What :meth:`rsu.Schema.peek` saw; raw values, ``None`` for what is not there.

    ``message`` is the message's ASN.1 type; for one without a row in the table the name of the alternative or open type that
    holds it, ``"...5"`` for an alternative beyond the schema. ``message_id`` is its number in the frame: of the alternative,
    or the message id beside an open type, also an unknown one.
    """

    message: str
    message_id: int | None
    sender: bytes | None
    msgCnt: int | None
    secMark: int | None
    lat: int | None
    long: int | None


class PeekPaths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of ``peek.toml``.

    :param at: the message's place, from the type that is peeked at: ``MessageFrame.bsmFrame``.
    :param sender: path below that of the sender's id, an OCTET STRING; the others likewise.
    """

    at: str
    sender: str | None = None
    msgCnt: str | None = None
    secMark: str | None = None
    lat: str | None = None
    long: str | None = None


FIELDS = Peek._fields[2:]
PlanRow = tuple[str, list[str], list[list[str] | None]]  # message, path to it, path of each field below it


def plan_rows(paths: Mapping[str, PeekPaths], type_name: str) -> list[PlanRow]:
    """The rows that begin at a type, ready for :meth:`TypeCodec.plan`; a message's own type is such a beginning as well."""
    rows: list[PlanRow] = []
    for message, row in paths.items():
        fields = [getattr(row, field).split(".") if getattr(row, field) is not None else None for field in FIELDS]
        first, *at = row.at.split(".")
        if first == type_name:
            rows.append((message, at, fields))
        elif message == type_name:
            rows.append((message, [], fields))
    return rows


def load_peek_paths(standard: str) -> dict[str, PeekPaths]:
    """The table of a built-in standard, rows of an upper folder over those below it."""
    return dict(_load(standard.partition("?")[0]))


@cache
def _load(standard: str) -> Mapping[str, PeekPaths]:
    paths: dict[str, PeekPaths] = {}
    for folder in schema_folders(standard):
        paths |= read_peek_paths(folder / "peek.toml")
    return paths


def read_peek_paths(path: Path) -> dict[str, PeekPaths]:
    """One table, checked: an unknown key or a wrong type is an error that names the file."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, PeekPaths])
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
