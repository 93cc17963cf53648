"""The ring of snapshots: its span, its bound, and time that goes back."""

from __future__ import annotations

import pytest
from world_scene import NOW_NS, SECOND_NS, tracks, world

from rsu.world import World


def stepped(made: World, *seconds: float) -> World:
    for second in seconds:
        made.step(tracks(), NOW_NS + round(second * SECOND_NS))
    return made


def kept(made: World) -> list[float]:
    return [(each.time_ns - NOW_NS) / SECOND_NS for each in made.history.since(0)]


@pytest.mark.parametrize(
    ("seconds", "left"),
    [([0, 10], [0, 10]), ([0, 0.5, 10.25], [0.5, 10.25]), ([0, 100], [100]), ([1, 1], [1])],
    ids=["at-the-edge", "one-past-it", "a-pause", "the-same-moment"],
)
def test_snapshots_are_kept_for_ten_seconds(seconds: list[float], left: list[float]) -> None:
    assert kept(stepped(world(), *seconds)) == left


@pytest.mark.parametrize(("count", "left", "full"), [(4, [0, 1, 2, 3], 0), (5, [1, 2, 3, 4], 1)])
def test_so_many_snapshots_are_kept(count: int, left: list[int], full: int) -> None:
    made = stepped(world(history_max=4), *range(count))
    assert kept(made) == left and made.history.full == full and len(made.history) == len(left)


def test_the_past_can_be_asked_for() -> None:
    made = stepped(world(), 1, 2, 3)
    found = made.history.at(NOW_NS + round(2.9 * SECOND_NS))
    assert found is not None and found.time_ns == NOW_NS + 2 * SECOND_NS
    assert made.history.at(NOW_NS) is None
    assert [each.time_ns - NOW_NS for each in made.history.since(NOW_NS + 2 * SECOND_NS)] == [2 * SECOND_NS, 3 * SECOND_NS]
    assert made.history.at(NOW_NS + 9 * SECOND_NS) is made.snapshot()


def test_when_time_goes_back_the_future_is_forgotten() -> None:
    made = stepped(world(), 5, 6, 2)
    assert kept(made) == [2] and made.history.restarts == 1
