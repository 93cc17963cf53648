"""Parcels of the outbox → what a target is sent: T/ITS 0117 payloads for MQTT, one record a message for NATS."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import msgspec

from rsu import frames
from rsu.engine import Quarantined, Stored
from rsu.errors import CodecError, ConfigError, FrameError
from rsu.schema import Schema, load_schema
from rsu.uplink.its0117 import KIND_OF_TYPE, Kind, write_upload
from rsu.uplink.parcels import Stocked, entries_of
from rsu.uplink.sampling import Sampler
from rsu.uplink.target import Message
from rsu.uplink.topics import Topics

MILLISECOND_NS = 1_000_000
PAYLOAD_OCTETS = 32_768  # a payload with several frames ends before it grows beyond this
SCHEMAS_MAX = 8
QUARANTINE = "quarantine"
_NOT_IN_TOKEN = re.compile(r"[^A-Za-z0-9_-]")
_PLACES = ("{rsu}", "{channel}", "{type}")

PassedOver = Callable[[str], None]
schema_of: Callable[[str], Schema] = lru_cache(SCHEMAS_MAX)(load_schema)


class Platform:
    """Packs for a T/ITS 0117 platform: only kinds that have a topic, and of them what CONFIG asks for.

    :param number: rsuId of the binary form.
    :param sampler: replaced when CONFIG changes.
    :param passed_over: counts a record that is left out, with the reason.
    """

    def __init__(self, topics: Topics, number: bytes, sampler: Sampler, passed_over: PassedOver) -> None:
        self.sampler = sampler
        self._topics = topics
        self._number = number
        self._passed_over = passed_over

    def __call__(self, parcel: Stocked) -> list[Message]:
        groups: dict[str, list[tuple[Stored, bytes]]] = {}
        messages = []
        for record, kind in self._chosen(parcel):
            frame = bare(record)
            if frame is None:
                self._passed_over("unreadable")
                continue
            group = groups.setdefault(kind.name, [])
            octets = len(frame) + sum(len(known) for _, known in group)
            if group and (len(group) >= kind.frames_max or octets > PAYLOAD_OCTETS):
                messages.append(self._message(kind, group))
                groups[kind.name] = group = []
            group.append((record, frame))
        messages += [self._message(KIND_OF_TYPE[group[0][0].type], group) for group in groups.values() if group]
        return messages

    def _chosen(self, parcel: Stocked) -> Iterator[tuple[Stored, Kind]]:
        for entry in entries_of(parcel):
            kind = KIND_OF_TYPE.get(entry.type) if isinstance(entry, Stored) else None
            if kind is None or not isinstance(entry, Stored):
                self._passed_over("kind")
                continue
            reason = self.sampler.judge(kind.name, entry.sender, entry.receive_time_ns, partial(decoded, entry))
            if reason:
                self._passed_over(reason)
            else:
                yield entry, kind

    def _message(self, kind: Kind, group: list[tuple[Stored, bytes]]) -> Message:
        time_ms = group[0][0].receive_time_ns // MILLISECOND_NS
        payload = write_upload(kind, self._number, time_ms, [frame for _, frame in group])
        return Message(self._topics.up(kind.name), payload, len(group))


def bare(record: Stored) -> bytes | None:
    """The MessageFrame without radio and security headers; None where they cannot be taken off."""
    header = "ieee1609dot2" if record.header == "none" and record.security != "none" else record.header
    try:
        return frames.unwrap(record.raw, header, standard=record.standard).payload or None
    except FrameError:
        return None


def decoded(record: Stored) -> object:
    """A record's value for a filter; one that does not decode any more fits none."""
    frame = bare(record)
    try:
        return schema_of(record.standard).decode("MessageFrame", frame or b"")
    except CodecError:
        return None


class Subjects:
    """Subjects by template: ``v2x.{rsu}.{channel}.{type}``; signs that NATS does not take in a token become ``_``.

    :raises ConfigError: for a template that cannot be used.
    """

    def __init__(self, template: str) -> None:
        rest = template
        for place in _PLACES:
            rest = rest.replace(place, "x")
        if "{type}" not in template or not re.fullmatch(r"[\w-]+(\.[\w-]+)*", rest):
            raise ConfigError(
                f"[nats] subject = {template!r}: must hold {{type}}, and beside {{rsu}} and {{channel}} only words and dots"
            )
        self._template = template

    def of(self, rsu: str, channel: str, type_name: str) -> str:
        text = self._template
        for place, value in zip(_PLACES, (rsu, channel, type_name), strict=True):
            text = text.replace(place, _NOT_IN_TOKEN.sub("_", value) or "_")
        return text

    @property
    def all(self) -> str:
        """The subject of the stream that takes them all."""
        return ".".join("*" if "{" in token else token for token in self._template.split("."))


class Hub:
    """Packs for NATS: each stored or quarantined record is one message, MessagePack as in the outbox.

    :param passed_over: as for :class:`Platform`.
    """

    def __init__(self, subjects: Subjects, passed_over: PassedOver) -> None:
        self._subjects = subjects
        self._passed_over = passed_over
        self._encoder = msgspec.msgpack.Encoder()

    def __call__(self, parcel: Stocked) -> list[Message]:
        messages = []
        for entry in entries_of(parcel):
            if not isinstance(entry, Stored | Quarantined):
                self._passed_over("kind")
                continue
            type_name = entry.type if isinstance(entry, Stored) else QUARANTINE
            subject = self._subjects.of(entry.rsu_id, entry.channel, type_name)
            identity = f"{entry.rsu_id}:{entry.boot_id.hex()}:{entry.sequence}"
            messages.append(Message(subject, self._encoder.encode(entry), 1, identity))
        return messages
