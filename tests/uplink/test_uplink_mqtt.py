"""The uplink against a real mosquitto: every record arrives, also when the broker dies, refuses or hangs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from uplink_bench import R1, Bench, Record, connected, sequences
from uplink_world import START_NS, Daemon, Gate, Load, Platform, until

from rsu.observability.meter import Meter
from rsu.schema import Schema
from rsu.uplink.its0117 import KINDS, write_upload

REPORTS = ("BaseINFO", "INFO", "HB", "RunningInfo")


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
    assert counters["rsu_uplink_sent_total", (("target", "mqtt"),)] == 6
    assert counters["rsu_uplink_passed_over_total", (("reason", "kind"), ("target", "mqtt"))] == 1


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
    assert any(name == "rsu_uplink_errors_total" for name, _, _ in report.counters)


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
    (tmp_path / "acl").write_text("".join(f"topic readwrite V2X.RSU.{name}.UP\n" for name in REPORTS))
    daemon = broker(f"acl_file {tmp_path / 'acl'}")
    bench.shelf.put(record(1))
    running = bench.start(daemon.port)
    until(lambda: running.uplink.report()["mqtt"]["last_error"])
    assert running.uplink.report()["mqtt"]["last_error"] == ("the broker refused a message to V2X.RSU.BSM.UP: Not authorized")
    assert bench.shelf.delivered("mqtt") == 0


def test_a_report_that_the_broker_refuses_does_not_hold_up_the_records(
    broker: Callable[..., Daemon], bench: Bench, record: Record, tmp_path: Path
) -> None:
    (tmp_path / "acl").write_text("topic readwrite V2X.RSU.BSM.UP\ntopic readwrite V2X.RSU.BaseINFO.UP\n")
    daemon = broker(f"acl_file {tmp_path / 'acl'}")
    running = bench.start(daemon.port, heartbeat_s=0.1)
    for number in range(1, 4):
        last = bench.shelf.put(record(number))
        until(lambda last=last: bench.shelf.delivered("mqtt") == last)  # type: ignore[misc]
    report = running.uplink.report
    until(lambda: report()["mqtt"]["connected"] and "Not authorized" in report()["mqtt"]["last_error"])


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
    assert counters["rsu_uplink_passed_over_total", (("reason", "too-large"), ("target", "mqtt"))] == 50
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
