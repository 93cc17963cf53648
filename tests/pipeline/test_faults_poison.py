"""A record that ends the engine's process each time it is stepped through: it is found and shed, and all others are stored."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from live_unit import EACH_ALONE, ROOT, LiveUnit, is_balanced, keep_sending, until

POISON = b"poison for the engine"
#: Python takes it in before all else: the engine of the unit ends without a word at the poison, as at a fault in machine code.
SITE = f"""
import os
import rsu.engine.step as step

taken = step.Engine.step


def stepped(self, received, now_ns, *, again=False):
    if {POISON!r} in received.data:
        os._exit(139)
    return taken(self, received, now_ns, again=again)


step.Engine.step = stepped
"""


@pytest.mark.slow
def test_a_record_that_kills_the_engine_is_shed_and_the_unit_goes_on(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    environ = {"PYTHONPATH": f"{site}:{ROOT}"}
    patient = "age_ms_max = 60_000"  # what waits meanwhile is not to be shed for its age
    with LiveUnit(tmp_path, processes=EACH_ALONE, pipeline=patient, selftest_s=0, environ=environ) as unit:
        done = threading.Event()
        sender = threading.Thread(target=keep_sending, args=(unit, done, 100.0))
        sender.start()
        try:
            until(lambda: unit.stored() > 50, "it stores")
            unit.send_octets(POISON)
            until(lambda: unit.metrics().get('rsu_shed_total{reason="poison"}') == 1, "the poison is found", 120)
            sent = unit.sent
        finally:
            done.set()
            sender.join()
        until(lambda: len(unit.numbers()) == unit.sent, f"all are stored, also those after {sent}", 120)
        assert f'"octets":"{POISON.hex()}","event":"poison"' in unit.log.read_text()
        assert unit.stop() == 0
        ledger = unit.ledger()
        assert is_balanced(ledger) and (ledger["shed"], ledger["quarantined"]) == (1, 0)
        assert unit.lost_and_twice() == (1, 0) and len(set(unit.numbers())) == unit.sent
