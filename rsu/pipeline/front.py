"""Ingest and engine in one thread: the shortest way from the radio to those who listen, for roles that share a process.

The records go from hand to hand, without a socket between; everything else is as in the roles by themselves.
"""

from __future__ import annotations

import time

from rsu.pipeline.engine import POLL_MS, EngineRole
from rsu.pipeline.envelope import Records
from rsu.pipeline.ingest import Ingest
from rsu.pipeline.role import Role


def run(ingest_role: Role, engine_role: Role) -> None:
    """Runs until ingest is stopped and drained, and the engine is stopped as well."""
    engine = EngineRole(engine_role)

    def hand_on(records: Records) -> bool:
        engine.take(records)
        return True

    ingest = Ingest(ingest_role, hand_on, None)
    try:
        while not ingest_role.stop.is_set():
            ingest.turn(POLL_MS)
            engine.keep_house(time.monotonic_ns())
        ingest.drain(lambda: engine.keep_house(time.monotonic_ns()))
    finally:
        ingest.close()
        engine.close()
