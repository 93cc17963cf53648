"""What passes between the roles, and between the unit and other programs: MessagePack maps, each with its ``kind``.

docs/pipeline.md describes every field for programs in other languages. One frame carries a batch.
"""

from __future__ import annotations

import msgspec

from rsu.engine import Duplicate, Entry, Outcome, Quarantined, Shed, Stored, Track
from rsu.errors import SourceError
from rsu.outgoing import Broadcast
from rsu.received import Channel, Content, Name, Received, SourceName, TimeNs

VERSION = 1
ENVELOPE_OCTETS_MAX = 16_777_216


class _Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    v: int = VERSION


class Records(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="records"):
    """ingest → engine: the sequence numbers first … last of one boot, none left out.

    :param items: the received records among them, in their order.
    :param shed: those that were shed, counted together where they agree in minute, source, type and reason.
    :param selftests: sequence numbers of the unit's own messages through the whole path, which are not stored.
    """

    rsu: str
    boot: bytes
    first: int
    last: int
    items: list[Received]
    shed: list[Shed] = []
    selftests: list[int] = []


class Counts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a number of records became; rejected and shed ones by their reason."""

    stored: int = 0
    duplicates: int = 0
    rejected: dict[str, int] = {}
    shed: dict[str, int] = {}

    def take(self, entry: Entry) -> None:
        """Counts one outcome, or what was shed together."""
        if isinstance(entry, Stored):
            self.stored += 1
        elif isinstance(entry, Duplicate):
            self.duplicates += 1
        elif isinstance(entry, Quarantined):
            self.rejected[entry.reason] = self.rejected.get(entry.reason, 0) + 1
        elif isinstance(entry, Shed):
            self.shed[entry.reason] = self.shed.get(entry.reason, 0) + entry.count

    def add(self, other: Counts) -> None:
        """Counts what another one counted."""
        self.stored += other.stored
        self.duplicates += other.duplicates
        for mine, theirs in ((self.rejected, other.rejected), (self.shed, other.shed)):
            for reason, count in theirs.items():
                mine[reason] = mine.get(reason, 0) + count


class Outcomes(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="outcomes"):
    """engine → record: what became of the sequence numbers first … last of one boot, each exactly once.

    :param parts: importance class → MessagePack of ``list[Entry]``; the classes stand in :mod:`rsu.pipeline.importance`.
    :param counts: of all parts together.
    :param oldest_ns: the earliest receive time.
    """

    rsu: str
    boot: bytes
    first: int
    last: int
    counts: Counts
    oldest_ns: int
    parts: dict[int, msgspec.Raw]


class Ack(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="ack"):
    """record → ingest: everything of this boot up to and with ``last`` is on the disk.

    :param counts: what became of the records of this commit.
    """

    boot: bytes
    last: int
    counts: Counts | None = None


class Again(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="again"):
    """record → ingest, when it starts or sees a gap: send all that is not acknowledged once more."""

    role: str


class Heard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record of another program, before the unit gives it its identity; fields as in :class:`rsu.received.Received`."""

    channel: Channel = "uu"
    source: SourceName
    receive_time_ns: TimeNs = 0
    data: bytes
    content: Content = "message"
    record_type: Name = ""
    header: Name = "auto"
    standard: str = ""
    meta: dict[str, str | int | float] = {}


class Inlet(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="heard"):
    """any program → ingest."""

    items: list[Heard]


class Broadcasts(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="broadcasts"):
    """engine → broadcast: messages for the air."""

    items: list[Broadcast]


class View(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="view"):
    """engine → any program, on the bus: what was just heard under one topic.

    :param number: counts the frames of this topic since the engine started; a gap is what this reader missed.
    :param items: :class:`rsu.engine.Outcome` as maps; without ``raw`` on ``obs.`` topics.
    """

    rsu: str
    number: int
    sent_ns: int
    items: list[Outcome]


class Tracks(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="tracks"):
    """engine → any program, on the bus: all road users at one moment, ten times a second.

    :param number: as in :class:`View`.
    :param time_ns: the moment, a multiple of 100 ms.
    :param items: each road user once; none is a picture too.
    """

    rsu: str
    number: int
    sent_ns: int
    time_ns: int
    items: list[Track]


class WorldView(_Envelope, frozen=True, kw_only=True, omit_defaults=True, tag="world"):
    """engine → any program, on the bus: lanes, signals and road users at one moment, once a second.

    :param number: as in :class:`View`.
    :param time_ns: the moment, a multiple of 100 ms.
    :param geojson: JSON text, see :mod:`rsu.world.picture`.
    """

    rsu: str
    number: int
    sent_ns: int
    time_ns: int
    geojson: str


Envelope = Records | Outcomes | Ack | Again | Inlet | Broadcasts | View | Tracks | WorldView

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Envelope] = msgspec.msgpack.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    return _encoder.encode(envelope)


def decode(frame: bytes) -> Envelope:
    """The envelope in a frame.

    :raises SourceError: for octets that are none, naming the field.
    """
    if len(frame) > ENVELOPE_OCTETS_MAX:
        raise SourceError(f"envelope: {len(frame)} octets, at most {ENVELOPE_OCTETS_MAX} are taken")
    try:
        envelope = _decoder.decode(frame)
    except msgspec.DecodeError as error:
        raise SourceError(f"envelope: {error}") from error
    if envelope.v != VERSION:
        raise SourceError(f"envelope: v = {envelope.v}: this unit speaks {VERSION}")
    return envelope
