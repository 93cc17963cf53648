"""The JSON messages between unit and platform (T/ITS 0117), every key in one place.

Keys are those of OpenV2X's public platform and simulators and of the published tables of T/ITS 0117; :data:`UNCONFIRMED`
lists the ones for which no published description was found. Reading is lenient where platforms differ (numbers as text,
unknown keys) and bounded everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rsu.errors import SourceError

JSON_OCTETS_MAX = 262_144
FILTERS_MAX = 64
FILTER_FIELDS_MAX = 16

#: Message → keys that are inferred, not published.
UNCONFIRMED: Mapping[str, tuple[str, ...]] = {
    "ACK": ("errorDesc",),
    "HB.UP": ("protocolVersion",),
    "RunningInfo.UP": ("timestamp",),
    "BaseINFO.UP": ("timestamp",),
    "RSI.DOWN": ("rsi", "rsis"),
    "RSM.DOWN": ("rsm", "rsms"),
    "SPAT.DOWN": ("spat", "spats"),
    "OTA.DOWN": ("ack", "seqNum"),
}

#: Kind → keys under which the messages of a JSON order stand, one or a list of them.
MESSAGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "MAP": ("map",),
    "RSI": ("rsi", "rsis"),
    "RSM": ("rsm", "rsms"),
    "SPAT": ("spat", "spats"),
}

ShortText = Annotated[str, Meta(max_length=256)]
SequenceNumber = ShortText | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Scalar = ShortText | int | float | bool
Filter = Annotated[dict[ShortText, Scalar], Meta(max_length=FILTER_FIELDS_MAX, min_length=1)]
Filters = Annotated[list[Filter], Meta(max_length=FILTERS_MAX)]
UpLimit = Annotated[int, Meta(ge=-1, le=10_000)]
RateSeconds = Annotated[int, Meta(ge=0, le=86_400)]


class _Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A JSON object of the interface."""


class KindConfig(_Form, frozen=True, kw_only=True):
    """RSM, SPAT, MAP and RSI in CONFIG.DOWN.

    :param upLimit: records a second to the platform at most; 0: none; -1 or absent: all.
    :param upFilters: OR between them, AND within one.
    """

    upLimit: UpLimit | None = None
    upFilters: Filters | None = None


class BsmConfig(KindConfig, frozen=True, kw_only=True):
    """BSM in CONFIG.DOWN; ``sampleRate`` see :mod:`rsu.uplink.sampling`."""

    sampleMode: Literal["ByAll", "ByID"] | None = None
    sampleRate: Annotated[int, Meta(ge=0, le=10_000)] | None = None


class _Order(_Form, frozen=True, kw_only=True):
    """What all orders of the platform may carry.

    :param rsuEsn: for whom; absent: for the unit of the topic, or for all.
    :param ack: an acknowledgement is wanted.
    :param seqNum: goes back in it.
    """

    rsuEsn: ShortText = ""
    timestamp: int = 0
    ack: bool = False
    seqNum: SequenceNumber | None = None


class ConfigDown(_Order, frozen=True, kw_only=True):
    """CONFIG.DOWN."""

    bsmConfig: BsmConfig | None = None
    rsiConfig: KindConfig | None = None
    rsmConfig: KindConfig | None = None
    spatConfig: KindConfig | None = None
    mapConfig: KindConfig | None = None


class AddressChange(_Form, frozen=True, kw_only=True):
    """Where the platform will be."""

    cssUrl: ShortText = ""
    time: int = 0


class ManageDown(_Order, frozen=True, kw_only=True):
    """MNG.DOWN.

    :param hbRate, runningInfoRate: seconds between two reports; 0: none.
    :param reboot: 1: start again.
    """

    hbRate: RateSeconds | None = None
    runningInfoRate: RateSeconds | None = None
    logLevel: Literal["", "DEBUG", "INFO", "WARN", "ERROR", "NOLog"] | None = None
    reboot: Literal[0, 1] | Literal["not_reboot", "reboot"] | None = None
    addressChg: AddressChange | None = None
    extendConfig: ShortText | None = None


class MessageDown(_Order, frozen=True, kw_only=True):
    """MAP, RSI, RSM and SPAT .DOWN in JSON; what the keys hold, :mod:`rsu.uplink.down` reads."""

    mapSlice: ShortText = ""
    eTag: ShortText = ""
    map: msgspec.Raw | UnsetType = UNSET
    rsi: msgspec.Raw | UnsetType = UNSET
    rsis: msgspec.Raw | UnsetType = UNSET
    rsm: msgspec.Raw | UnsetType = UNSET
    rsms: msgspec.Raw | UnsetType = UNSET
    spat: msgspec.Raw | UnsetType = UNSET
    spats: msgspec.Raw | UnsetType = UNSET


class OtherDown(_Order, frozen=True, kw_only=True):
    """Log.UP, OTA.DOWN: read only as far as an answer needs."""


class QueryDown(_Order, frozen=True, kw_only=True):
    """INFOQuery.

    :param infoId: what is asked for; goes back as ``Infotype``.
    :param interval: seconds between answers; 0: one answer. Only one is given.
    """

    rsuId: Scalar | None = None
    protocolVersion: ShortText = ""
    infoId: Scalar | None = None
    interval: int = 0


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """….ACK, both directions; ``errorCode`` 0: done."""

    seqNum: SequenceNumber | None = None
    errorCode: int = msgspec.field(default_factory=int)  # always written
    errorDesc: str = ""


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Degrees, WGS-84."""

    lon: float
    lat: float


class Heartbeat(_Form, frozen=True, kw_only=True):
    """HB.UP; ``timestamp`` in milliseconds."""

    rsuId: str
    rsuEsn: str
    protocolVersion: str
    timestamp: int
    seqNum: str


class BaseInfo(_Form, frozen=True, kw_only=True):
    """BaseINFO.UP: at the start, when something of it changes, and as the last will."""

    rsuId: str
    rsuEsn: str
    protocolVersion: str
    timestamp: int
    rsuStatus: str
    location: Location
    transprotocal: str = ""
    SoftwareVersion: str = ""
    hardwareVersion: str = ""


class Info(_Form, frozen=True, kw_only=True):
    """INFO.UP: at the start and when the configuration changes.

    :param config: ``mapConfig``, ``bsmConfig`` … as they hold.
    """

    rsuId: str
    rsuEsn: str
    rsuName: str
    version: str
    rsuStatus: str
    location: Location
    config: dict[str, Any]
    ack: bool
    seqNum: str


class RunningInfo(_Form, frozen=True, kw_only=True):
    """RunningInfo.UP: load, memory and disk in MB, reads and writes in KB a second, packets and octets a second."""

    rsuId: str
    rsuEsn: str
    protocolVersion: str
    timestamp: int
    seqNum: str
    rsuStatus: str
    cpu: dict[str, float | str]
    mem: dict[str, float]
    disk: dict[str, float]
    net: dict[str, float]


class Response(_Form, frozen=True, kw_only=True):
    """INFOQuery.Response."""

    rsuId: str
    rsuEsn: str
    timestamp: int
    seqNum: SequenceNumber | None = None
    Infotype: Scalar | None = None
    InfoValue: dict[str, Any]


Form = TypeVar("Form")


def read(kind: type[Form], payload: bytes) -> Form:
    """A message from the platform.

    :raises SourceError: naming the key and what it may hold.
    """
    if len(payload) > JSON_OCTETS_MAX:
        raise SourceError(f"payload has {len(payload)} octets: at most {JSON_OCTETS_MAX} are taken")
    try:
        return msgspec.json.decode(payload, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"{type(error).__name__}: {error}") from error


def write(form: msgspec.Struct) -> bytes:
    return msgspec.json.encode(form)
