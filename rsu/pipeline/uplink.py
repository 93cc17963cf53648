"""The uplink role: the outbox to the platforms, and what they hand down into the inlet."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

from rsu.config import Config, state_path
from rsu.errors import StoreError
from rsu.pipeline import envelope
from rsu.pipeline.envelope import Inlet
from rsu.pipeline.role import POLL_MS, Role, send
from rsu.sources.live.base import Heard
from rsu.store.outbox import Outbox, Reader
from rsu.uplink import Uplink

OUTBOX_WAIT_S = 5.0  # a file that is there so long and still cannot be read is an error
STATUS_TIMEOUT_S = 2.0


def run(role: Role) -> None:
    """Runs until it is stopped; without a platform in the settings it only says that it is there."""
    config = role.config
    if config.mqtt is None and config.nats is None:
        while not role.stop.wait(POLL_MS / 1_000):
            role.report()
        return
    reader = _reader(role)
    if reader is None:
        return
    inlet = role.links.push("inlet")

    def deliver(heard: Heard) -> bool:
        return send(inlet, envelope.encode(Inlet(items=[pushed(heard)])))

    try:
        Uplink(config, reader, role.meter, deliver, lambda: _status(config)).run(role.stop, role.report)
    finally:
        inlet.close(linger=1_000)
        reader.close()


def pushed(heard: Heard) -> envelope.Heard:
    """A record from the platform as the inlet takes it."""
    return envelope.Heard(
        channel=heard.channel,
        source=heard.source,
        receive_time_ns=heard.receive_time_ns,
        data=heard.data,
        content=heard.content,
        record_type=heard.record_type,
        header=heard.header,
        standard=heard.standard,
        meta=heard.meta or {},
    )


def _reader(role: Role) -> Reader | None:
    """The outbox, as soon as the recorder has made it."""
    path = state_path(role.config, role.config.store.outbox)
    while not role.stop.is_set():
        try:
            return Outbox.reader(path)
        except StoreError:
            if path.exists() and time.time() - path.stat().st_mtime > OUTBOX_WAIT_S:
                raise
        role.stop.wait(POLL_MS / 1_000)
        role.report()
    return None


def _status(config: Config) -> dict[str, Any]:
    """What the supervisor says of the unit; nothing while it does not answer."""
    if not config.observability.listen:
        return {}
    try:
        with urllib.request.urlopen(f"http://{config.observability.listen}/status", timeout=STATUS_TIMEOUT_S) as answer:
            return dict(json.load(answer))
    except (OSError, ValueError):
        return {}
