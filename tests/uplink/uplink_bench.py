"""Uplinks of unit R1 to an MQTT broker, and what they were sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from uplink_world import START_NS, Platform, Running, Shelf

from rsu.config.sections import Config, Mqtt, Unit
from rsu.engine import Stored
from rsu.observability.meter import Meter
from rsu.schema import Schema
from rsu.sources.live.base import Heard
from rsu.uplink import Parameters, Uplink, backoff
from rsu.uplink.its0117 import KINDS, read_upload
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


def connected(running: Running) -> bool:
    return bool(running.uplink.report()["mqtt"]["connected"])


def sequences(platform: Platform, schema: Schema) -> list[int]:
    """The sequence numbers of the BSMs that the platform got."""
    found = []
    for payload in platform.of("V2X.RSU.BSM.UP"):
        upload = read_upload(KINDS["BSM"], payload)
        found += [schema.decode("MessageFrame", frame)[1]["secMark"] for frame in upload.frames]
    return found
