"""A drive log with its ground truth: SUMO drives a scene, and what a unit at its middle would have received is written down.

Everything hangs on the seed: the same scene, seconds, seed and parameters give the same records and the same truth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path as FilePath
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.compose.spat import spat_value
from rsu.errors import ConfigError
from rsu.frames import wrap_payload
from rsu.observe.arrays import VEHICLE
from rsu.received import Channel, Content, Received
from rsu.schema import Schema
from rsu.simulate import box, messages_csae, messages_sae
from rsu.simulate.base import MILLISECOND_NS, SECOND_NS
from rsu.simulate.geometry import read_crossing
from rsu.simulate.lights import Lights
from rsu.simulate.neighbour import CLOCK_S_MAX, Neighbour
from rsu.simulate.network import network, sumo_version
from rsu.simulate.noise import BOUNDS, Parameters
from rsu.simulate.paths import Path, paths_of
from rsu.simulate.place import Place
from rsu.simulate.scenes import SCENES, Scene
from rsu.simulate.senders import Sender, is_equipped
from rsu.simulate.site import REGION
from rsu.simulate.sumo import STEP_S, run
from rsu.simulate.truth import TRUTH, Truth, check_suffix, write_truth
from rsu.sinks import open_sink
from rsu.sources.live.perception import RECORD_TYPE
from rsu.standards import parse_standard_name

START_NS = 1_778_547_580 * SECOND_NS
"""2026-05-12T00:59:40Z: a log of more than 20 s runs over a full minute and a full hour."""
ROOMS: dict[str, ModuleType] = {room.STANDARD: room for room in (messages_csae, messages_sae)}
RADIO, OWN = "pc5", "own"
SPAT_MS, MAP_MS = 100, 1_000
SPAT_OFFSET_MS, MAP_OFFSET_MS = 4, 12
_STEP_NS = round(STEP_S * SECOND_NS)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate.

    :param scene: one of :data:`rsu.simulate.scenes.SCENES`.
    :param standard: ``csae-157`` (behind DSMP) or ``sae-j2735`` (behind WSMP); an edition patch may follow.
    :param second_clock_s: how far the clock of a second unit is ahead of ours; None: there is no second unit.
    """

    scene: str
    seconds: float = 60.0
    seed: int = 0
    standard: str = messages_csae.STANDARD
    noise: Parameters = Parameters()
    second_clock_s: float | None = None


class Drive(NamedTuple):
    """The log, in order of reception, and the truth behind it."""

    records: list[Received]
    truth: Truth


class _Item(NamedTuple):
    """A record before it has its place in the log."""

    receive_ns: int
    data: bytes
    source: str
    channel: Channel
    content: Content = "message"
    meta: dict[str, str | int | float] | None = None


def drive(settings: Settings, schema: Schema) -> Drive:
    """Simulate.

    :param schema: of the standard, as :func:`rsu.load_schema` gives it.
    :raises ConfigError: for a setting outside its bounds, or where SUMO is not installed.
    """
    scene, room = _checked(settings)
    states = run(scene, settings.seconds, settings.seed)
    paths = paths_of(states)
    equipped = [path for path in paths if is_equipped(path.number, settings.seed, settings.noise)]
    senders = {path.number: Sender(path, settings.seconds, settings.seed, settings.noise) for path in equipped}
    air = _Air(settings, scene, room, schema)
    items = [
        *air.own(),
        *air.senders(list(senders.values())),
        *air.neighbour(paths, senders),
        *air.looks(paths),
    ]
    items.sort(key=lambda item: (item.receive_ns, item.source, item.data))
    made = msgspec.to_builtins(settings) | {"sumo": sumo_version()}
    truth = Truth(truth_of(paths, senders, air.place, room.ID_OCTETS), scene.origin, made)
    return Drive(list(_records(items, settings)), truth)


def write_drive(settings: Settings, schema: Schema, log: FilePath, truth: FilePath) -> Drive:
    """Simulate, and write both files in the form their suffixes name.

    :raises ConfigError: as :func:`drive`, or for a suffix of ``truth`` that is none.
    :raises SourceError: for a file that cannot be written.
    """
    check_suffix(truth)
    made = drive(settings, schema)
    with open_sink(log) as sink:
        for record in made.records:
            sink.write(record)
    write_truth(truth, made.truth)
    return made


def _checked(settings: Settings) -> tuple[Scene, ModuleType]:
    if settings.scene not in SCENES:
        raise ConfigError(f"scene {settings.scene!r}: must be one of {', '.join(SCENES)}")
    name, _ = parse_standard_name(settings.standard)
    if name not in ROOMS:
        raise ConfigError(f"standard {settings.standard!r}: a scene is told in one of {', '.join(ROOMS)}")
    for key, (low, high) in BOUNDS.items():
        if not low <= getattr(settings.noise, key) <= high:
            raise ConfigError(f"{key} = {getattr(settings.noise, key):g}: must be {low:g}..{high:g}")
    clock_s = settings.second_clock_s
    if clock_s is not None and not abs(clock_s) <= CLOCK_S_MAX:
        raise ConfigError(f"clock of the second unit {clock_s:g} s ahead: must be {-CLOCK_S_MAX:g}..{CLOCK_S_MAX:g}")
    return SCENES[settings.scene], ROOMS[name]


def truth_of(paths: list[Path], senders: dict[int, Sender], place: Place, id_octets: int) -> NDArray[np.void]:
    """(n,) TRUTH, ordered by time and id; metres to 1 mm, degrees to 1e-8, angles to 0.1 mrad, so that files are small.

    :param id_octets: of a temporary id in the standard of the log.
    """
    parts = [_truth_of(path, senders.get(path.number), place, id_octets) for path in paths]
    rows = np.concatenate(parts) if parts else np.zeros(0, TRUTH)
    ordered: NDArray[np.void] = rows[np.lexsort((rows["id"], rows["time_ns"]))]
    return ordered


def _truth_of(path: Path, sender: Sender | None, place: Place, id_octets: int) -> NDArray[np.void]:
    rows, course, kind = np.zeros(len(path.ticks), TRUTH), path.course, path.kind
    lat, lon = place.degrees(course.x, course.y)
    rows["time_ns"] = START_NS + path.ticks * _STEP_NS
    rows["id"], rows["cls"] = path.number, kind.cls
    rows["x"], rows["y"] = course.x.round(3), course.y.round(3)
    rows["lat"], rows["lon"] = lat.round(8), lon.round(8)
    rows["heading"] = np.remainder(course.heading + np.pi, 2 * np.pi).round(4) - round(np.pi, 4)
    rows["speed"], rows["accel"] = course.speed.round(3), course.accel.round(3)
    rows["length"], rows["width"], rows["height"] = kind.length_m, kind.width_m, kind.height_m
    if sender is not None:
        rows["equipped"] = True
        rows["v2x_id"] = [sender.ids.at(tick * STEP_S)[:id_octets].hex() for tick in path.ticks.tolist()]
    return rows


class _Air:
    """Makes the records of one scene."""

    def __init__(self, settings: Settings, scene: Scene, room: ModuleType, schema: Schema) -> None:
        self._settings, self._scene, self._room, self._schema = settings, scene, room, schema
        self._ticks = round(settings.seconds / STEP_S)
        self.place = Place(scene.origin)

    def own(self) -> Iterator[_Item]:
        """SPAT and MAP of the crossing that the unit stands at, as it gets them from its own devices."""
        with network(self._scene) as roads:
            crossing = read_crossing(roads, self._scene.own)
        lights = Lights(crossing, START_NS - self._scene.warmup_s * SECOND_NS)
        last_ms = round(self._settings.seconds * 1_000)
        for count, at_ms in enumerate(range(MAP_OFFSET_MS, last_ms, MAP_MS)):
            time_ns = START_NS + at_ms * MILLISECOND_NS
            revision = count % 128 if self._room is messages_csae else 0
            yield self._item(self._room.map_(crossing, self.place, revision, time_ns), self._room.AID_MAP, time_ns, OWN)
        if not lights.groups:
            return
        for count, at_ms in enumerate(range(SPAT_OFFSET_MS, last_ms, SPAT_MS)):
            time_ns = START_NS + at_ms * MILLISECOND_NS
            report = lights.report(time_ns, REGION, messages_csae.number_of(crossing.number))
            value = spat_value(report, self._settings.standard, time_ns, count)
            yield self._item(value, self._room.AID_SPAT, time_ns, OWN)

    def senders(self, senders: list[Sender]) -> Iterator[_Item]:
        """BSM of vehicles, PSM of the others."""
        for sender in senders:
            vehicle = sender.path.kind.cls == VEHICLE
            make, aid = (self._room.bsm, self._room.AID_BSM) if vehicle else (self._room.psm, self._room.AID_PSM)
            for heard in sender.heard(self.place, START_NS, self._scene.tunnels):
                yield self._item(make(heard.said), aid, heard.receive_ns)

    def neighbour(self, paths: list[Path], senders: dict[int, Sender]) -> Iterator[_Item]:
        """RSM or SDSM of the second unit, where there is one."""
        settings, room = self._settings, self._room
        if settings.second_clock_s is None:
            return
        unit = Neighbour(self.place, senders, settings.seed, settings.noise, settings.second_clock_s)
        for receive_ns, value in unit.told(paths, START_NS, self._ticks, room.SEEN_MAX, room.seen):
            yield self._item(value, room.AID_RSM, receive_ns)

    def looks(self, paths: list[Path]) -> Iterator[_Item]:
        """The records of the perception box."""
        settings = self._settings
        for look in box.looks(paths, self.place, START_NS, self._ticks, settings.seed, settings.noise):
            meta: dict[str, str | int | float] = {
                "objects": look.objects,
                "sensor": box.SENSOR,
                "box_time_ns": look.time_ns,
            }
            yield _Item(look.receive_ns, look.octets, box.NAME, "uu", "objects", meta)

    def _item(self, value: Any, aid: int, receive_ns: int, source: str = RADIO) -> _Item:
        american = self._room is messages_sae
        payload = self._schema.encode("MessageFrame", value)
        data = wrap_payload(payload, "wsmp" if american else "dsmp", aid, unsecured=american)
        return _Item(receive_ns, data, source, "pc5" if source == RADIO else "uu")


def _records(items: list[_Item], settings: Settings) -> Iterator[Received]:
    boot_id = hashlib.sha256(msgspec.json.encode(settings)).digest()[:16]
    for sequence, item in enumerate(items, 1):
        objects = item.content == "objects"
        yield Received(
            rsu_id=f"SIM-{settings.scene}",
            boot_id=boot_id,
            sequence=sequence,
            channel=item.channel,
            source=item.source,
            receive_time_ns=item.receive_ns,
            data=item.data,
            content=item.content,
            record_type=RECORD_TYPE if objects else "",
            header="none" if objects else "auto",
            standard="" if objects else settings.standard,
            meta=item.meta or {},
        )
