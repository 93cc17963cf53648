"""One received record, step by step; the rules stand in :mod:`rsu.engine`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from rsu import frames
from rsu.engine.air import Air, signal_record
from rsu.engine.echoes import Echoes
from rsu.engine.freshness import Freshness, Parameters
from rsu.engine.maps import OwnMap
from rsu.engine.outcomes import Duplicate, Outcome, Quarantined, Stored, quarantined, stored, text_record
from rsu.engine.remarks import ROOT, mismatch, type_of_path, unknown, warning
from rsu.errors import CodecError, ConfigError, Finding, FrameError
from rsu.frames import Unwrapped
from rsu.observe import Summary, observer
from rsu.observe.rendering import render
from rsu.outgoing import Broadcast
from rsu.received import Received
from rsu.standards import (
    STANDARDS,
    Standard,
    message_type,
    parse_standard_name,
    standard_for,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rsu.engine.picture import Picture
    from rsu.engine.scene import Scene
    from rsu.engine.telling import Tell
    from rsu.fusion import Parameters as FusionParameters
    from rsu.observe.arrays import Origin

MILLISECOND_NS = 1_000_000
READERS_MAX = 64
"""(header, setting) pairs whose reader is remembered; a log of our own may name a standard in each record."""


class Decoder(Protocol):
    """What the engine needs of a :class:`rsu.schema.Schema`."""

    def decode(
        self,
        type_name: str,
        data: bytes,
        *,
        strict: bool = ...,
        findings: list[Finding] | None = ...,
        max_elements: int = ...,
        max_depth: int = ...,
    ) -> Any: ...

    def encode(self, type_name: str, value: Any) -> bytes: ...


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What may be chosen.

    :param standard: for frames whose header and source do not say theirs; empty: they are quarantined.
    :param strict: refuse trailing octets, non-zero padding and non-minimal lengths.
    :param duplicate_window_ms: how far apart two radios of a unit hear one transmission (CONTRACTS: 100 ms).
    :param duplicate_entries_max: frames, and identities, remembered; the oldest goes first.
    :param freshness: limits of the flags in a record's warning.
    :param first_msg_cnt: where the counters of composed messages begin; at random (T/CSAE 53), so the caller draws it.
    :param decoded: of which types the decoded form is rendered to JSON: ``none``, ``all`` or their names.
    :param origin: reference position of the picture; None: nothing is fused.
    :param fusion: thresholds of fusion; None: its defaults.
    :param first_track_id: ids of tracks count from the next one.
    :param tell: what is told of the tracks; None: nothing.
    :param maps: the unit's own, for the air and for the world.
    """

    standard: str = ""
    strict: bool = True
    max_elements: int = 10_000
    max_depth: int = 64
    duplicate_window_ms: int = 100
    duplicate_entries_max: int = 16_384
    first_msg_cnt: int = 0
    freshness: Parameters = Parameters()
    decoded: str | tuple[str, ...] = "none"
    origin: Origin | None = None
    fusion: FusionParameters | None = None
    first_track_id: int = 0
    tell: Tell | None = None
    maps: tuple[OwnMap, ...] = ()


class _Reader(NamedTuple):
    """What reads the messages of one standard, looked up once."""

    name: str
    standard: Standard
    schema: Decoder
    aids: Mapping[str, tuple[int, ...]]
    summarise: Callable[[str, Any, int], Summary]


class Engine:
    """Rules: see :mod:`rsu.engine`. One engine serves any number of units and sources.

    :param schemas: standard name → schema, as :func:`rsu.load_schema` gives it; loaded by the caller.
    """

    def __init__(self, settings: Settings, schemas: Mapping[str, Decoder]) -> None:
        self.settings = settings
        self._schemas = schemas
        self._echoes = Echoes(settings.duplicate_window_ms * MILLISECOND_NS, settings.duplicate_entries_max)
        self._readers: dict[tuple[str, str], _Reader] = {}
        self._freshness = Freshness(settings.freshness)
        self._air = Air(settings.standard, schemas, settings.first_msg_cnt, settings.maps)
        self.scene: Scene | None = None if settings.origin is None else self._scene(settings.origin, settings.tell)

    def step(self, received: Received, now_ns: int, *, again: bool = False) -> Outcome:
        """The outcome of one record.

        :param now_ns: the time of the step, for records whose source has no clock.
        :param again: its outcome was lost and is wanted once more; it is no duplicate of itself, and nothing is sent for it.
        """
        echo = self._echoes.of(received, received.receive_time_ns or now_ns, again)
        if echo is not None:
            return Duplicate(
                rsu_id=received.rsu_id,
                boot_id=received.boot_id,
                sequence=received.sequence,
                source=received.source,
                receive_time_ns=received.receive_time_ns,
                of=echo[0],
                type=echo[1],
                channel=received.channel,
            )
        outcome = self._first(received, None if again else self.scene)
        self._echoes.settle(received, outcome.type)
        if not again and (received.content == "signals" or received.channel == "uu"):
            self._air.take(received, outcome, now_ns)
        return outcome

    @property
    def has_relays(self) -> bool:
        """:meth:`tick` has something that was handed down and does not wait."""
        return self._air.has_relays

    def tick(self, now_ns: int) -> list[Broadcast]:
        """What is to be sent now: SPAT of the signal controllers that are heard, own MAP, what the platform handed down.

        It does not fuse: the caller does that at its own pace, by :meth:`picture_due` and :meth:`look`.
        """
        return self._air.due(now_ns)

    def stand_at(self, origin: Origin, tell: Tell | None = None) -> None:
        """Begins to fuse around a position that was not known before; what was stepped through until now is not in it.

        :param tell: what is told of the tracks; None: nothing.
        """
        self.scene = self._scene(origin, tell)

    @property
    def picture(self) -> Picture | None:
        """What is fused; None where nothing is."""
        return None if self.scene is None else self.scene.picture

    @property
    def tracks(self) -> tuple[NDArray[np.void], int]:
        """The newest tracks (:data:`rsu.fusion.tracks.TRACK`) and their moment; none and 0 where nothing is fused."""
        if self.picture is None:
            return _no_tracks(), 0
        return self.picture.tracks, self.picture.time_ns

    def picture_due(self, now_ns: int) -> int:
        """The moment of the next picture where it has come, else 0; to be asked before the step of a record received later."""
        return 0 if self.picture is None else self.picture.due(now_ns)

    def look(self, at_ns: int) -> NDArray[np.void]:
        """Fuses what was received before at_ns, which is what :meth:`picture_due` says; the tracks then."""
        return _no_tracks() if self.scene is None else self.scene.look(at_ns)

    def tell(self) -> list[Broadcast]:
        """What is to be sent of the tracks, once after each :meth:`look`: RSM, SSM or SDSM, as the settings say."""
        return [] if self.scene is None else self.scene.tell()

    def _scene(self, origin: Origin, tell: Tell | None) -> Scene:
        """What it needs (scipy) is loaded only where something is fused."""
        from rsu.engine.picture import Picture
        from rsu.engine.scene import Scene
        from rsu.engine.surroundings import Surroundings
        from rsu.engine.telling import Tell, Telling

        settings = self.settings
        surroundings = Surroundings(origin, settings.standard, settings.maps)
        telling = Telling(tell or Tell(), origin, self._schemas)
        return Scene(Picture(origin, telling.fusion(settings.fusion), settings.first_track_id), surroundings, telling)

    def _first(self, received: Received, scene: Scene | None) -> Stored | Quarantined:
        if received.damage:
            return quarantined(received, "cut-record", received.damage)
        if received.content != "message":
            return _beside(received, scene)
        setting = received.standard or self.settings.standard
        try:
            frame = frames.unwrap(received.data, received.header, standard=setting)
        except FrameError as error:
            return quarantined(received, error.code, error.reason, setting, path=error.layer, bit_offset=error.offset * 8)
        try:
            reader = self._reader(frame.header, setting)
        except ConfigError as error:
            return quarantined(received, "no-standard", str(error), "", frame)
        return self._message(received, frame, reader, scene)

    def _message(self, received: Received, frame: Unwrapped, reader: _Reader, scene: Scene | None) -> Stored | Quarantined:
        settings = self.settings
        findings: list[Finding] | None = None if settings.strict else []
        try:
            decoded = reader.schema.decode(
                ROOT,
                frame.payload,
                strict=settings.strict,
                findings=findings,
                max_elements=settings.max_elements,
                max_depth=settings.max_depth,
            )
        except CodecError as error:
            return quarantined(
                received,
                error.code,
                error.reason,
                reader.name,
                frame,
                type_name=type_of_path(reader.standard, error.path),
                path=error.path,
                bit_offset=error.offset,
            )
        type_name, value = message_type(reader.standard, decoded)
        if type_name == ROOT:
            reason = unknown(reader.name, decoded)
            return quarantined(received, "unknown-id", reason, reader.name, frame, type_name=ROOT)
        wanted = settings.decoded
        rendered = wanted != "none" and (wanted == "all" or type_name in wanted)
        summary = reader.summarise(type_name, value, received.receive_time_ns)
        service = mismatch(reader.standard, reader.aids, type_name, frame.aid)
        odd = (service, self._freshness.of(received, reader.name, type_name, summary))
        decoded_json = render(value).decode() if rendered else None
        record = stored(received, frame, reader.name, type_name, summary, warning(odd, findings or ()), decoded_json)
        if scene is not None:
            scene.take(record, value)
        return record

    def _reader(self, header: str, setting: str) -> _Reader:
        """What reads a message behind this header.

        :raises ConfigError: where nothing says the standard, or it is not known or not loaded.
        """
        if (header, setting) in self._readers:
            return self._readers[header, setting]
        name = standard_for(header, setting)
        if not name:
            raise ConfigError("no header says the standard of this message: give it with --standard")
        standard = STANDARDS[parse_standard_name(name)[0]]
        if name not in self._schemas:
            raise ConfigError(f"standard {name!r} is not loaded")
        aids = {message.name: message.aids for message in standard.messages if message.aids}
        reader = _Reader(name, standard, self._schemas[name], aids, observer(name))
        if len(self._readers) < READERS_MAX:
            self._readers[header, setting] = reader
        return reader


def _beside(received: Received, scene: Scene | None) -> Stored | Quarantined:
    """The row of what is no message: a controller's report, a box's object, a text."""
    record = signal_record(received) if received.content == "signals" else text_record(received)
    if scene is None or isinstance(record, Quarantined):
        return record
    if received.content == "signals":
        scene.surroundings.take_report(record, received.data)
    elif received.content == "objects":
        scene.picture.take_objects(record)
    return record


def _no_tracks() -> NDArray[np.void]:
    import numpy as np

    from rsu.fusion import TRACK

    return np.empty(0, TRACK)
