"""A live unit fuses what it hears: tracks on the bus, in the metrics and on the pages; and it gives way to the records."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq
from fault_brokers import Daemon, Platform
from live_unit import ROOT, LiveUnit, free_port, is_balanced, until

pytest.importorskip("scipy", reason="fusion needs scipy")

import rsu
from rsu.config import Config, Fusion, Store, Unit
from rsu.engine import Engine, Settings
from rsu.engine.told import told
from rsu.frames import unwrap
from rsu.fusion import TRACK
from rsu.observability.meter import Meter
from rsu.observe.arrays import Origin
from rsu.outgoing import Broadcast
from rsu.pipeline.envelope import Tracks, WorldView, decode
from rsu.pipeline.picture import LivePicture, origin_of
from rsu.uplink.its0117 import KINDS, read_upload

ORIGIN = Origin(29.5, 106.5)
MS = 1_000_000
HERE = Unit(lat_deg=29.5, lon_deg=106.5)
ON = Fusion(enabled=True)
TIME_NS = 1_700_000_010_000 * MS


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config(unit=HERE, fusion=ON), ORIGIN),
        (Config(unit=HERE), None),
        (Config(fusion=ON), None),
        (Config(unit=Unit(lat_deg=0, lon_deg=106.5, elevation_m=3), fusion=ON), Origin(0, 106.5, 3)),
    ],
    ids=["a-position", "not-asked-for", "no-position", "on-the-equator"],
)
def test_a_unit_fuses_where_it_is_told_to_and_knows_its_position(config: Config, expected: Origin | None) -> None:
    assert origin_of(config) == expected


# A unit that runs ---------------------------------------------------------------------------------------------------------


OWN_MAP = """
[[map]]
name = "crossing"
file = "crossing.hex"
"""


def fusing(box: int) -> str:
    """The part of rsu.toml of a unit that fuses what a box at this port sees, and tells it."""
    return f"""
[[perception]]
name = "box"
listen = "udp://127.0.0.1:{box}"
[fusion]
enabled = true
[compose]
standards = ["csae-157"]
"""


class Standing:
    """A perception box that sees a pedestrian and a car, five times a second, until it is told to end."""

    def __init__(self, unit: LiveUnit, port: int) -> None:
        self.done = threading.Event()
        self._unit, self._port = unit, port
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Standing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self._thread.join()

    def _run(self) -> None:
        common: dict[str, Any] = {"confidence": 0.9, "sensorId": "box", "velocity": {"x": 0.0, "y": 0.0}}
        while not self.done.wait(0.2):
            things = [
                common | {"type": "PEDESTRIAN", "objectId": 1, "position": {"x": 10.0, "y": -5.0}},
                common | {"type": "CAR", "objectId": 2, "position": {"x": -20.0, "y": 30.0}},
            ]
            self._unit.send_octets(json.dumps(things).encode(), self._port)


def test_what_a_box_sees_is_on_the_bus_in_the_metrics_and_on_the_pages(tmp_path: Path) -> None:
    port = free_port()
    more = f'[[perception]]\nname = "box"\nlisten = "udp://127.0.0.1:{port}"\n[fusion]\nenabled = true\n'
    with LiveUnit(tmp_path, more=more) as unit, zmq.Context() as context, context.socket(zmq.SUB) as bus, Standing(unit, port):
        bus.subscribe("track.")
        bus.connect(f"ipc://{unit.state}/run/bus")
        first, second = _pair(bus)
        assert (first.rsu, second.number, second.time_ns % (100 * MS)) == ("rsu-t", first.number + 1, 0)
        assert second.time_ns - first.time_ns >= 100 * MS
        places = {track.cls: (round(track.x_m), round(track.y_m)) for track in second.items}
        assert places == {"pedestrian": (10, -5), "vehicle": (-20, 30)}
        until(lambda: unit.metrics().get('rsu_tracks{kind="pedestrian"}') == 1, "the gauge counts the pedestrian")
        assert unit.metrics()['rsu_tracks{kind="bicycle"}'] == 0
        until(lambda: "fusion" in {row["stage"] for row in unit.status()["stages"]}, "the stage is measured")
        assert unit.status()["tracks"] == {"bicycle": 0, "other": 0, "pedestrian": 1, "unknown": 0, "vehicle": 1}
        page = subprocess.run(
            [sys.executable, "-m", "rsu.cli", "top", "--url", f"http://127.0.0.1:{unit.page}", "--once"],
            env={"PYTHONPATH": str(ROOT), "COLUMNS": "200"}, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert "pedestrian 1" in page and "vehicle 1" in page
        until(lambda: unit.rows("SELECT count(*) FROM track") >= [(2,)], "both tracks are in the database")
        assert unit.stop() == 0
        counts = "count(DISTINCT time_ns / 1000000000), count(*)"
        rows = unit.rows(f"SELECT cls, {counts} FROM track_sample GROUP BY cls ORDER BY cls")
        assert [row[0] for row in rows] == ["pedestrian", "vehicle"]
        assert all(seconds == count > 0 for _, seconds, count in rows)
        assert sorted(unit.rows("SELECT cls FROM track")) == [("pedestrian",), ("vehicle",)]
        assert is_balanced(unit.ledger())


def _pair(bus: zmq.Socket[bytes]) -> tuple[Tracks, Tracks]:
    """Two frames after one another that show both road users."""
    frames: list[Tracks] = []
    end = time.monotonic() + 30
    while len(frames) < 2:
        assert time.monotonic() < end and bus.poll(10_000), "no tracks on the bus"
        topic, frame = bus.recv_multipart()
        envelope = decode(frame)
        assert topic == b"track.rsu-t" and isinstance(envelope, Tracks)
        frames = [*frames, envelope] if len(envelope.items) == 2 else []
    return frames[0], frames[1]


def test_what_a_box_sees_is_told_on_the_air_and_the_map_with_it(tmp_path: Path) -> None:
    box, air = free_port(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    air.bind(("127.0.0.1", 0))
    (tmp_path / "crossing.hex").write_text(map_message().hex(), encoding="ascii")
    more = f"""
[[radio]]
name = "out"
send = "127.0.0.1:{air.getsockname()[1]}"
"""
    more += fusing(box) + OWN_MAP
    with LiveUnit(tmp_path, more=more) as unit, air, Standing(unit, box):
        maps, rsms = heard_on(air, 2, 3)
        assert [value["msgCnt"] for value in maps] == [(maps[0]["msgCnt"] + n) % 128 for n in range(2)]
        assert {value["id"] for value in rsms} == {b"rsu-t\0\0\0"}
        assert [value["msgCnt"] for value in rsms] == [(rsms[0]["msgCnt"] + n) % 128 for n in range(3)]
        assert {each["ptcType"] for each in rsms[-1]["participants"]} == {"pedestrian", "motor"}
        until(lambda: unit.metrics().get('rsu_broadcast_sent_total{type="RoadsideSafetyMessage"}', 0) > 30, "they are counted")
        assert unit.stop() == 0
        kept = unit.rows("SELECT type, count(*), count(DISTINCT receive_time_ns / 1000000000) FROM message"
                         " WHERE source = 'own' AND channel = 'pc5' GROUP BY type ORDER BY type")  # fmt: skip
        assert [name for name, _, _ in kept] == ["MapData", "RoadsideSafetyMessage"]
        assert all(count == seconds >= 3 for _, count, seconds in kept)
        assert is_balanced(unit.ledger())


def test_the_world_is_on_the_bus_once_a_second_as_geojson(tmp_path: Path) -> None:
    box = free_port()
    way = [{"posOffset": {"offsetLL": ("position-LL3", {"lon": lon, "lat": -500})}} for lon in (-10_000, -1_000)]
    link = {"upstreamNodeId": {"region": 1, "id": 8}, "linkWidth": 350, "points": way, "lanes": [{"laneID": 1}]}
    (tmp_path / "crossing.hex").write_text(map_message(link).hex(), encoding="ascii")
    more = fusing(box) + OWN_MAP
    with LiveUnit(tmp_path, more=more) as unit, zmq.Context() as context, context.socket(zmq.SUB) as bus, Standing(unit, box):
        bus.subscribe("world.")
        bus.connect(f"ipc://{unit.state}/run/bus")
        frames: list[WorldView] = []
        end = time.monotonic() + 30
        while len(frames) < 3 or '"what":"track"' not in frames[-1].geojson:
            assert time.monotonic() < end and bus.poll(10_000), "no world on the bus"
            topic, frame = bus.recv_multipart()
            envelope = decode(frame)
            assert topic == b"world.rsu-t" and isinstance(envelope, WorldView)
            frames.append(envelope)
        assert unit.stop() == 0
    assert [one.number for one in frames] == list(range(1, len(frames) + 1))
    seconds = [one.time_ns // (1_000 * MS) for one in frames]
    assert len(set(seconds)) == len(frames) and seconds[-1] - seconds[0] <= len(frames) + 1
    world = json.loads(frames[-1].geojson)
    assert world["type"] == "FeatureCollection" and world["properties"]["time_ns"] == frames[-1].time_ns
    shown = Counter(feature["properties"]["what"] for feature in world["features"])
    assert shown == {"lane": 1, "stop-line": 1, "track": 2}


def test_the_platform_is_sent_what_is_fused_as_rsm(tmp_path: Path, mosquitto: Daemon) -> None:
    box, platform = free_port(), Platform(mosquitto.port, "V2X.RSU.RSM.UP")
    more = f"""
[mqtt]
host = "127.0.0.1"
port = {mosquitto.port}
"""
    more += fusing(box)
    with LiveUnit(tmp_path, more=more) as unit, Standing(unit, box):
        until(lambda: len(platform.heard) >= 3, "RSM at the platform")
        assert unit.stop() == 0
    payload = platform.heard[-1][1]
    upload = read_upload(KINDS["RSM"], payload)
    kind, value = rsu.load_schema("csae-157").decode("MessageFrame", upload.frames[-1])
    assert (kind, value["id"], upload.number) == ("rsmFrame", b"rsu-t\0\0\0", b"rsu-t\0\0\0")
    assert {each["ptcType"] for each in value["participants"]} == {"pedestrian", "motor"}
    platform.close()


def heard_on(air: socket.socket, maps: int, rsms: int) -> tuple[list[Any], list[Any]]:
    """MAPs and RSMs with both road users, until there are so many."""
    schema = rsu.load_schema("csae-157")
    found: dict[str, list[Any]] = {"mapFrame": [], "rsmFrame": []}
    air.settimeout(30)
    while len(found["mapFrame"]) < maps or len(found["rsmFrame"]) < rsms:
        frame = unwrap(air.recv(4_096), "dsmp")
        kind, value = schema.decode("MessageFrame", frame.payload)
        assert frame.aid == {"mapFrame": 3618, "rsmFrame": 3623}[kind]
        if kind == "mapFrame" or len(value["participants"]) == 2:
            found[kind].append(value)
    return found["mapFrame"][:maps], found["rsmFrame"][:rsms]


def map_message(*links: dict[str, Any]) -> bytes:
    """The smallest MAP: a crossing, with the links that lead in, if any."""
    node: dict[str, Any] = {"id": {"region": 1, "id": 7}, "refPos": {"lat": 295_000_000, "long": 1_065_000_000}}
    if links:
        node["inLinks"] = list(links)
    return rsu.load_schema("csae-157").encode("MessageFrame", ("mapFrame", {"msgCnt": 5, "nodes": [node]}))


def test_a_unit_without_fusion_shows_no_tracks(tmp_path: Path) -> None:
    with LiveUnit(tmp_path) as unit:
        assert unit.status()["tracks"] == {}


# Without a unit -----------------------------------------------------------------------------------------------------------


class Quiet:
    """What a picture needs of a role and of the bus."""

    def __init__(self) -> None:
        self.meter = Meter("engine", 1, 0)
        self.config = Config(store=Store(track_hz=10))
        self.log = self
        self.said: list[str] = []
        self.shown: list[int] = []
        self.worlds: list[int] = []
        self.sent: list[Broadcast] = []

    def critical(self, what: str, **_: object) -> None:
        self.said.append(what)

    def show_tracks(self, time_ns: int, told: Any) -> None:
        self.shown.append(time_ns)
        told()

    def show_world(self, time_ns: int, told: Any) -> None:
        self.worlds.append(time_ns)
        assert json.loads(told())["type"] == "FeatureCollection"


def live() -> tuple[LivePicture, Engine, Quiet]:
    quiet, engine = Quiet(), Engine(Settings(origin=ORIGIN), {})
    return LivePicture(quiet, engine, quiet, ORIGIN, quiet.sent.extend), engine, quiet  # type: ignore[arg-type]


def test_a_tick_that_was_missed_is_left_out() -> None:
    picture, _engine, quiet = live()
    for now_ns in (TIME_NS, TIME_NS + 50 * MS, TIME_NS + 100 * MS, TIME_NS + 950 * MS):
        picture._rest_until_ns = 0
        picture.turn(now_ns)
    assert quiet.shown == [TIME_NS, TIME_NS + 100 * MS, TIME_NS + 900 * MS]
    assert quiet.worlds == [TIME_NS]  # once a second


def test_after_a_tick_that_took_long_the_next_one_waits() -> None:
    picture, _engine, quiet = live()
    picture.turn(TIME_NS)
    picture._rest_until_ns = time.perf_counter_ns() + 60_000 * MS
    picture.turn(TIME_NS + 200 * MS)
    assert quiet.shown == [TIME_NS]


def test_a_fault_of_fusion_is_told_and_the_picture_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, engine, quiet = live()

    def broken(*_: object) -> None:
        raise FloatingPointError("singular")

    assert engine.picture is not None
    monkeypatch.setattr(engine.picture.fusion, "step", broken)
    picture.turn(TIME_NS)
    picture._rest_until_ns = 0
    picture.turn(TIME_NS + 100 * MS)
    assert quiet.said == ["fusion fault"] and quiet.shown == [TIME_NS, TIME_NS + 100 * MS]
    assert engine.picture.faults["begun-anew"] == 1


def test_samples_wait_for_a_record_up_to_a_bound_and_are_counted_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.setattr("rsu.pipeline.picture.WAITING_MAX", 3)
    picture, _engine, quiet = live()
    for number in range(4):
        row = np.zeros(1, TRACK)
        row["id"] = number + 1
        picture._keep(row)
    assert quiet.meter.counters["rsu_fusion_passed_over_total", (("reason", "samples"),)] == 1
    found = picture.samples("rsu-t", bytes(16), 9)
    assert [(one.rsu_id, one.sequence, one.track_id) for one in found] == [("rsu-t", 9, number) for number in (2, 3, 4)]
    assert picture.samples("rsu-t", bytes(16), 9) == []


def test_a_track_is_told_in_the_units_of_the_records() -> None:
    import numpy as np

    row = np.zeros(1, TRACK)
    row["id"], row["time_ns"], row["cls"], row["sender"] = 5, TIME_NS, 1, b"0a0b"
    row["x"], row["y"], row["heading"], row["speed"], row["length"] = 0.0, 1_000.0, np.pi, 12.3456, 4.5
    row["width"] = row["height"] = np.nan
    row["cov"][0][0, 0], row["cov"][0][1, 1], row["cov"][0][3, 3] = 4.0, 1.0, 0.25
    (track,) = told(row, ORIGIN)
    # 1 km north at 29.5°: M(φ) = a(1−e²)/(1−e² sin²φ)^1.5 = 6,350,962 m; 1000 / M · 180/π = 0.00902157°
    assert track.lat_e7 == pytest.approx(295_000_000 + 90_216, abs=3) and track.lon_e7 == 1_065_000_000
    assert (track.heading_deg, track.speed_mps, track.position_std_m, track.speed_std_mps) == (270.0, 12.346, 2.0, 0.5)
    assert (track.cls, track.sender, track.length_m, track.width_m) == ("vehicle", "0a0b", 4.5, None)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(track))["track_id"] == 5 and told(row[:0], ORIGIN) == []
