"""Moments of a log to draw, and the plots of an evaluation at their edges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from evaluate_rows import START_NS, TENTH_NS, tick
from evaluate_scene import CARS, DELAY_NS, ORIGIN, FakeFusion, FakeParameters, observe, write_scene

from rsu.draw.ground import Ground, Lane
from rsu.errors import SourceError
from rsu.evaluate.moments import find_origin, learn, moments
from rsu.evaluate.plots import plot
from rsu.evaluate.reading import Counts, Heard, Options, heard
from rsu.evaluate.run import Evaluation, score
from rsu.observe.arrays import Origin

CHECKOUT = Path(__file__).resolve().parents[2]


class FakeScenery:
    """In the place of what `observe` knows of lanes and signals: a lane for the first sender, green from the third tick on."""

    def __init__(self) -> None:
        self.heard = 0

    def take(self, record: Heard, origin: Origin) -> None:
        self.heard += 1

    def ground(self) -> Ground:
        return Ground((Lane(np.array([[-40.0, 0.0], [0.0, 0.0]]), group=1),))

    def signals(self, at_ns: int) -> Mapping[int, str]:
        return {1: "green" if at_ns >= START_NS + DELAY_NS + 2 * TENTH_NS else "red"}


def test_moments_follow_the_log_from_its_first_record_to_its_last(tmp_path: Path) -> None:
    log, _ = write_scene(tmp_path, seconds=0.5)
    scenery = FakeScenery()
    found = list(moments(log, ORIGIN, observe, FakeFusion(FakeParameters()), scenery))
    assert [(one.time_ns - START_NS - DELAY_NS) // TENTH_NS for one in found] == [0, 1, 2, 3, 4, 5]
    assert [len(one.observations) for one in found] == [CARS + 2] * 6
    # Two cars are told of twice a tick and are confirmed at the second, the others at the third.
    assert [len(one.tracks) for one in found] == [0, 2, 4, 4, 4, 4]
    assert [one.signals[1] for one in found] == ["red", "red", "green", "green", "green", "green"]
    assert scenery.heard == 6 * 3


def test_an_empty_log_has_no_moments(tmp_path: Path) -> None:
    log = tmp_path / "empty.jsonl"
    log.write_text("")
    assert list(moments(log, ORIGIN, observe, FakeFusion(FakeParameters()))) == []
    with pytest.raises(SourceError, match="has a position"):
        find_origin(log)


def test_a_log_lies_where_its_map_says_or_else_its_first_sender(tmp_path: Path) -> None:
    log, _ = write_scene(tmp_path, seconds=0)
    first = find_origin(log)
    assert (first.lat_deg, first.lon_deg) == pytest.approx((ORIGIN.lat_deg, ORIGIN.lon_deg - 30 * 90e-7))
    bundled = find_origin(CHECKOUT / "replay_logs" / "city_minute.pcap")
    assert (bundled.lat_deg, bundled.lon_deg) == _position_of_first_map()


def _position_of_first_map() -> tuple[float, float]:
    """The reference position in the bundled log's first MAP, read from the decoded message itself."""
    records = heard(CHECKOUT / "replay_logs" / "city_minute.pcap", Options(), Counts())
    value = next(one.value for one in records if one.outcome.type == "MapData")
    place = value["nodes"][0]["refPos"] if "nodes" in value else value["intersections"][0]["refPoint"]
    return place["lat"] / 1e7, place["long"] / 1e7


def test_the_ground_is_learned_from_the_records_at_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = write_scene(tmp_path, seconds=0.2)
    for bound, heard_of in ((9, 9), (8, 8), (100, 9)):
        monkeypatch.setattr("rsu.evaluate.moments.LOOK_AHEAD_RECORDS", bound)
        scenery = FakeScenery()
        assert len(learn(log, ORIGIN, scenery).lanes) == 1
        assert scenery.heard == heard_of


@pytest.mark.parametrize(
    "ticks",
    [
        {},
        {"fused": []},
        {"fused": [tick([], [])]},
        {"fused": [tick([(1, 0, 0)], [])], "naive": [tick([], [(7, 0, 0)])]},
        {"naive": [tick([(1, 0, 0)], [(7, 1, 0)], number) for number in range(30)]},
    ],
    ids=["no-estimators", "no-ticks", "nothing-there", "all-missed-and-all-false", "without-fused"],
)
def test_plots_are_drawn_of_whatever_there_is(tmp_path: Path, ticks: dict[str, list]) -> None:  # type: ignore[type-arg]
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: rsu[plot]")
    found = Evaluation(Counts(), ticks, {name: score(of) for name, of in ticks.items()})
    files = plot(found, tmp_path / "plots", FakeScenery().ground())
    assert [file.exists() for file in files] == [True] * 6


def test_the_same_evaluation_gives_the_same_plots(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: rsu[plot]")
    ticks = {"fused": [tick([(1, 0, 0)], [(7, math.sin(number), 0)], number) for number in range(30)]}
    found = Evaluation(Counts(), ticks, {"fused": score(ticks["fused"])})
    first, second = (plot(found, tmp_path / name) for name in "ab")
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: rsu[plot]")
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot be written"):
        plot(Evaluation(Counts(), {}, {}), tmp_path / "file")
