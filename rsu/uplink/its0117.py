"""The binary form in which T/ITS 0117 platforms take messages, both directions.

::

    rsuId 8 octets | UTC ms 8 octets, little-endian | BSM only: count 1 | { length 2, little-endian | UPER MessageFrame } *

Read from captured bytes (topic ``V2X.RSU.BSM.UP`` and the like); the standard itself describes JSON. Captures hold one
frame in each payload but those of BSM, so that is what is written; several are read for every kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from rsu.compose.names import eight_octets
from rsu.errors import ConfigError, SourceError

NUMBER_OCTETS = 8
TIME_OCTETS = 8
LENGTH_OCTETS = 2
HEAD_OCTETS = NUMBER_OCTETS + TIME_OCTETS
FRAME_OCTETS_MAX = 65_535  # what two octets of length can say
FRAMES_MAX = 255  # what one octet of count can say
PAYLOAD_OCTETS_MAX = 262_144
TIME_MS_MAX = 2**63 // 1_000_000  # of what fits into int64 nanoseconds
EVERYBODY = bytes(NUMBER_OCTETS)


class Kind(NamedTuple):
    """A kind of message that the platform speaks of.

    :param name: in topics.
    :param type: its ASN.1 type.
    :param key: in CONFIG: ``bsmConfig``.
    :param counted: the binary form carries the number of frames.
    :param frames_max: written into one payload.
    """

    name: str
    type: str
    key: str
    counted: bool = False
    frames_max: int = 1


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("BSM", "BasicSafetyMessage", "bsmConfig", counted=True, frames_max=FRAMES_MAX),
            Kind("MAP", "MapData", "mapConfig"),
            Kind("RSM", "RoadsideSafetyMessage", "rsmConfig"),
            Kind("SPAT", "SPAT", "spatConfig"),
            Kind("RSI", "RoadSideInformation", "rsiConfig"),
        )
    }
)
#: ASN.1 type → kind; what is not here has no topic.
KIND_OF_TYPE: Mapping[str, Kind] = MappingProxyType({kind.type: kind for kind in KINDS.values()})


class Upload(NamedTuple):
    """A payload taken apart."""

    number: bytes
    time_ms: int
    frames: tuple[bytes, ...]


def rsu_number(setting: str, unit: str) -> bytes:
    """The 8 octets of rsuId.

    :param setting: ``[mqtt] rsu_number``: at most 8 octets of text, filled up with zeros, or 16 hex digits; empty: the
        unit's id.
    :raises ConfigError: for one that does not fit.
    """
    text = setting or unit
    octets = eight_octets(text)
    if octets is None:
        key = "rsu_number" if setting else "unit id"
        raise ConfigError(
            f"[mqtt] {key} = {text!r} has {len(text.encode())} octets: rsuId holds 8; set rsu_number to 1..8 octets of text "
            "or 16 hex digits"
        )
    return octets


def write_upload(kind: Kind, number: bytes, time_ms: int, frames: Sequence[bytes]) -> bytes:
    """The payload for frames of one kind.

    :param time_ms: UTC; of the oldest frame.
    :raises SourceError: for what the form cannot hold.
    """
    if len(number) != NUMBER_OCTETS:
        raise SourceError(f"rsuId has {len(number)} octets: must be {NUMBER_OCTETS}")
    if not 0 <= time_ms <= TIME_MS_MAX:
        raise SourceError(f"time = {time_ms} ms: must be 0..{TIME_MS_MAX}")
    if not 1 <= len(frames) <= FRAMES_MAX:
        raise SourceError(f"{len(frames)} frames: must be 1..{FRAMES_MAX}")
    parts = [number, time_ms.to_bytes(TIME_OCTETS, "little")]
    if kind.counted:
        parts.append(bytes([len(frames)]))
    for place, frame in enumerate(frames):
        if not 1 <= len(frame) <= FRAME_OCTETS_MAX:
            raise SourceError(f"frame {place} has {len(frame)} octets: must be 1..{FRAME_OCTETS_MAX}")
        parts += (len(frame).to_bytes(LENGTH_OCTETS, "little"), frame)
    return b"".join(parts)


def read_upload(kind: Kind, payload: bytes) -> Upload:
    """A payload taken apart to its last octet.

    :raises SourceError: naming the octet and what is allowed there.
    """
    if len(payload) > PAYLOAD_OCTETS_MAX:
        raise SourceError(f"payload has {len(payload)} octets: at most {PAYLOAD_OCTETS_MAX} are taken")
    begin = HEAD_OCTETS + kind.counted
    if len(payload) < begin:
        raise SourceError(f"payload has {len(payload)} octets: rsuId, time{' and count' * kind.counted} take {begin}")
    time_ms = int.from_bytes(payload[NUMBER_OCTETS:HEAD_OCTETS], "little")
    if time_ms > TIME_MS_MAX:
        raise SourceError(f"octet {NUMBER_OCTETS}: time = {time_ms} ms: must be 0..{TIME_MS_MAX}")
    frames = _read_frames(payload, begin)
    if kind.counted and payload[HEAD_OCTETS] != len(frames):
        raise SourceError(f"octet {HEAD_OCTETS}: count = {payload[HEAD_OCTETS]}: {len(frames)} frames follow")
    return Upload(payload[:NUMBER_OCTETS], time_ms, frames)


def _read_frames(payload: bytes, at: int) -> tuple[bytes, ...]:
    frames: list[bytes] = []
    while at < len(payload):
        if len(frames) == FRAMES_MAX:
            raise SourceError(f"octet {at}: more than {FRAMES_MAX} frames")
        begin = at + LENGTH_OCTETS
        length = int.from_bytes(payload[at:begin], "little")
        left = len(payload) - begin
        if left < 0:
            raise SourceError(f"octet {at}: a length takes {LENGTH_OCTETS} octets, {len(payload) - at} is left")
        if not 1 <= length <= left:
            raise SourceError(f"octet {at}: length of frame {len(frames)} = {length}: must be 1..{left}, what is left")
        frames.append(payload[begin : begin + length])
        at = begin + length
    if not frames:
        raise SourceError(f"octet {at}: no frame follows")
    return tuple(frames)
