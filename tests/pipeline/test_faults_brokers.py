"""The platform's broker or the zone's hub dies under load: what the unit heard arrives all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_brokers import Daemon, Gate, Platform, identities
from live_unit import LiveUnit, bsm, load, until

from rsu.frames import unwrap
from rsu.uplink.its0117 import KINDS, read_upload

OUTAGES = 2
RATE = 500.0
BSM_UP = "V2X.RSU.BSM.UP"


@pytest.mark.slow
def test_a_broker_killed_under_load_hands_every_record_to_the_platform(tmp_path: Path, mosquitto: Daemon) -> None:
    """The gate stays shut until the platform is subscribed again: what nobody hears, a broker may acknowledge and forget."""
    gate = Gate(mosquitto.port)
    platform = Platform(mosquitto.port, BSM_UP)
    with LiveUnit(tmp_path, more=f'[mqtt]\nhost = "127.0.0.1"\nport = {gate.port}\n') as unit:
        with load(unit, RATE):
            for _ in range(OUTAGES):
                heard = len(platform.heard)
                until(lambda heard=heard: len(platform.heard) > heard + 5, "uploads")  # type: ignore[misc]
                gate.shut()
                mosquitto.kill()
                platform.subscribed.clear()
                until(lambda: not link_up(unit, "mqtt"), "the outage in /status")
                mosquitto.start()
                until(platform.subscribed.is_set, "the platform hears again")
                gate.open()
                until(lambda: link_up(unit, "mqtt"), "the unit is back")
        wanted = {unwrap(bsm(number), "dsmp").payload for number in range(unit.sent)}
        until(lambda: uploaded(platform) == wanted, "every frame at the platform")
        assert unit.stop() == 0
    platform.close()
    gate.close()


@pytest.mark.slow
def test_a_hub_killed_under_load_has_every_record_exactly_once(tmp_path: Path, hub: Daemon) -> None:
    with LiveUnit(tmp_path, more=f'[nats]\nservers = ["nats://127.0.0.1:{hub.port}"]\n', selftest_s=0) as unit:
        with load(unit, RATE):
            for _ in range(OUTAGES):
                until(lambda: link_up(unit, "nats"), "the unit is connected")
                before = uploads(unit, "nats")
                until(lambda before=before: uploads(unit, "nats") > before + 100, "uploads")  # type: ignore[misc]
                hub.kill()
                until(lambda: not link_up(unit, "nats"), "the outage in /status")
                hub.start()
        until(lambda: uploads(unit, "nats") == unit.sent, "all is in the stream")
        assert unit.stop() == 0
        (boot,) = unit.heads()
    assert sorted(identities(hub.port)) == sorted(f"rsu-t:{boot.hex()}:{number}" for number in range(1, unit.sent + 1))


def uploaded(platform: Platform) -> set[bytes]:
    return {frame for payload in platform.of(BSM_UP) for frame in read_upload(KINDS["BSM"], payload).frames}


def link_up(unit: LiveUnit, target: str) -> bool:
    return any(row["up"] for row in unit.status()["targets"] if row["target"] == target)


def uploads(unit: LiveUnit, target: str) -> int:
    return int(unit.metrics().get(f'rsu_uplink_sent_total{{target="{target}"}}', 0))
