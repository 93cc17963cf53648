"""``kill -9`` of any role at random moments while a unit hears traffic; each turn in a fresh state folder."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rsu.observability.processes import usage
from tests.pipeline.live_unit import EACH_ALONE, ROLES, LiveUnit, keep_sending

TURN_KILLS = 50
PAUSE_S_MAX = 0.5  # between two kills, beside the time until the killed role is there again


class Plan(NamedTuple):
    seed: int
    kills: int
    rate_hz: int


class Turn(NamedTuple):
    """What came of the kills in one state folder.

    :param acknowledged: records of which the recorder said that they are on the disk.
    :param lost, twice: acknowledged records without a row, rows that no acknowledged record has.
    :param rss_kib: of the supervisor, which is not killed: when the unit was ready, before it stopped.
    """

    by_role: Counter[str]
    sent: int
    acknowledged: int
    lost: int
    twice: int
    rss_kib: tuple[int, int]


def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> list[Turn]:
    """All kills, in turns; ends with the first turn that lost a record or stored one twice, and keeps that one's folder.

    :param folder: where the state folders are made.
    """
    draw = random.Random(plan.seed)
    turns: list[Turn] = []
    done = 0
    while done < plan.kills:
        place = folder / f"turn-{len(turns)}"
        place.mkdir(parents=True)
        begun = time.monotonic()
        turn = _turn(plan, min(TURN_KILLS, plan.kills - done), place, draw)
        turns.append(turn)
        done += turn.by_role.total()
        say(
            f"{done:,} of {plan.kills:,} kills, {turn.acknowledged:,} records in {time.monotonic() - begun:.0f} s, "
            f"lost {turn.lost}, twice {turn.twice}"
        )
        if turn.lost or turn.twice:
            say(f"what is wrong lies in {place}")
            break
        shutil.rmtree(place)
    return turns


def _turn(plan: Plan, kills: int, folder: Path, draw: random.Random) -> Turn:
    by_role: Counter[str] = Counter()
    with LiveUnit(folder, processes=EACH_ALONE, selftest_s=0) as unit:
        done = threading.Event()
        sender = threading.Thread(target=keep_sending, args=(unit, done, plan.rate_hz))
        before = _supervisor_kib(unit)
        sender.start()
        try:
            for _ in range(kills):
                time.sleep(draw.uniform(0.0, PAUSE_S_MAX))
                role = draw.choice(ROLES)
                unit.kill(role)
                by_role[role] += 1
        finally:
            done.set()
            sender.join()
        after = _supervisor_kib(unit)
        code = unit.stop()
        assert code == 0, f"the unit's exit code is {code}: {unit.log}"
        lost, twice = unit.lost_and_twice()
        if not lost and not twice:
            unit.assert_exactly_once()
        return Turn(by_role, unit.sent, sum(unit.heads().values()), lost, twice, (before, after))


def _supervisor_kib(unit: LiveUnit) -> int:
    assert unit.process is not None
    found = usage(unit.process.pid)
    assert found is not None
    return found.rss_octets // 1024
