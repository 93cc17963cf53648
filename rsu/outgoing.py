"""What goes to the air: a message, and when and how it is to be sent."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec


class Broadcast(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message for the air.

    :param payload: UPER of the standard's MessageFrame.
    :param aid: AID or PSID for the radio header.
    :param priority: of the catalogue (MAP 16 … RSM 208).
    :param key: a later one with the same key takes the place of this one.
    :param period_ms: repeated this often until ``until_ns``; 0: sent once.
    """

    standard: str
    type: str
    payload: bytes
    aid: int | None = None
    priority: int = 0
    key: str = ""
    period_ms: int = 0
    until_ns: int = 0


class Encoder(Protocol):
    """What is needed of a :class:`rsu.schema.Schema`."""

    def encode(self, type_name: str, value: Any, /) -> bytes: ...
