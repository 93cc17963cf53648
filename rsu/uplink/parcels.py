"""What the uplink reads from the outbox: parcels of records in the order of their ids, and how far each target has got."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from rsu.engine import Entry
from rsu.errors import SourceError

READ_OCTETS_MAX = 1_048_576


class Stocked(Protocol):
    """A parcel of the outbox.

    :param id: from 1, growing; ids may be missing.
    :param importance: its class; ``records``: how many are in it.
    :param oldest_ns: earliest receive time in it.
    :param body: MessagePack of ``list[Entry]``.
    """

    @property
    def id(self) -> int: ...
    @property
    def importance(self) -> int: ...
    @property
    def rsu(self) -> str: ...
    @property
    def boot(self) -> bytes: ...
    @property
    def records(self) -> int: ...
    @property
    def oldest_ns(self) -> int: ...
    @property
    def body(self) -> bytes: ...


class Outbox(Protocol):
    """The outbox as its readers see it: ``rsu.store.outbox.Outbox.reader(path)``."""

    def after(self, parcel_id: int, most_octets: int) -> Sequence[Stocked]:
        """The parcels behind an id, in the order of their ids, of at most so many octets together, but at least one."""

    def delivered(self, target: str) -> int:
        """The last parcel that a target has; 0: none."""

    def deliver(self, target: str, parcel_id: int) -> None:
        """The target has all parcels up to and with this one."""


_decoder: msgspec.msgpack.Decoder[list[Entry]] = msgspec.msgpack.Decoder(list[Entry])


def entries_of(parcel: Stocked) -> list[Entry]:
    """The records of a parcel.

    :raises SourceError: for a body that cannot be read.
    """
    try:
        return _decoder.decode(parcel.body)
    except msgspec.DecodeError as error:
        raise SourceError(f"parcel {parcel.id} of the outbox: {error}") from error
