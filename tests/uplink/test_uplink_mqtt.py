"""The uplink against a real mosquitto: all arrives, also when the broker dies; orders are obeyed; garbage does no harm."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from uplink_world import START_NS, Daemon, Gate, Load, Platform, Running, Shelf, until

from rsu.config.sections import Config, Mqtt, Unit
from rsu.engine import Stored
from rsu.observability.meter import Meter
from rsu.schema import Schema
from rsu.sources.live.base import Heard
from rsu.uplink import Parameters, Uplink, backoff
from rsu.uplink.its0117 import KINDS, read_upload, write_upload
from rsu.uplink.target import Parameters as TargetParameters

QUICK = Parameters(
    backoff=backoff.Parameters(first_s=0.1, most_s=0.2), target=TargetParameters(idle_poll_s=0.02, ack_s_max=2.0)
)
R1 = b"R1".ljust(8, b"\0")
Record = Callable[..., Stored]
Frame = Callable[..., bytes]


class Bench:
    """Starts uplinks of unit R1 with MQTT, and keeps what they were sent."""

    def __init__(self, folder: Path, shelf: Shelf, meter: Meter, closing: Callable[..., Any]) -> None:
        self.folder = folder
        self.shelf = shelf
        self.meter = meter
        self.closing = closing
        self.heard: list[Heard] = []
        self.takes: bool | None = None
        self.restarts = 0

    def start(self, port: int, *, unit_id: str = "R1", restart: bool = False, **settings: Any) -> Running:
        known = {"heartbeat_s": 3_600.0, "running_info_s": 3_600.0}
        config = Config(
            unit=Unit(id=unit_id, state_dir=str(self.folder), lat_deg=28.1, lon_deg=112.9),
            mqtt=Mqtt(host="127.0.0.1", port=port, **(known | settings)),
        )
        uplink = Uplink(
            config, self.shelf, self.meter, self._deliver, lambda: {"ready": True, "senders": 3},
            restart=self._restart if restart else None, parameters=QUICK, clock=lambda: START_NS,
        )  # fmt: skip
        running: Running = self.closing(Running(uplink))
        return running

    def _deliver(self, heard: Heard) -> bool | None:
        self.heard.append(heard)
        return self.takes

    def _restart(self) -> None:
        self.restarts += 1


@pytest.fixture
def bench(tmp_path: Path, shelf: Shelf, meter: Meter, closing: Callable[..., Any]) -> Bench:
    return Bench(tmp_path, shelf, meter, closing)


def connected(running: Running) -> bool:
    return bool(running.uplink.report()["mqtt"]["connected"])


def sequences(platform: Platform, schema: Schema) -> list[int]:
    """The sequence numbers of the BSMs that the platform got."""
    found = []
    for payload in platform.of("V2X.RSU.BSM.UP"):
        upload = read_upload(KINDS["BSM"], payload)
        found += [schema.decode("MessageFrame", frame)[1]["secMark"] for frame in upload.frames]
    return found


def test_each_kind_goes_to_its_topic_and_other_records_are_counted(
    mosquitto: Daemon, bench: Bench, record: Record, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "#"))
    types = ["BasicSafetyMessage", "BasicSafetyMessage", "MapData", "RoadsideSafetyMessage", "SPAT", "RoadSideInformation"]
    records = [record(number, name) for number, name in enumerate(types, 1)]
    last = bench.shelf.put(*records, record(7, type="PersonalSafetyMessage"))
    running = bench.start(mosquitto.port)
    until(lambda: bench.shelf.delivered("mqtt") == last)
    wanted = [("BSM", 1, 2), ("MAP", 3, 3), ("RSM", 4, 4), ("SPAT", 5, 5), ("RSI", 6, 6)]
    until(lambda: all(platform.of(f"V2X.RSU.{kind}.UP") for kind, _, _ in wanted))
    for name, first, end in wanted:  # records stand a millisecond apart, and carry no header here
        frames = [known.raw for known in records[first - 1 : end]]
        expected = write_upload(KINDS[name], R1, START_NS // 1_000_000 + first, frames)
        assert platform.of(f"V2X.RSU.{name}.UP") == [expected]
    assert running.uplink.report()["mqtt"] | {"cursor": 0} == {
        "connected": True, "lag_s": 0.0, "uploaded": 6, "cursor": 0, "last_error": ""
    }  # fmt: skip
    counters = {(name, labels): value for name, labels, value in bench.meter.report(0).counters}
    assert counters["rsu_uploaded_total", (("target", "mqtt"),)] == 6
    assert counters["rsu_upload_passed_over_total", (("reason", "kind"), ("target", "mqtt"))] == 1


def test_a_broker_killed_under_load_loses_no_record_and_the_cursor_only_grows(
    mosquitto: Daemon, bench: Bench, schema: Schema, record: Record, closing: Callable[..., Any]
) -> None:
    """The gate stays shut until the platform is subscribed again: what nobody hears, a broker may acknowledge and forget."""
    gate = closing(Gate(mosquitto.port))
    platform = closing(Platform(mosquitto.port, "V2X.RSU.BSM.UP"))
    running = bench.start(gate.port)
    load = closing(Load(bench.shelf, record))
    for _ in range(10):
        begun = len(platform.heard)
        until(lambda begun=begun: len(platform.heard) > begun + 20)  # type: ignore[misc]
        gate.shut()
        mosquitto.kill()
        platform.subscribed.clear()
        mosquitto.start()
        until(platform.subscribed.is_set)
        gate.open()
    load.close()
    until(lambda: bench.shelf.delivered("mqtt") == bench.shelf.parcels[-1].id)
    until(lambda: set(sequences(platform, schema)) == set(range(1, load.sent + 1)))
    moves = [number for _, number in bench.shelf.moves]
    assert moves == sorted(set(moves))
    assert running.uplink.report()["mqtt"]["uploaded"] == load.sent


def test_a_stalled_connection_is_given_up_and_everything_arrives_on_the_next(
    mosquitto: Daemon, bench: Bench, schema: Schema, record: Record, closing: Callable[..., Any]
) -> None:
    gate = closing(Gate(mosquitto.port))
    platform = closing(Platform(mosquitto.port, "V2X.RSU.BSM.UP"))
    running = bench.start(gate.port)
    until(lambda: connected(running))
    gate.stall()
    last = [bench.shelf.put(record(number)) for number in range(1, 101)][-1]
    until(lambda: running.uplink.report()["mqtt"]["last_error"])
    assert not bench.shelf.delivered("mqtt")
    gate.flow()
    until(lambda: bench.shelf.delivered("mqtt") == last)
    until(lambda: set(sequences(platform, schema)) == set(range(1, 101)))


def test_a_subscriber_that_hangs_does_not_hold_up_the_upload(
    mosquitto: Daemon, bench: Bench, record: Record, closing: Callable[..., Any]
) -> None:
    gate = closing(Gate(mosquitto.port))
    closing(Platform(gate.port, "V2X.RSU.BSM.UP"))
    gate.stall()
    last = [bench.shelf.put(*(record(number) for number in range(first, first + 50))) for first in range(1, 1_001, 50)][-1]
    bench.start(mosquitto.port)
    until(lambda: bench.shelf.delivered("mqtt") == last)


def test_no_broker_is_an_error_that_is_shown_and_a_lag_that_grows(
    bench: Bench, record: Record, closing: Callable[..., Any]
) -> None:
    gate = closing(Gate(1))
    gate.shut()
    bench.shelf.put(record(1, receive_time_ns=START_NS - 5_000_000_000))
    running = bench.start(gate.port)
    until(lambda: running.ticks >= 2 and running.uplink.report()["mqtt"]["last_error"])
    assert running.uplink.report()["mqtt"]["connected"] is False
    report = bench.meter.report(0)
    gauges = {(name, labels): value for name, labels, value in report.gauges}
    assert gauges["rsu_upload_lag_seconds", (("target", "mqtt"),)] == 5.0
    assert any(name == "rsu_upload_errors_total" for name, _, _ in report.counters)


def test_the_unit_reports_itself_and_answers_a_query_in_the_spelling_of_openv2x(
    mosquitto: Daemon, bench: Bench, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X/#"))
    bench.start(
        mosquitto.port, topic_up="V2X/RSU/[{rsu}/]{type}/UP", topic_down="V2X/RSU/[{rsu}/]{type}/DOWN", heartbeat_s=0.1
    )
    topics = [f"V2X/RSU/{name}/UP" for name in ("BaseINFO", "INFO", "HB", "RunningInfo")]
    until(lambda: all(platform.of(topic) for topic in topics) and len(platform.of("V2X/RSU/HB/UP")) >= 3)
    base, info, beat, running = (msgspec.json.decode(platform.of(topic)[0]) for topic in topics)
    assert {said["rsuEsn"] for said in (base, info, beat, running)} == {"R1"}
    assert (base["rsuStatus"], base["location"]) == ("normal", {"lon": 112.9, "lat": 28.1})
    assert info["config"]["bsmConfig"] == {
        "upLimit": -1, "upFilters": [], "sampleMode": "ByAll", "sampleRate": -1, "actualSampleRate": 0
    }  # fmt: skip
    assert {"cpu", "mem", "disk", "net"} <= running.keys()
    query = {"rsuId": 1, "rsuEsn": "R1", "timestamp": 1, "infoId": 2, "interval": 0, "ack": True, "seqNum": "7"}
    platform.say("V2X/RSU/R1/INFOQuery", msgspec.json.encode(query))
    until(lambda: platform.of("V2X/RSU/INFOQuery/Response"))
    answer = msgspec.json.decode(platform.of("V2X/RSU/INFOQuery/Response")[0])
    assert (answer["seqNum"], answer["Infotype"], answer["InfoValue"]["status"]) == ("7", 2, {"ready": True, "senders": 3})


def test_a_map_from_the_platform_is_delivered_and_acknowledged_in_both_forms(
    mosquitto: Daemon, bench: Bench, schema: Schema, frame: Frame, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.MAP.DOWN.ACK"))
    running = bench.start(mosquitto.port)
    until(lambda: connected(running))
    octets = frame("MapData")
    platform.say("V2X.RSU.MAP.DOWN", write_upload(KINDS["MAP"], R1, 1, [octets]))
    value = msgspec.json.decode(schema.to_json("MessageFrame", octets))["mapFrame"]
    platform.say("V2X.RSU.MAP.DOWN", msgspec.json.encode({"mapSlice": "s", "map": value, "ack": True, "seqNum": "9"}))
    until(lambda: len(platform.heard) == 2)
    assert [payload for _, payload in platform.heard] == [b'{"errorCode":0}', b'{"seqNum":"9","errorCode":0}']
    meta = {"broadcast": 1, "topic": "V2X.RSU.MAP.DOWN"}
    expected = Heard("mqtt", 0, octets, "uu", header="none", standard="csae-157", meta=meta)
    assert [heard._replace(receive_time_ns=0) for heard in bench.heard] == [expected] * 2


def test_garbage_on_every_topic_half_and_half_is_refused_counted_and_the_good_half_delivered(
    mosquitto: Daemon, bench: Bench, record: Record, frame: Frame, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.MAP.DOWN.ACK"))
    running = bench.start(mosquitto.port)
    until(lambda: connected(running))
    random_bytes = random.Random(7)
    good = write_upload(KINDS["MAP"], R1, 1, [frame("MapData")])
    topics = [f"V2X.RSU.{name}.DOWN" for name in ("MAP", "RSI", "RSM", "SPAT", "CONFIG", "MNG")] + ["V2X.RSU.INFOQuery"]
    for place in range(100):
        platform.say("V2X.RSU.MAP.DOWN", good)
        starts = random_bytes.choice([b"", b"{", b'{"map":[', b"[[[[", good[:17], good[:-1]])
        platform.say(topics[place % len(topics)], starts + random_bytes.randbytes(random_bytes.randrange(300)))
    last = bench.shelf.put(record(1))
    until(lambda: len(bench.heard) == 100 and bench.shelf.delivered("mqtt") == last)
    until(lambda: sum(running.uplink.links[0]._orders.counts.values()) == 200)  # type: ignore[attr-defined]
    counts = running.uplink.links[0]._orders.counts  # type: ignore[attr-defined]
    assert counts["MAP", "done"] == 100
    assert sum(number for (_, result), number in counts.items() if result == "refused") == 100
    until(lambda: len(platform.heard) == 115)  # 100 for the good ones, 15 of the bad ones went to MAP
    codes = [msgspec.json.decode(payload)["errorCode"] for _, payload in platform.heard]
    assert codes.count(0) == 100


def test_config_changes_the_rates_is_acknowledged_told_in_info_and_outlives_a_restart(
    mosquitto: Daemon, bench: Bench, schema: Schema, record: Record, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.BSM.UP", "V2X.RSU.CONFIG.DOWN.ACK", "V2X.RSU.INFO.UP"))
    running = bench.start(mosquitto.port)
    until(lambda: len(platform.of("V2X.RSU.INFO.UP")) == 1)
    order = {"bsmConfig": {"sampleMode": "ByAll", "sampleRate": 10_000, "upLimit": 5}, "ack": True, "seqNum": "3"}
    platform.say("V2X.RSU.CONFIG.DOWN", msgspec.json.encode(order))
    until(lambda: len(platform.of("V2X.RSU.INFO.UP")) == 2)
    assert platform.of("V2X.RSU.CONFIG.DOWN.ACK") == [b'{"seqNum":"3","errorCode":0}']
    assert msgspec.json.decode(platform.of("V2X.RSU.INFO.UP")[1])["config"]["bsmConfig"]["upLimit"] == 5
    last = bench.shelf.put(*(record(number) for number in range(1, 101)))  # all in one second
    until(lambda: bench.shelf.delivered("mqtt") == last)
    until(lambda: sequences(platform, schema) == [1, 2, 3, 4, 5])
    running.close()
    bench.start(mosquitto.port)
    second = 1_000  # records stand a millisecond apart
    last = bench.shelf.put(*(record(second + number) for number in range(100)))
    until(lambda: bench.shelf.delivered("mqtt") == last)
    until(lambda: sequences(platform, schema) == [1, 2, 3, 4, 5, *range(second, second + 5)])


def test_management_changes_the_periods_and_a_retained_order_to_restart_is_not_obeyed(
    mosquitto: Daemon, bench: Bench, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.HB.UP", "V2X.RSU.MNG.DOWN.ACK"))
    platform.say("V2X.RSU.MNG.DOWN", b'{"reboot":1,"timestamp":5,"ack":true,"seqNum":"1"}', retain=True)
    running = bench.start(mosquitto.port, restart=True)
    until(lambda: platform.of("V2X.RSU.MNG.DOWN.ACK"))
    assert bench.restarts == 0
    platform.say("V2X.RSU.MNG.DOWN", b'{"hbRate":1,"reboot":0,"ack":true,"seqNum":"2"}')
    until(lambda: len(platform.of("V2X.RSU.HB.UP")) >= 3)
    again = b'{"reboot":1,"timestamp":6,"ack":true,"seqNum":"4"}'
    platform.say("V2X.RSU.MNG.DOWN", again)
    until(lambda: bench.restarts == 1)
    platform.say("V2X.RSU.MNG.DOWN", again)  # as a broker does that did not see our acknowledgement
    until(lambda: len(platform.of("V2X.RSU.MNG.DOWN.ACK")) == 4)
    assert bench.restarts == 1 and connected(running)


def test_orders_sent_while_the_unit_is_away_arrive_when_it_is_back(
    mosquitto: Daemon, bench: Bench, frame: Frame, closing: Callable[..., Any]
) -> None:
    platform = closing(Platform(mosquitto.port, "V2X.RSU.RSI.DOWN.ACK"))
    running = bench.start(mosquitto.port)
    until(lambda: connected(running) and running.ticks)
    running.close()
    platform.say("V2X.RSU.RSI.DOWN", write_upload(KINDS["RSI"], bytes(8), 1, [frame("RoadSideInformation")]))
    bench.start(mosquitto.port)
    until(lambda: len(bench.heard) == 1 and platform.heard)


@pytest.mark.parametrize("orderly", [True, False], ids=["stopped", "cut-off"])
def test_the_platform_is_told_when_the_unit_is_gone(
    mosquitto: Daemon, bench: Bench, closing: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, orderly: bool
) -> None:
    monkeypatch.setattr("rsu.uplink.mqtt.WILL_DELAY_S", 0)
    gate = closing(Gate(mosquitto.port))
    platform = closing(Platform(mosquitto.port, "V2X.RSU.BaseINFO.UP"))
    running = bench.start(gate.port)
    until(lambda: platform.heard)
    if orderly:
        running.close()
    else:
        gate.shut()
    until(lambda: [msgspec.json.decode(said)["rsuStatus"] for _, said in platform.heard][:2] == ["normal", "abnormal"])


def test_a_message_that_the_broker_refuses_is_not_delivered_and_the_reason_is_shown(
    broker: Callable[..., Daemon], bench: Bench, record: Record, tmp_path: Path
) -> None:
    (tmp_path / "acl").write_text("topic readwrite V2X.RSU.BaseINFO.UP\ntopic readwrite V2X.RSU.INFO.UP\n")
    daemon = broker(f"acl_file {tmp_path / 'acl'}")
    bench.shelf.put(record(1))
    running = bench.start(daemon.port)
    until(lambda: running.uplink.report()["mqtt"]["last_error"])
    assert running.uplink.report()["mqtt"]["last_error"] == "the broker refused a message: Not authorized"
    assert bench.shelf.delivered("mqtt") == 0


def test_a_message_larger_than_the_broker_takes_is_counted_and_the_others_go(
    broker: Callable[..., Daemon], bench: Bench, record: Record, schema: Schema, closing: Callable[..., Any], meter: Meter
) -> None:
    daemon = broker("max_packet_size 400")
    platform = closing(Platform(daemon.port, "V2X.RSU.BSM.UP"))
    bench.shelf.put(*(record(number) for number in range(1, 51)))  # one payload of about 2,000 octets
    last = bench.shelf.put(record(51))
    running = bench.start(daemon.port)
    until(lambda: bench.shelf.delivered("mqtt") == last)
    until(lambda: sequences(platform, schema) == [51])
    counters = {(name, labels): value for name, labels, value in meter.report(0).counters}
    assert counters["rsu_upload_passed_over_total", (("reason", "too-large"), ("target", "mqtt"))] == 50
    assert connected(running)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own CA, and its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: apt install openssl")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([program, *request.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


def test_an_encrypted_connection_with_a_password_from_a_file(
    broker: Callable[..., Daemon], bench: Bench, record: Record, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed: apt install mosquitto")
    subprocess.run([program, "-b", "-c", str(tmp_path / "users"), "unit", "right"], check=True, capture_output=True)
    (tmp_path / "right").write_text("right\n")
    (tmp_path / "wrong").write_text("wrong\n")
    daemon = broker(f"certfile {certificate[0]}\nkeyfile {certificate[1]}\npassword_file {tmp_path / 'users'}", anonymous=False)
    last = bench.shelf.put(record(1))
    known = {"tls_ca_file": str(certificate[0]), "username": "unit"}
    refused = bench.start(daemon.port, password_file=str(tmp_path / "wrong"), client_id="other", **known)
    until(lambda: "Not authorized" in refused.uplink.report()["mqtt"]["last_error"])
    assert bench.shelf.delivered("mqtt") == 0
    refused.close()
    bench.start(daemon.port, password_file=str(tmp_path / "right"), **known)
    until(lambda: bench.shelf.delivered("mqtt") == last)
