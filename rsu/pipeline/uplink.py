"""The uplink role: the outbox to the platforms, and what they hand down into the inlet."""

from __future__ import annotations

import time

from rsu.config import state_path
from rsu.errors import StoreError
from rsu.pipeline import envelope
from rsu.pipeline.envelope import Heard, Inlet
from rsu.pipeline.role import POLL_MS, Role, send
from rsu.store.outbox import Outbox, Reader
from rsu.uplink import Uplink


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
        return send(inlet, envelope.encode(Inlet(items=[heard])))

    try:
        Uplink(config, reader, role.meter, deliver, role.report).run(role.stop)
    finally:
        inlet.close(linger=1_000)
        reader.close()


def _reader(role: Role) -> Reader | None:
    """The outbox, as soon as the recorder has made it."""
    path = state_path(role.config, role.config.store.outbox)
    while not role.stop.is_set():
        try:
            return Outbox.reader(path)
        except StoreError:
            if path.exists() and path.stat().st_size and time.time() - path.stat().st_mtime > 5:
                raise
        role.stop.wait(POLL_MS / 1_000)
        role.report()
    return None
